#include "client/io/udp_socket.h"

#include <errno.h>
#include <netinet/udp.h>
#include <poll.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

namespace warren::client {
namespace {

constexpr size_t kMaxTrainPackets = 64;  // of kernels before 6.9
constexpr size_t kMaxTrainSize = 65507;
constexpr size_t kTrainsAtOnce = 2;  // more would not stay in the cache
constexpr int kMaxWaitMilliseconds = 10;
// A train of small packets is no reason not to wait for more of them.
constexpr size_t kWorthAWakeUp = 8192;

// Fills `out` and returns its size. V4 addresses fit the larger struct.
socklen_t ToSockaddr(const net::Endpoint& endpoint, sockaddr_in6& out) {
  const Bytes bytes = endpoint.address().bytes();
  if (endpoint.address().is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port());
    std::memcpy(&v4.sin_addr, bytes.data(), 4);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  out = {};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(endpoint.port());
  std::memcpy(&out.sin6_addr, bytes.data(), 16);
  return sizeof out;
}

net::Endpoint FromSockaddr(const sockaddr_in6& from) {
  if (from.sin6_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &from, sizeof v4);
    return {net::IpAddress::V4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  return {net::IpAddress::V6(
              std::span<const uint8_t, 16>(from.sin6_addr.s6_addr, 16)),
          ntohs(from.sin6_port)};
}

absl::Status BindError(net::Family family, uint16_t port, int error) {
  const std::string what = absl::StrCat(
      "UDP port ", port, family == net::Family::kV4 ? " (IPv4)" : " (IPv6)");
  if (error == EADDRINUSE) {
    return absl::AlreadyExistsError(
        absl::StrCat(what, ": in use by another program; choose another port"));
  }
  if (error == EACCES || error == EPERM) {
    return absl::PermissionDeniedError(absl::StrCat(what, ": not permitted"));
  }
  return absl::UnavailableError(absl::StrCat(what, ": ", strerror(error)));
}

// The size of a train's packets, or 0 when the message is one datagram.
size_t SegmentSize(msghdr& message) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&message); c != nullptr;
       c = CMSG_NXTHDR(&message, c)) {
    if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
      int size;
      std::memcpy(&size, CMSG_DATA(c), sizeof size);
      return size > 0 ? static_cast<size_t>(size) : 0;
    }
  }
  return 0;
}

}  // namespace

UdpCounters& UdpCounters::operator+=(const UdpCounters& other) {
  receives += other.receives;
  received_packets += other.received_packets;
  sends += other.sends;
  sent_packets += other.sent_packets;
  send_errors += other.send_errors;
  unreachable += other.unreachable;
  not_permitted += other.not_permitted;
  too_long += other.too_long;
  return *this;
}

UdpSocket::UdpSocket(const UdpSocketOptions& options)
    : family_(options.family),
      buffers_(options.buffers ? options.buffers
                               : std::make_shared<UdpBuffers>()) {}

