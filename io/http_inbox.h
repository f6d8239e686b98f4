#ifndef WARREN_IO_HTTP_INBOX_H_
#define WARREN_IO_HTTP_INBOX_H_

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/base/bytes.h"
#include "io/web_head.h"

namespace warren::io {

// Cuts the bytes of one connection into requests. No sockets here.
class HttpInbox {
 public:
  enum class Phase : uint8_t {
    kIdle,  // nothing of the next request has come
    kHead,
    kBody,
  };
  struct NeedMore {};
  // The client waits for "100 Continue" before it sends the body: say so once,
  // then go on reading.
  struct Continue {};
  // HTTP/2's preface: the connection is another's, with Rest().
  struct Http2 {};
  struct Whole {
    WebRequest request;
    bool keep_alive = true;
  };
  // Answer, and close.
  using Step = std::variant<NeedMore, Continue, Http2, Whole, WebRefusal>;

  void Add(Bytes bytes) {
    buffer_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  // What to do next. After a Whole ask again only when it is answered.
  Step Next();
  Phase phase() const;
  // How many bytes wait: the owner reads no more while this is over the most
  // that one request can need.
  size_t size() const { return buffer_.size(); }
  std::vector<uint8_t> Rest() const { return {buffer_.begin(), buffer_.end()}; }

 private:
  Step ReadHead();

  std::string buffer_;
  size_t searched_ = 0;  // no end of the head before this
  bool first_ = true;    // no request has come yet
  std::optional<WebHead> head_;
};

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_INBOX_H_
