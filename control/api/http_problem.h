#ifndef WARREN_CONTROL_API_HTTP_PROBLEM_H_
#define WARREN_CONTROL_API_HTTP_PROBLEM_H_

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "io/http_server.h"

namespace warren::control {

// The HTTP status that says what a status of ours does; docs/admin-api.md.
int HttpStatusOf(absl::StatusCode code);

// RFC 9457 (was 7807): application/problem+json with the message as `detail`
// and the name of our code as `code`. 401 and 429 carry the headers that tell
// what to do.
io::WebReply ProblemReply(const absl::Status& status);
// The same with another HTTP status, for what is about HTTP alone.
io::WebReply ProblemReply(int http_status, absl::StatusCode code,
                          absl::string_view detail);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_HTTP_PROBLEM_H_
