#ifndef WARREN_IO_HTTP_CLIENT_H_
#define WARREN_IO_HTTP_CLIENT_H_

#include <cstddef>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/net/ip.h"
#include "io/cancel.h"
#include "io/http_upgrade.h"
#include "io/http_url.h"
#include "io/tls.h"
#include "io/web_form.h"

// Calls to web servers that are not ours: sign-in providers, webhooks. What
// they answer is not trusted, and where they send us even less.
namespace warren::io {

struct HttpCall {
  std::string method = "GET";
  std::string url{};
  // Beside Host, User-Agent, Connection and Content-Length.
  HttpHeaders headers{};
  std::string body{};
};

struct HttpAnswer {
  int status = 0;
  HttpHeaders headers{};
  std::string body{};

  absl::string_view Header(absl::string_view name) const {
    return FindHeader(headers, name);
  }
};

// Who makes calls. Thread-safe.
class HttpCaller {
 public:
  virtual ~HttpCaller() = default;
  // Blocks until there is an answer, whatever its status. Redirects are not
  // followed: they are answers like others. Messages name the server, and
  // never a query, a header or a body.
  //   INVALID_ARGUMENT    the URL is malformed or may not be called
  //   PERMISSION_DENIED   it leads to an address that may not be called
  //   UNAVAILABLE         no (whole, well-formed) answer in time
  //   RESOURCE_EXHAUSTED  the answer is too big
  //   CANCELLED           the client is being stopped
  virtual absl::StatusOr<HttpAnswer> Call(const HttpCall& call) = 0;
};

struct HttpClientOptions {
  // Certificates trusted beside the system's: PEM. Empty: none.
  std::string extra_roots{};
  // Whether the target may be on a private, shared (RFC 6598), link-local or
  // loopback network; and, on loopback alone, without TLS.
  bool allow_private_addresses = false;
  // From the beginning of the call, name lookup included.
  absl::Duration connect_timeout = absl::Seconds(5);
  absl::Duration total_timeout = absl::Seconds(15);
  size_t max_body = 1024 * 1024;  // bytes, after its transfer coding
};

// Whether calls may go to `address` when private ones are not allowed: global
// unicast only, also where IPv4 is hidden in IPv6 (mapped, NAT64, 6to4).
bool IsPublicAddress(const net::IpAddress& address);

// HTTP/1.1 over TLS 1.2 and 1.3, each call on a connection of its own.
class HttpClient final : public HttpCaller {
 public:
  // `cancel` must outlive the client. INVALID_ARGUMENT: the extra
  // roots are none. FAILED_PRECONDITION: the system has none.
  static absl::StatusOr<std::unique_ptr<HttpClient>> Make(
      const HttpClientOptions& options, const Cancel& cancel);

  absl::StatusOr<HttpAnswer> Call(const HttpCall& call) override;

 private:
  HttpClient(const HttpClientOptions& options, const Cancel& cancel,
             std::shared_ptr<const TlsContext> tls);
  absl::StatusOr<HttpUrl> CheckedUrl(absl::string_view text) const;

  const HttpClientOptions options_;
  const Cancel* const cancel_;
  const std::shared_ptr<const TlsContext> tls_;
};

// "name=value&..." of application/x-www-form-urlencoded, also for queries.
std::string FormEncode(const HttpHeaders& fields);

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_CLIENT_H_
