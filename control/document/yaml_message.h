#ifndef WARREN_CONTROL_DOCUMENT_YAML_MESSAGE_H_
#define WARREN_CONTROL_DOCUMENT_YAML_MESSAGE_H_

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"

// Messages as YAML, for people to read and edit: a mapping of the field names.
namespace warren::control {

inline constexpr size_t kMaxYamlSize = 16 * 1024 * 1024;  // bytes
inline constexpr size_t kMaxYamlDepth = 32;

// Fields in the order of the definition; what has its default is left out,
// except in messages named in `in_full` (full names). The same message gives
// the same text. Texts of several lines are literal blocks where YAML can say
// them so, byte for byte.
std::string ToYaml(const google::protobuf::Message& message,
                   absl::string_view in_full);

// Reads `yaml` into `message`: fields not named keep what they hold. Booleans,
// numbers, strings, lists, string maps and messages; no anchors, no tags.
//   INVALID_ARGUMENT  "line 3, column 5: ...": bad YAML, an unknown or repeated
//                     field, a value of another type, too big or too deep;
//                     `message` may be filled in part
absl::Status FromYaml(absl::string_view yaml,
                      google::protobuf::Message& message);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_YAML_MESSAGE_H_