absl::StatusOr<std::unique_ptr<UdpSocket>> UdpSocket::Open(
    const UdpSocketOptions& options) {
  std::unique_ptr<UdpSocket> udp(new UdpSocket(options));
  udp->fd_.Reset(socket(options.family == net::Family::kV4 ? AF_INET : AF_INET6,
                        SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!udp->fd_.ok()) return BindError(options.family, options.port, errno);
  udp->Configure(options.kernel_buffer);
  WARREN_RETURN_IF_ERROR(udp->Bind(options.port));
  return udp;
}

absl::Status UdpSocket::Bind(uint16_t port) {
  const net::IpAddress any =
      family_ == net::Family::kV4
          ? net::IpAddress()
          : net::IpAddress::V6(std::array<uint8_t, 16>{});
  sockaddr_in6 address;
  const socklen_t size = ToSockaddr({any, port}, address);
  if (bind(fd(), reinterpret_cast<const sockaddr*>(&address), size) != 0) {
    return BindError(family_, port, errno);
  }
  return absl::OkStatus();
}

void UdpSocket::Configure(int kernel_buffer) {
  const auto set = [this](int level, int option, int value) {
    return setsockopt(fd(), level, option, &value, sizeof value) == 0;
  };
  if (family_ == net::Family::kV6) {
    set(IPPROTO_IPV6, IPV6_V6ONLY, 1);
  } else {
    // No DF: where a way takes less than our packets, routers cut them, also
    // where ICMP does not come back. In IPv6 this host cuts them when ICMPv6
    // says so.
    set(IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
  }
  // Past the system's limit where we may; else as much as it gives.
  if (!set(SOL_SOCKET, SO_RCVBUFFORCE, kernel_buffer)) {
    set(SOL_SOCKET, SO_RCVBUF, kernel_buffer);
  }
  if (!set(SOL_SOCKET, SO_SNDBUFFORCE, kernel_buffer)) {
    set(SOL_SOCKET, SO_SNDBUF, kernel_buffer);
  }
  set(IPPROTO_UDP, UDP_GRO, 1);
  int segment;
  socklen_t size = sizeof segment;
  trains_ = getsockopt(fd(), IPPROTO_UDP, UDP_SEGMENT, &segment, &size) == 0;
}

absl::StatusOr<uint16_t> UdpSocket::Port() const {
  sockaddr_in6 address{};
  socklen_t size = sizeof address;
  if (getsockname(fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    return absl::InternalError(absl::StrCat("getsockname: ", strerror(errno)));
  }
  return FromSockaddr(address).port();
}

absl::Status UdpSocket::SetMark(uint32_t mark) {
  if (setsockopt(fd(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) == 0) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("SO_MARK ", mark, ": ", strerror(errno)));
}

size_t UdpSocket::Fill() {
  in_.owner = this;
  in_.asked = expects_trains_ ? kTrainsAtOnce : UdpBuffers::kMaxMessages;
  for (size_t i = 0; i < in_.asked; ++i) {
    msghdr& header = in_.messages[i].msg_hdr;
    header.msg_namelen = sizeof(sockaddr_in6);
    header.msg_controllen = in_.control[i].size();
  }
  int n;
  do {
    n = recvmmsg(fd(), in_.messages.data(), static_cast<unsigned>(in_.asked),
                 MSG_DONTWAIT, nullptr);
  } while (n < 0 && errno == EINTR);
  in_.num = n < 0 ? 0 : static_cast<size_t>(n);
  in_.next = in_.offset = 0;
  counters_.receives += in_.num;
  last_messages_ += in_.num;
  return in_.num;
}

void UdpSocket::Cut(net::PacketBatch& out) {
  for (; in_.next < in_.num; ++in_.next, in_.offset = 0) {
    mmsghdr& message = in_.messages[in_.next];
    const size_t size = message.msg_len;
    const size_t segment = SegmentSize(message.msg_hdr);
    expects_trains_ = size >= kWorthAWakeUp;
    last_was_train_ |= size >= kWorthAWakeUp;
    net::Packet packet;
    packet.endpoint = FromSockaddr(in_.from[in_.next]);
    auto* data = static_cast<uint8_t*>(in_.parts[in_.next].iov_base);
    while (in_.offset < size) {
      if (out.full()) return;
      const size_t left = size - in_.offset;
      packet.data = data + in_.offset;
      packet.size =
          static_cast<uint32_t>(segment == 0 ? left : std::min(left, segment));
      in_.offset += packet.size;
      out.Add(packet);
    }
  }
}

bool UdpSocket::Receive(net::PacketBatch& out) {
  out.clear();
  last_messages_ = 0;
  last_was_train_ = false;
  if (!holds() && Fill() == 0) return false;
  Cut(out);
  counters_.received_packets += out.size();
  return in_.next < in_.num || in_.num == in_.asked;
}

void UdpSocket::StartMessage(const net::Packet& packet, size_t index) {
  const size_t m = out_.num_messages++;
  mmsghdr& message = out_.messages[m];
  message = {};
  message.msg_hdr.msg_name = &out_.to[m];
  message.msg_hdr.msg_namelen = ToSockaddr(packet.endpoint, out_.to[m]);
  message.msg_hdr.msg_iov = &out_.parts[out_.num_parts++];
  message.msg_hdr.msg_iovlen = 1;
  *message.msg_hdr.msg_iov = {packet.data, packet.size};
  out_.first_packet[m] = index;
}

void UdpSocket::EndMessage(size_t num_packets, size_t segment_size) {
  if (num_packets < 2) return;
  const size_t m = out_.num_messages - 1;
  msghdr& header = out_.messages[m].msg_hdr;
  header.msg_control = out_.control[m].data();
  header.msg_controllen = CMSG_SPACE(sizeof(uint16_t));
  cmsghdr* control = CMSG_FIRSTHDR(&header);
  control->cmsg_level = IPPROTO_UDP;
  control->cmsg_type = UDP_SEGMENT;
  control->cmsg_len = CMSG_LEN(sizeof(uint16_t));
  const uint16_t segment = static_cast<uint16_t>(segment_size);
  std::memcpy(CMSG_DATA(control), &segment, sizeof segment);
}

void UdpSocket::Pack(std::span<const net::Packet> packets) {
  out_.num_messages = out_.num_parts = 0;
  size_t num = 0;      // packets in the message
  size_t total = 0;    // bytes in it
  size_t segment = 0;  // of its first packet
  for (size_t i = 0; i < packets.size(); ++i) {
    const net::Packet& packet = packets[i];
    // All but the last packet of a train have one size.
    const bool joins = num > 0 && trains_ && total == num * segment &&
                       packet.size <= segment && packet.size > 0 &&
                       num < kMaxTrainPackets &&
                       total + packet.size <= kMaxTrainSize &&
                       packet.endpoint == packets[i - 1].endpoint;
    if (!joins) {
      EndMessage(num, segment);
      StartMessage(packet, i);
      num = 1;
      total = segment = packet.size;
      continue;
    }
    msghdr& header = out_.messages[out_.num_messages - 1].msg_hdr;
    iovec& last = out_.parts[out_.num_parts - 1];
    if (static_cast<uint8_t*>(last.iov_base) + last.iov_len == packet.data) {
      last.iov_len += packet.size;
    } else {
      out_.parts[out_.num_parts++] = {packet.data, packet.size};
      ++header.msg_iovlen;
    }
    ++num;
    total += packet.size;
  }
  EndMessage(num, segment);
  out_.first_packet[out_.num_messages] = packets.size();
}

void UdpSocket::Send(std::span<const net::Packet> packets) {
  if (packets.empty()) return;
  Pack(packets);
  Flush(packets);
}

void UdpSocket::Flush(std::span<const net::Packet> packets) {
  bool may_wait = true;
  size_t m = 0;
  while (m < out_.num_messages) {
    const int n =
        sendmmsg(fd(), &out_.messages[m],
                 static_cast<unsigned>(out_.num_messages - m), MSG_DONTWAIT);
    if (n > 0) {
      const size_t next = m + static_cast<size_t>(n);
      counters_.sends += static_cast<size_t>(n);
      counters_.sent_packets += out_.first_packet[next] - out_.first_packet[m];
      num_own_faults_ = 0;
      m = next;
    } else if (!Recover(packets, m, errno, may_wait)) {
      ++m;
    }
  }
}

bool UdpSocket::Recover(std::span<const net::Packet> packets, size_t m,
                        int error, bool& may_wait) {
  if (error == EINTR) return true;
  const size_t num_packets = out_.first_packet[m + 1] - out_.first_packet[m];
  if (error == EAGAIN || error == ENOBUFS) {
    pollfd writable = {fd(), POLLOUT, 0};
    if (may_wait) {
      // Once a call: a socket that stays full must not stop everything else.
      may_wait = false;
      if (poll(&writable, 1, kMaxWaitMilliseconds) > 0) return true;
    }
  } else if (num_packets > 1 &&
             (error == EIO || error == EINVAL || error == EMSGSIZE)) {
    // EIO: the way out cannot checksum, so no train will ever pass. The other
    // two: this train's packets exceed the MTU of their path.
    if (error == EIO) trains_ = false;
    SendSingly(packets, m);
    return false;
  }
  CountError(error, num_packets);
  return false;
}

void UdpSocket::CountError(int error, size_t num_packets) {
  counters_.send_errors += num_packets;
  if (error == ENETUNREACH || error == EHOSTUNREACH || error == EADDRNOTAVAIL) {
    counters_.unreachable += num_packets;
  } else if (error == EPERM) {
    counters_.not_permitted += num_packets;
  } else if (error == EMSGSIZE) {
    counters_.too_long += num_packets;
  } else if (error == EPIPE || error == ENOTCONN || error == ECONNABORTED) {
    ++num_own_faults_;
  }
}

void UdpSocket::SendSingly(std::span<const net::Packet> packets, size_t m) {
  for (size_t i = out_.first_packet[m]; i < out_.first_packet[m + 1]; ++i) {
    const ssize_t n =
        sendto(fd(), packets[i].data, packets[i].size, MSG_DONTWAIT,
               reinterpret_cast<const sockaddr*>(&out_.to[m]),
               out_.messages[m].msg_hdr.msg_namelen);
    if (n < 0) {
      CountError(errno, 1);
    } else {
      ++counters_.sends;
      ++counters_.sent_packets;
      num_own_faults_ = 0;
    }
  }
}

}  // namespace warren::client
