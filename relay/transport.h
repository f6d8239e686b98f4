#ifndef WARREN_RELAY_TRANSPORT_H_
#define WARREN_RELAY_TRANSPORT_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "io/fd.h"
#include "io/tls.h"
#include "relay/websocket.h"

namespace warren::relay {

// One connection's bytes, with or without TLS, on a nonblocking socket.
class Transport {
 public:
  // Without `tls`: plain.
  Transport(io::Fd fd, std::shared_ptr<const io::TlsContext> tls);

  int fd() const { return fd_.get(); }

  // With TLS a read can end a record of which earlier reads brought the rest:
  // it gives up to this many bytes more than it takes.
  static constexpr size_t kMaxHeld = 16 * 1024;

  // One read of the socket, through `wire`, into `plain`, which must be larger
  // by kMaxHeld: all that it brought. Nothing is left that only the next bytes
  // of the peer would bring out. 0: nothing to be had now. UNAVAILABLE: the
  // peer closed. Other errors: the connection is broken; close it.
  absl::StatusOr<size_t> Read(MutableBytes wire, MutableBytes plain);

  // Queues bytes, as few TLS records as can be. The same errors.
  absl::Status Write(Bytes plain);
  // Sends what is queued: how many bytes went. Errors as Read().
  absl::StatusOr<size_t> Flush();
  // Bytes queued, of ciphertext with TLS.
  size_t pending() const;

  // Bytes given to the kernel that the peer has not acknowledged.
  size_t unacknowledged() const;

  // From here on bytes travel in WebSocket messages. `rest`, what was read
  // behind the request already, is decoded; errors as Read().
  absl::StatusOr<std::vector<uint8_t>> StartWebSocket(Bytes rest);

  // No more will be written; the peer sees the end after what was sent.
  void FinishWriting();

 private:
  absl::StatusOr<size_t> ReadTransport(MutableBytes wire, MutableBytes plain);
  absl::Status WriteTransport(Bytes plain);
  absl::StatusOr<size_t> Unwrap(MutableBytes bytes);

  io::Fd fd_;
  std::optional<io::TlsSession> tls_;
  std::optional<WebSocketReader> websocket_;
  std::vector<uint8_t> out_;  // without TLS
  size_t out_at_ = 0;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_TRANSPORT_H_
