#ifndef WARREN_CLIENT_CLI_QR_TEXT_H_
#define WARREN_CLIENT_CLI_QR_TEXT_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace warren::client {

// `text` as a QR code for a terminal: black on white whatever the terminal's
// colours are, with the quiet zone of 4 modules (ISO/IEC 18004), two rows of
// modules in one line. INVALID_ARGUMENT: empty, or more than a code can hold.
absl::StatusOr<std::string> QrText(absl::string_view text);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_QR_TEXT_H_
