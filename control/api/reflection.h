#ifndef WARREN_CONTROL_API_REFLECTION_H_
#define WARREN_CONTROL_API_REFLECTION_H_

#include "absl/strings/string_view.h"
#include "warren/v1/reflection.pb.h"

namespace warren::control {

// Whether `path` ("/package.Service/Method") is server reflection, of either
// of the versions that clients ask for.
bool IsReflection(absl::string_view path);

// What the admin API looks like, for tools such as grpcurl. It tells of this
// API only, not of other services in the process.
v1::ReflectionResponse Reflect(const v1::ReflectionRequest& request);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_REFLECTION_H_
