#ifndef WARREN_CONTROL_DOCUMENT_MESSAGE_TEXTS_H_
#define WARREN_CONTROL_DOCUMENT_MESSAGE_TEXTS_H_

#include <google/protobuf/message.h>

#include <cstddef>

#include "absl/status/status.h"

namespace warren::control {

// Bytes of a text in a request, unless its field says `long_text`
// (annotations.proto). Longer than any name: a URL must fit.
inline constexpr size_t kMaxFieldText = 2048;

// INVALID_ARGUMENT names the first text of `message`, or of a message in it,
// that is too long or has control characters: SQL, markup and terminals are
// the business of who uses a text, but no name of anything has these.
absl::Status CheckTexts(const google::protobuf::Message& message);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_MESSAGE_TEXTS_H_
