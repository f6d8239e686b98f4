#include "relay/stun_server.h"

#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <span>
#include <utility>

#include "core/base/status_macros.h"
#include "core/net/ip.h"
#include "relay/listen.h"

namespace warren::relay {
namespace {

// Requests a turn, and the longest one read: others are no STUN of ours.
constexpr size_t kBatch = 32;
constexpr size_t kMaxRequest = 1500;
constexpr size_t kMaxControl = 64;

struct Slot {
  std::array<uint8_t, kMaxRequest> in;
  stun::ResponseBytes out;
  sockaddr_storage from;
  // How the request reached us; given back, it makes the answer leave from
  // there (ip(7), IP_PKTINFO).
  alignas(cmsghdr) std::array<uint8_t, kMaxControl> control;
  iovec vector;
};

net::Endpoint From(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(from);
    return {net::IpAddress::V6(
                std::span<const uint8_t, 16>(v6.sin6_addr.s6_addr, 16)),
            ntohs(v6.sin6_port)};
  }
  const auto& v4 = reinterpret_cast<const sockaddr_in&>(from);
  return {net::IpAddress::V4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
}

// Has the kernel tell at which of our addresses a request arrived.
void WantDestination(int fd) {
  int domain = AF_INET;
  socklen_t size = sizeof(domain);
  getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size);
  const int on = 1;
  if (domain == AF_INET6) {
    setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on));
  } else {
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
  }
}

}  // namespace

StunServer::StunServer(io::EventLoop& loop, Sockets sockets, stun::Answer whom)
    : loop_(loop),
      sockets_(std::move(sockets)),
      main_{sockets_.main.get(), LocalEndpoint(sockets_.main.get()).port()},
      whom_(whom) {
  if (!sockets_.other.ok()) return;
  other_ = {sockets_.other.get(), LocalEndpoint(sockets_.other.get()).port()};
}

StunServer::~StunServer() {
  loop_.Unwatch(main_.fd);
  if (other_.fd >= 0) loop_.Unwatch(other_.fd);
}

absl::Status StunServer::Start() {
  const auto watch = [this](const Port& here, const Port& there) {
    WantDestination(here.fd);
    return loop_.Watch(here.fd, EPOLLIN, [this, &here, &there](uint32_t) {
      OnReady(here, there);
    });
  };
  WARREN_RETURN_IF_ERROR(watch(main_, other_));
  return other_.fd < 0 ? absl::OkStatus() : watch(other_, main_);
}

void StunServer::OnReady(const Port& here, const Port& there) {
  std::array<Slot, kBatch> slots;
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < kBatch; ++i) {
    msghdr& header = messages[i].msg_hdr;
    slots[i].vector = {slots[i].in.data(), slots[i].in.size()};
    header.msg_name = &slots[i].from;
    header.msg_namelen = sizeof(slots[i].from);
    header.msg_iov = &slots[i].vector;
    header.msg_iovlen = 1;
    header.msg_control = slots[i].control.data();
    header.msg_controllen = slots[i].control.size();
  }
  const int received =
      recvmmsg(here.fd, messages.data(), kBatch, MSG_DONTWAIT, nullptr);
  for (size_t i = 0; received > 0 && i < static_cast<size_t>(received); ++i) {
    msghdr& header = messages[i].msg_hdr;
    const Bytes datagram = Bytes(slots[i].in).first(messages[i].msg_len);
    const auto request = stun::ParseRequest(datagram, whom_);
    const bool lost = (header.msg_flags & MSG_CTRUNC) != 0;
    if (!request || lost || (request->change_port && there.fd < 0)) {
      ++ignored_;
      continue;
    }
    slots[i].out =
        stun::BuildResponse(*request, From(slots[i].from), there.number);
    slots[i].vector = {slots[i].out.bytes.data(), slots[i].out.size};
    header.msg_flags = 0;
    const int fd = request->change_port ? there.fd : here.fd;
    // A full socket buffer loses the answer: the client asks again.
    if (sendmsg(fd, &header, MSG_DONTWAIT) >= 0) ++answered_;
  }
}

}  // namespace warren::relay
