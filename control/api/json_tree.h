#ifndef WARREN_CONTROL_API_JSON_TREE_H_
#define WARREN_CONTROL_API_JSON_TREE_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

namespace warren::control {

// RFC 8259, and nothing after the value. INVALID_ARGUMENT says where: also for
// a member that comes twice, nesting deeper than `max_depth`, U+0000, and -0.
absl::StatusOr<nlohmann::json> ParseJsonTree(absl::string_view text,
                                             int max_depth);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_JSON_TREE_H_
