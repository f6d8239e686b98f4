#ifndef WARREN_IO_CONTROL_URL_H_
#define WARREN_IO_CONTROL_URL_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace warren::io {

// Where a control server is: "https://host[:port]" or, in labs and behind
// proxies, "http://host[:port]".
struct ControlUrl {
  bool https = true;
  std::string host;  // name or address, without brackets
  uint16_t port = 443;

  // A trailing slash is fine. INVALID_ARGUMENT says what is wrong with `text`:
  // another scheme, no host, a port out of range, a user, path or query.
  static absl::StatusOr<ControlUrl> Parse(absl::string_view text);
  // Canonical: without the scheme's own port.
  std::string ToString() const;
  // "host:port", IPv6 in brackets: the Host header.
  std::string Authority() const;
};

}  // namespace warren::io

#endif  // WARREN_IO_CONTROL_URL_H_
