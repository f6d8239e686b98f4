#ifndef WARREN_IO_NOISE_PUMP_H_
#define WARREN_IO_NOISE_PUMP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "core/noise/control_handshake.h"
#include "io/byte_queue.h"
#include "io/fd.h"
#include "io/wire.h"

namespace warren::io {

// Moves bytes between a TCP socket that carries Noise records, or bytes as they
// are, and one end of a socket pair that carries what is inside them. At most
// about kMaxBuffered bytes wait in each direction; a side that does not take
// them is not read for. Owns both descriptors, which must be nonblocking. The
// owner waits for the events asked for, and drops the pump when it is done().
//
// Ends: when the inner side closes, what it wrote is sent and the pump is
// done. When the peer closes, what it sent is handed in, then the inner side
// sees the end of its stream and is expected to close.
class NoisePump {
 public:
  static constexpr size_t kMaxBuffered = 64 * 1024;

  NoisePump(Fd socket, Wire wire, noise::Transport transport);
  // Without records.
  NoisePump(Fd socket, Wire wire);

  // The inner end. Until it is given nothing is handed in.
  void SetInner(Fd inner);
  bool has_inner() const { return inner_.ok(); }
  // Whether an authentic record with something in it has come.
  bool HasPlain() const { return !to_inner_.empty(); }
  // What came behind the handshake in the same read.
  void FromPeer(Bytes records);

  int socket() const { return socket_.get(); }
  int inner() const { return inner_.get(); }
  // EPOLL* (== POLL*) bits to wait for; kNothing: stop watching.
  static constexpr int kNothing = -1;
  int SocketEvents() const;
  int InnerEvents() const;
  void OnSocket(uint32_t ready);
  void OnInner(uint32_t ready);

  // Whether all is over; status() tells if by an error.
  bool done() const { return done_; }
  // Whether one side has closed: the other should follow soon.
  bool closing() const { return socket_ended_ || inner_ended_; }
  const absl::Status& status() const { return status_; }

 private:
  absl::Status Unpack(Bytes records);
  void ReadSocket();
  void ReadInner(bool all);
  void FlushInner();
  void FlushSocket();
  void Finish(absl::Status status);
  Wire wire_;
  std::optional<noise::RecordSealer> sealer_;
  std::optional<noise::RecordReader> reader_;
  Fd socket_, inner_;
  ByteQueue to_inner_;
  std::vector<uint8_t> scratch_;
  bool socket_ended_ = false, inner_ended_ = false, told_inner_ = false;
  bool done_ = false;
  absl::Status status_;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_PUMP_H_
