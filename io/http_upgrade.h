#ifndef WARREN_IO_HTTP_UPGRADE_H_
#define WARREN_IO_HTTP_UPGRADE_H_

#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/base/bytes.h"

// HTTP/1.1 heads, for connections that become something else (/derp, the Noise
// upgrade) and for answers that fit in one write. No sockets here: bytes in,
// values out, and whatever follows the head stays with the caller.
namespace warren::io {

// Longest head accepted, request or response, in bytes.
inline constexpr size_t kMaxHttpHeadSize = 16 * 1024;

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

// The first value of header `name` (any case), or "" when absent.
absl::string_view FindHeader(const HttpHeaders& headers,
                             absl::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // as sent: path and query
  HttpHeaders headers{};

  // The target up to '?'.
  absl::string_view path() const;
  absl::string_view Header(absl::string_view name) const {
    return FindHeader(headers, name);
  }
  // Bytes of body that follow the head: Content-Length, 0 without one.
  // nullopt when malformed, or when the body is chunked.
  std::optional<size_t> ContentLength() const;
  // Whether the connection may carry another request after the answer.
  bool keep_alive = true;
};

struct HttpResponse {
  int status = 200;
  HttpHeaders headers{};

  absl::string_view Header(absl::string_view name) const {
    return FindHeader(headers, name);
  }
  std::optional<size_t> ContentLength() const;
};

// Collects one head from a stream. Reusable after Clear().
class HttpHeadReader {
 public:
  // Moves bytes from the front of `stream` into the head, up to and including
  // the blank line; what is left in `stream` belongs to whatever follows
  // (pipelined frames, a body). Returns whether the head is complete.
  // RESOURCE_EXHAUSTED: no blank line within kMaxHttpHeadSize.
  absl::StatusOr<bool> Take(Bytes& stream);

  // The complete head, parsed. INVALID_ARGUMENT says what is malformed.
  absl::StatusOr<HttpRequest> Request() const;
  absl::StatusOr<HttpResponse> Response() const;

  void Clear() { head_.clear(); }
  bool empty() const { return head_.empty(); }

 private:
  std::string head_;
};

// The bytes of a request head (and `body`, with its Content-Length, if any).
// Headers go out in the given order; the caller gives Host.
std::string BuildHttpRequest(const HttpRequest& request,
                             absl::string_view body = "");

// The bytes of a response, with Content-Length unless the status is 1xx, 204
// or 304. A body is only for GET: give "" to answer HEAD.
std::string BuildHttpResponse(const HttpResponse& response,
                              absl::string_view body = "");

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_UPGRADE_H_
