#include "io/http_reply.h"

#include <utility>

#include "absl/strings/str_cat.h"

namespace warren::io {
namespace {

constexpr char kPolicy[] =
    "default-src 'none'; style-src 'self'; script-src 'self'; "
    "img-src 'self'; connect-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'";

// Whether it can stand in a header: no handler may split an answer in two.
bool IsHeaderSafe(absl::string_view text) {
  return text.find_first_of(absl::string_view("\r\n\0", 3)) ==
         absl::string_view::npos;
}

void AddUnlessSet(const char* name, const char* value, HttpHeaders& headers) {
  if (FindHeader(headers, name).empty()) headers.emplace_back(name, value);
}

}  // namespace

std::string WriteReply(const WebReply& reply, const ReplyTo& to) {
  HttpResponse head;
  head.status = reply.status;
  if (!reply.content_type.empty()) {
    head.headers.emplace_back("Content-Type", reply.content_type);
  }
  for (const auto& header : reply.headers) {
    if (IsHeaderSafe(header.second)) head.headers.push_back(header);
  }
  AddUnlessSet("Cache-Control", "no-store", head.headers);
  AddUnlessSet("Content-Security-Policy", kPolicy, head.headers);
  head.headers.emplace_back("X-Content-Type-Options", "nosniff");
  head.headers.emplace_back("X-Frame-Options", "DENY");
  // "no-referrer" would take Origin from our own forms (Fetch §3.2).
  head.headers.emplace_back("Referrer-Policy", "same-origin");
  head.headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  if (to.secure) {
    head.headers.emplace_back("Strict-Transport-Security", "max-age=31536000");
  }
  head.headers.emplace_back("Connection",
                            to.keep_alive ? "keep-alive" : "close");
  std::string bytes = BuildHttpResponse(head, reply.body);
  if (to.is_head) bytes.resize(bytes.find("\r\n\r\n") + 4);
  return bytes;
}

WebReply PlainReply(int status, absl::string_view text) {
  WebReply reply;
  reply.status = status;
  reply.content_type = "text/plain; charset=utf-8";
  reply.body = absl::StrCat(text, "\n");
  return reply;
}

}  // namespace warren::io
