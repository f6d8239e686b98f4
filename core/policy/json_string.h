#ifndef WARREN_CORE_POLICY_JSON_STRING_H_
#define WARREN_CORE_POLICY_JSON_STRING_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Strings of JSON (RFC 8259 section 7).
namespace warren::policy {

// What `quoted`, with its quotes, says, as UTF-8. INVALID_ARGUMENT: an escape
// that JSON does not know, half a surrogate pair, NUL, or not UTF-8.
absl::StatusOr<std::string> UnquoteJson(absl::string_view quoted);

// Whether `text` is UTF-8 (RFC 3629): shortest forms, no surrogates.
bool IsUtf8(absl::string_view text);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_JSON_STRING_H_
