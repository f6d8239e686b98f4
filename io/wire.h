#ifndef WARREN_IO_WIRE_H_
#define WARREN_IO_WIRE_H_

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "io/byte_queue.h"
#include "io/tls.h"

namespace warren::io {

// One connection's bytes with or without TLS around them. No sockets here.
class Wire {
 public:
  // In clear.
  Wire() = default;
  explicit Wire(TlsSession tls) : tls_(std::move(tls)) {}

  // Takes what the socket gave and appends what it carries to `plain`. Any
  // error is final; ToSocket() may hold an alert to send.
  absl::Status FromSocket(Bytes bytes, std::vector<uint8_t>& plain);

  // Queues `plain` for the socket. FAILED_PRECONDITION before ready().
  absl::Status Write(Bytes plain);
  // Says that nothing more will be written (TLS close_notify).
  void Close();

  // Bytes for the socket, valid until the next call; then say how many went.
  Bytes ToSocket() const;
  void Sent(size_t n);

  // Whether Write() may be called: always in clear, after TLS's handshake.
  bool ready() const { return !tls_ || tls_->established(); }
  // Whether the peer said that it will write no more (TLS only).
  bool peer_closed() const { return tls_ && tls_->closed(); }

 private:
  std::optional<TlsSession> tls_;
  ByteQueue out_;  // in clear
};

}  // namespace warren::io

#endif  // WARREN_IO_WIRE_H_
