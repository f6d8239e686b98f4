#ifndef WARREN_CLIENT_IO_UDP_SOCKET_H_
#define WARREN_CLIENT_IO_UDP_SOCKET_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/io/udp_buffers.h"
#include "core/net/packet_batch.h"
#include "io/fd.h"

namespace warren::client {

// Messages and packets one UDP socket moved.
struct UdpCounters {
  uint64_t receives = 0;  // messages from the kernel; a train is one
  uint64_t received_packets = 0;
  uint64_t sends = 0;  // messages to the kernel; a train is one
  uint64_t sent_packets = 0;
  uint64_t send_errors = 0;  // packets the kernel refused: lost
  // Of those: no way there (ENETUNREACH, EHOSTUNREACH, and EADDRNOTAVAIL where
  // there is no address to send from); a firewall of this host (EPERM); longer
  // than the way takes (EMSGSIZE).
  uint64_t unreachable = 0;
  uint64_t not_permitted = 0;
  uint64_t too_long = 0;

  UdpCounters& operator+=(const UdpCounters& other);
};

struct UdpSocketOptions {
  net::Family family = net::Family::kV4;
  uint16_t port = 0;  // 0: one the kernel chooses
  // What the kernel may queue each way, in bytes; a limit, not a reservation.
  int kernel_buffer = 7 << 20;
  std::shared_ptr<UdpBuffers> buffers = nullptr;  // null: its own
};

// A UDP socket of one family; half of Udp, which see.
class UdpSocket {
 public:
  // Errors as Udp::Open(); UNAVAILABLE: the host lacks the family, or there
  // are no descriptors left.
  static absl::StatusOr<std::unique_ptr<UdpSocket>> Open(
      const UdpSocketOptions& options);

  int fd() const { return fd_.get(); }
  absl::StatusOr<uint16_t> Port() const;
  absl::Status SetMark(uint32_t mark);

  // As Udp::Receive(). True: call again. With shared buffers the bytes live
  // until another socket of them receives; while holds(), none may.
  bool Receive(net::PacketBatch& out);
  // Whether the buffers have packets of this socket that `out` had no room for.
  bool holds() const { return in_.owner == this && in_.next < in_.num; }
  // Messages the latest Receive() took from the kernel, and whether one was a
  // large train.
  size_t last_messages() const { return last_messages_; }
  bool last_was_train() const { return last_was_train_; }

  // As Udp::Send(); the endpoints are of this family.
  void Send(std::span<const net::Packet> packets);

  const UdpCounters& counters() const { return counters_; }
  // Nothing will go out any more, whatever the network is like: the latest
  // sends all failed for reasons of the socket (EPIPE and the like; the system
  // can shut sockets of others, as `ss -K` does).
  bool is_broken() const { return num_own_faults_ >= kMaxOwnFaults; }

 private:
  static constexpr size_t kMaxOwnFaults = 3;
  explicit UdpSocket(const UdpSocketOptions& options);
  absl::Status Bind(uint16_t port);
  void Configure(int kernel_buffer);
  // Returns how many messages came.
  size_t Fill();
  void Cut(net::PacketBatch& out);
  // Groups packets into messages.
  void Pack(std::span<const net::Packet> packets);
  void StartMessage(const net::Packet& packet, size_t index);
  void EndMessage(size_t num_packets, size_t segment_size);
  void Flush(std::span<const net::Packet> packets);
  // After sendmmsg() refused message `m`: true to try it again.
  bool Recover(std::span<const net::Packet> packets, size_t m, int error,
               bool& may_wait);
  void SendSingly(std::span<const net::Packet> packets, size_t m);
  void CountError(int error, size_t num_packets);

  const net::Family family_;
  io::Fd fd_;
  bool trains_ = true;  // UDP_SEGMENT works
  size_t last_messages_ = 0;
  bool last_was_train_ = false;
  bool expects_trains_ = false;
  const std::shared_ptr<UdpBuffers> buffers_;
  UdpBuffers::Inbox& in_ = buffers_->in;
  UdpBuffers::Outbox& out_ = buffers_->out;
  UdpCounters counters_;
  size_t num_own_faults_ = 0;  // since the latest message that went out
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_UDP_SOCKET_H_
