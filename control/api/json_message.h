#ifndef WARREN_CONTROL_API_JSON_MESSAGE_H_
#define WARREN_CONTROL_API_JSON_MESSAGE_H_

#include <google/protobuf/message.h>

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Messages as JSON, by the mapping of protocol buffers with the names of the
// .proto files. Reading is stricter than the mapping asks: each of these is
// INVALID_ARGUMENT that names the field, so that a slip of the pen is not
// taken for a wish: unknown and repeated members, more after the value,
// nesting beyond kMaxJsonDepth, "5" for a 32-bit number, 5.0 and -0 for a whole
// one, numbers beyond 2^53 (write a string), U+0000, bytes that are not UTF-8.
namespace warren::control {

inline constexpr int kMaxJsonDepth = 32;

// Fills `out`, which is empty. `members`: gets the names of what was set, with
// dots: "settings.approve_devices"; may be null. On an error `out` is
// undefined.
absl::Status ParseJson(absl::string_view text, google::protobuf::Message& out,
                       std::set<std::string>* members);

// Sets a field, or adds to a repeated one, from a path or a query: "true",
// "42", "some text".
absl::Status SetFromText(google::protobuf::Message& message,
                         const google::protobuf::FieldDescriptor& field,
                         absl::string_view text);

// With all members, also those that are 0 or empty; 64-bit numbers are strings.
// INTERNAL: a text in it is not UTF-8, which is our bug.
absl::StatusOr<std::string> ToJson(const google::protobuf::Message& message);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_JSON_MESSAGE_H_
