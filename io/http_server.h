#ifndef WARREN_IO_HTTP_SERVER_H_
#define WARREN_IO_HTTP_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/net/ip.h"
#include "io/handover.h"
#include "io/http_upgrade.h"

// HTTP/1.1 for people and programs, on connections that somebody else has
// accepted: requests are read whole and answered by handlers on a small pool
// of threads.
namespace warren::io {

// A request, read whole and checked.
struct WebRequest {
  std::string method;
  // Percent-decoded. Starts with "/", has no "." or ".." segment, no "//", no
  // backslash, no control character, and is UTF-8; others are answered 400.
  std::string path;
  std::string query;  // as sent, without '?'
  HttpHeaders headers;
  std::string body;  // at most kMaxBody
  // The client's address without a port: the socket's, or what the right-most
  // proxy that is not trusted came from.
  std::string client;
  // Whether the client speaks TLS, with us or with a trusted proxy.
  bool secure = false;

  absl::string_view Header(absl::string_view name) const {
    return FindHeader(headers, name);
  }
};

struct WebReply {
  int status = 200;
  std::string content_type = "text/html; charset=utf-8";
  std::string body = {};
  // Beside those that every answer has (http_reply.h). "Cache-Control" and
  // "Content-Security-Policy" replace the general ones.
  HttpHeaders headers = {};
};

// Runs on a worker thread, several at once; may block for as long as a person
// would wait.
using WebHandler = std::function<WebReply(const WebRequest&)>;

// Which handler answers which path: the one of the longest prefix that ends
// where the path does or a segment begins. "/api/v1" takes "/api/v1" and
// "/api/v1/x", not "/api/v12". "/" takes what no other does.
class WebRoutes {
 public:
  // Of one route at once; more are answered 503. A slow one (an identity
  // provider far away) leaves threads to the others.
  static constexpr int kMaxAtOnce = 8;

  void Add(std::string prefix, WebHandler handler,
           int max_at_once = kMaxAtOnce);

  struct Route {
    std::string prefix;
    WebHandler handler;
    int max_at_once = kMaxAtOnce;
  };
  // nullptr: nothing takes it.
  const Route* Find(absl::string_view path) const;

 private:
  std::vector<Route> routes_;  // longest prefix first
};

struct HttpServerOptions {
  WebRoutes routes;
  // Whether clients speak TLS with us.
  bool tls = false;
  // From whose connections X-Forwarded-For and X-Forwarded-Proto are believed.
  std::vector<net::IpPrefix> trusted_proxies;
  // Gets connections that begin with HTTP/2's preface, which is in `plain`
  // then; without it they are closed.
  TakeOver http2;
  int num_workers = 16;
  // A newcomer pushes out the connection that idles longest, or is refused.
  size_t max_connections = 1024;
  absl::Duration head_time = absl::Seconds(10);  // 408 after that
  absl::Duration body_time = absl::Seconds(30);
  absl::Duration idle_time = absl::Seconds(60);  // between requests
};

// All rise only.
struct HttpServerCounters {
  uint64_t connections = 0;
  uint64_t refused_full = 0;
  uint64_t requests = 0;
  uint64_t malformed = 0;  // answered 400, 408, 411, 413, 431, 505 at the door
  uint64_t busy = 0;       // answered 503 at the door
};

// Limits, and what happens beyond: head 32 KiB or 100 headers (431), body
// 1 MiB (413), time (408); 400 for what is not HTTP/1.1, has two lengths, or a
// path that is not as WebRequest says. After any of these the connection ends.
inline constexpr size_t kMaxHead = 32 * 1024;
inline constexpr size_t kMaxHeaders = 100;
inline constexpr size_t kMaxBody = 1024 * 1024;

class HttpServer {
 public:
  // INTERNAL: no descriptors left.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(
      HttpServerOptions options);
  // Waits for the handlers that run; closes all.
  ~HttpServer();

  // Serves the connection. Thread-safe, does not block.
  void Take(Handover connection);

  HttpServerCounters counters() const;  // thread-safe

 private:
  class Loop;
  explicit HttpServer(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_SERVER_H_
