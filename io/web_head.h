#ifndef WARREN_IO_WEB_HEAD_H_
#define WARREN_IO_WEB_HEAD_H_

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/net/ip.h"
#include "io/http_server.h"

// The head of an HTTP/1.1 request (RFC 9112), read strictly: what two programs
// could understand differently is refused. No sockets here.
namespace warren::io {

// Why a request is not served.
struct WebRefusal {
  int status = 400;
  std::string why;  // ours alone, nothing of what was sent
};

struct WebHead {
  WebRequest request;  // without `client` and `secure`
  size_t body_size = 0;
  bool keep_alive = true;
  bool expects_continue = false;  // "Expect: 100-continue"
};

// `text` is a head up to and with its blank line. Exactly one is set.
struct ParsedHead {
  std::optional<WebHead> head;
  std::optional<WebRefusal> refusal;
};
ParsedHead ParseWebHead(absl::string_view text);

// The path of a target as WebRequest::path has it; nullopt: refused. %2F and
// %00 are refused, too.
std::optional<std::string> DecodePath(absl::string_view raw);

// Sets `client` and `secure` of a request that came from `remote`: the headers
// X-Forwarded-For and X-Forwarded-Proto count only from a trusted proxy, and
// of the list only what trusted proxies have written, from the right.
void SetClient(const net::IpAddress& remote, bool tls,
               const std::vector<net::IpPrefix>& trusted, WebRequest& request);

}  // namespace warren::io

#endif  // WARREN_IO_WEB_HEAD_H_
