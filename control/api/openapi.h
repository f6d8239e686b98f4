#ifndef WARREN_CONTROL_API_OPENAPI_H_
#define WARREN_CONTROL_API_OPENAPI_H_

namespace warren::control {

// The OpenAPI 3.1 description of the JSON API, made of the descriptors of
// warren.v1.Admin when this is built (proto/openapi_main.cc).
extern const char kOpenApiJson[];

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_OPENAPI_H_
