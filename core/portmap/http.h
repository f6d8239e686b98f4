#ifndef WARREN_CORE_PORTMAP_HTTP_H_
#define WARREN_CORE_PORTMAP_HTTP_H_

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/ip.h"

// As much of HTTP/1.1 (RFC 9112) as a router's UPnP needs: one response that
// has been read whole. SSDP answers have the same head.
namespace warren::portmap {

// Also what an exchange reads at most.
inline constexpr size_t kMaxHttpResponse = 64 * 1024;
inline constexpr size_t kMaxHttpHeaders = 64;

struct HttpHead {
  int status = 0;  // 100..999
  // Lower-case names, values without the spaces around them, in order.
  std::vector<std::pair<std::string, std::string>> headers;
  size_t size = 0;  // bytes, the empty line included

  // The first of this (lower-case) name; null if there is none.
  const std::string* Find(absl::string_view name) const;
};

// Reads status line and headers, to the empty line. A line may end in LF alone.
// INVALID_ARGUMENT: cut off, malformed, or more than kMaxHttpHeaders.
absl::StatusOr<HttpHead> ParseHttpHead(absl::string_view text);

struct HttpResponse {
  int status = 0;
  std::string body;
};

// Reads a response: all that came until the other end closed, fell silent or
// had sent kMaxHttpResponse. The body is as long as Content-Length or the
// chunks say, else it is the rest; what follows it is ignored. Interim (1xx)
// responses are skipped. INVALID_ARGUMENT: malformed, cut off, two lengths that
// differ, or a transfer coding other than chunked.
absl::StatusOr<HttpResponse> ParseHttpResponse(absl::string_view text);

// Where a URL points: an address and what follows it.
struct HttpUrl {
  net::Endpoint host;
  std::string path;  // begins with /, holds no space or control character
};

// "http://10.0.0.1:5000/desc.xml"; port 80 if there is none. INVALID_ARGUMENT:
// anything else, host names too: we resolve nothing on a router's behalf.
absl::StatusOr<HttpUrl> ParseHttpUrl(absl::string_view text);

// Where `reference`, a URL or a path, points when read at `base` (RFC 3986 §5.2
// without dot segments). INVALID_ARGUMENT as above.
absl::StatusOr<HttpUrl> ResolveHttpUrl(const HttpUrl& base,
                                       absl::string_view reference);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_HTTP_H_
