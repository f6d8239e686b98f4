#ifndef WARREN_IO_HTTP_REPLY_H_
#define WARREN_IO_HTTP_REPLY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "io/http_server.h"

namespace warren::io {

// What of a request matters for how its answer is written.
struct ReplyTo {
  bool keep_alive = false;
  bool is_head = false;
  bool secure = false;
};

// The bytes of an answer. Every one says: not to be cached (unless the reply
// has a Cache-Control), not to be framed or guessed at, own styles, scripts,
// images and calls only (unless it has a Content-Security-Policy), where it
// was sent from only to ourselves, and with TLS: come by TLS from now on.
std::string WriteReply(const WebReply& reply, const ReplyTo& to);

// A small answer of the door, as text.
WebReply PlainReply(int status, absl::string_view text);

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_REPLY_H_
