#ifndef WARREN_CONTROL_API_QUERY_H_
#define WARREN_CONTROL_API_QUERY_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace warren::control {

inline constexpr size_t kMaxQueryPairs = 100;

// application/x-www-form-urlencoded, of a query or a body: names and values in
// their order. INVALID_ARGUMENT: a bad escape, a control character, bytes that
// are not UTF-8, more than kMaxQueryPairs.
absl::StatusOr<std::vector<std::pair<std::string, std::string>>> ParseQuery(
    absl::string_view text);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_QUERY_H_
