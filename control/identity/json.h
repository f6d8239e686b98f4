#ifndef WARREN_CONTROL_IDENTITY_JSON_H_
#define WARREN_CONTROL_IDENTITY_JSON_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "nlohmann/json.hpp"

// JSON of others, read without trust.
namespace warren::control {

using Json = nlohmann::json;

inline constexpr int kMaxJsonDepth = 32;

// The object that `text` is. INVALID_ARGUMENT: anything else, trailing data,
// bad UTF-8, deeper than kMaxJsonDepth, or a name twice in one object (who
// reads the first and who reads the last would not agree). The message does
// not repeat the text; `what` names it.
absl::StatusOr<Json> ParseJsonObject(absl::string_view what,
                                     absl::string_view text);
// The same for an array.
absl::StatusOr<Json> ParseJsonArray(absl::string_view what,
                                    absl::string_view text);

// The string at `name`; nullopt when absent or not a string.
std::optional<std::string> StringAt(const Json& object, absl::string_view name);

// Text of others for a message: at most `max` bytes of printable ASCII, '?'
// for the rest.
std::string Printable(absl::string_view text, size_t max = 80);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_JSON_H_
