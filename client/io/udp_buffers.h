#ifndef WARREN_CLIENT_IO_UDP_BUFFERS_H_
#define WARREN_CLIENT_IO_UDP_BUFFERS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>

#include "client/io/packet_arena.h"
#include "core/net/packet_batch.h"

namespace warren::client {

// What a UDP socket receives into and packs its messages in: 1 MiB that is
// touched as it is used. Sockets that take turns may share one; see
// UdpSocket::Receive().
struct UdpBuffers {
  static constexpr size_t kMaxMessages = 16;    // a receive call
  static constexpr size_t kBufferSize = 65536;  // the largest message
  static constexpr size_t kMax = net::PacketBatch::kMaxPackets;
  // Room for one integer: UDP_GRO's or UDP_SEGMENT's.
  using Control = std::array<uint8_t, 32>;

  // What recvmmsg() fills.
  struct Inbox {
    std::array<mmsghdr, kMaxMessages> messages;
    std::array<iovec, kMaxMessages> parts;
    std::array<sockaddr_in6, kMaxMessages> from;
    alignas(cmsghdr) std::array<Control, kMaxMessages> control;
    size_t num = 0;               // received
    size_t next = 0;              // message to cut
    size_t offset = 0;            // into it, bytes
    size_t asked = 0;             // messages the last call asked for
    const void* owner = nullptr;  // the socket they came from
  };
  // What sendmmsg() is given.
  struct Outbox {
    std::array<mmsghdr, kMax> messages;
    std::array<iovec, kMax> parts;
    std::array<sockaddr_in6, kMax> to;
    alignas(cmsghdr) std::array<Control, kMax> control;
    std::array<size_t, kMax + 1> first_packet;  // of each message
    size_t num_messages = 0;
    size_t num_parts = 0;
  };

  UdpBuffers() : arena(kMaxMessages * kBufferSize) {
    for (size_t i = 0; i < kMaxMessages; ++i) {
      in.parts[i] = {arena.Take(kBufferSize), kBufferSize};
      in.messages[i] = {};
      in.messages[i].msg_hdr.msg_name = &in.from[i];
      in.messages[i].msg_hdr.msg_iov = &in.parts[i];
      in.messages[i].msg_hdr.msg_iovlen = 1;
      in.messages[i].msg_hdr.msg_control = in.control[i].data();
    }
  }
  UdpBuffers(const UdpBuffers&) = delete;
  UdpBuffers& operator=(const UdpBuffers&) = delete;

  PacketArena arena;
  Inbox in;
  Outbox out;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_UDP_BUFFERS_H_
