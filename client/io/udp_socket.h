#ifndef WARREN_CLIENT_IO_UDP_SOCKET_H_
#define WARREN_CLIENT_IO_UDP_SOCKET_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/io/packet_arena.h"
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
};

// A UDP socket of one family; half of Udp, which see.
class UdpSocket {
 public:
  // Errors as Udp::Open(); UNAVAILABLE: the host lacks the family.
  static absl::StatusOr<std::unique_ptr<UdpSocket>> Open(net::Family family,
                                                         uint16_t port);

  int fd() const { return fd_.get(); }
  absl::StatusOr<uint16_t> Port() const;
  absl::Status SetMark(uint32_t mark);

  // As Udp::Receive(). True: call again.
  bool Receive(net::PacketBatch& out);
  // Messages the latest Receive() took from the kernel, and whether one was a
  // large train.
  size_t last_messages() const { return last_messages_; }
  bool last_was_train() const { return last_was_train_; }

  // As Udp::Send(); the endpoints are of this family.
  void Send(std::span<const net::Packet> packets);

  const UdpCounters& counters() const { return counters_; }

 private:
  static constexpr size_t kMaxMessages = 16;  // a receive call
  static constexpr size_t kMax = net::PacketBatch::kMaxPackets;

  // What recvmmsg() fills.
  struct Inbox {
    std::array<mmsghdr, kMaxMessages> messages;
    std::array<iovec, kMaxMessages> parts;
    std::array<sockaddr_in6, kMaxMessages> from;
    // Room for UDP_GRO's integer.
    alignas(cmsghdr) std::array<std::array<uint8_t, 32>, kMaxMessages> control;
    size_t num = 0;     // received
    size_t next = 0;    // message to cut
    size_t offset = 0;  // into it, bytes
    size_t asked = 0;   // messages the last call asked for
  };
  // What sendmmsg() is given.
  struct Outbox {
    std::array<mmsghdr, kMax> messages;
    std::array<iovec, kMax> parts;
    std::array<sockaddr_in6, kMax> to;
    alignas(cmsghdr) std::array<std::array<uint8_t, 32>, kMax> control;
    std::array<size_t, kMax + 1> first_packet;  // of each message
    size_t num_messages = 0;
    size_t num_parts = 0;
  };

  explicit UdpSocket(net::Family family);
  void Configure();
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

  const net::Family family_;
  io::Fd fd_;
  bool trains_ = true;  // UDP_SEGMENT works
  size_t last_messages_ = 0;
  bool last_was_train_ = false;
  bool expects_trains_ = false;
  PacketArena buffers_;
  Inbox in_;
  Outbox out_;
  UdpCounters counters_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_UDP_SOCKET_H_
