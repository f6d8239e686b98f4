#ifndef WARREN_CORE_POLICY_EDIT_H_
#define WARREN_CORE_POLICY_EDIT_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Edits of a policy's text that leave its comments and layout alone.
//
// Each returns the new text. INVALID_ARGUMENT: `text` or `json` is not
// HuJSON, or on the way stands what has no members. NOT_FOUND: there is
// nothing of that name.
namespace warren::policy {

// Names from the root down, in any case: {"groups", "group:ops"}. Of a list,
// the place of an item: {"acls", "0"}.
using JsonPath = std::vector<std::string>;

// Puts `json` there, in the place of what stands there or as a new member
// after the others. Objects that are missing on the way are made.
absl::StatusOr<std::string> SetValue(absl::string_view text,
                                     const JsonPath& path,
                                     absl::string_view json);

// Takes the value and its name away, and the comment on its line with it.
absl::StatusOr<std::string> RemoveValue(absl::string_view text,
                                        const JsonPath& path);

// Puts `json` at the end of the list there, unless it is in it. A list that is
// missing is made.
absl::StatusOr<std::string> AddToList(absl::string_view text,
                                      const JsonPath& path,
                                      absl::string_view json);

// Takes every item that means the same as `json` out of the list there.
// NOT_FOUND: there is none.
absl::StatusOr<std::string> RemoveFromList(absl::string_view text,
                                           const JsonPath& path,
                                           absl::string_view json);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_EDIT_H_
