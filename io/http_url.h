#ifndef WARREN_IO_HTTP_URL_H_
#define WARREN_IO_HTTP_URL_H_

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "io/control_url.h"

namespace warren::io {

// What to call: "https://host[:port][/path][?query]" or the same with http.
struct HttpUrl {
  ControlUrl origin{};
  std::string target = "/";  // path and query, as sent

  // INVALID_ARGUMENT says what is wrong: another scheme, no host, a port out
  // of range, a user, a fragment, more than kMaxHttpUrlSize bytes, a space, a
  // control character or one that is not ASCII.
  static absl::StatusOr<HttpUrl> Parse(absl::string_view text);
};

inline constexpr size_t kMaxHttpUrlSize = 8192;

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_URL_H_
