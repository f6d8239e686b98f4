#include "client/io/udp_sockets.h"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <utility>

#include "absl/status/statusor.h"

namespace warren::client {
namespace {

// Batches of one socket before the others get a turn.
constexpr int kMaxBatches = 16;
// A second's worth of packets of a fast link; and 512 sockets that nobody
// reads cannot take the machine's memory.
constexpr int kKernelBuffer = 512 * 1024;

// Whether `fd`, the lowest that was free, leaves others enough.
bool LeavesSpare(int fd) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return true;
  return static_cast<rlim_t>(fd) + UdpSockets::kSpareDescriptors <
         limit.rlim_cur;
}

}  // namespace

UdpSockets::UdpSockets(io::EventLoop& loop, Received received)
    : loop_(loop), received_(std::move(received)) {}

UdpSockets::~UdpSockets() { CloseAll(); }

size_t UdpSockets::Open(uint16_t first, uint16_t count) {
  const uint32_t end = uint32_t{first} + count;
  for (uint32_t index = first; index < end; ++index) {
    // Those that follow would fail for the same reason.
    if (index > UINT16_MAX || !OpenOne(static_cast<uint16_t>(index))) {
      return end - index;
    }
  }
  return 0;
}

bool UdpSockets::OpenOne(uint16_t index) {
  if (sockets_.contains(index)) return true;
  if (index == net::Endpoint::kMainSocket || sockets_.size() >= kMaxSockets) {
    return false;
  }
  auto opened = UdpSocket::Open({.family = net::Family::kV4,
                                 .port = 0,
                                 .kernel_buffer = kKernelBuffer,
                                 .buffers = buffers_});
  if (!opened.ok() || !LeavesSpare((*opened)->fd())) return false;
  Socket socket = *std::move(opened);
  if (!loop_
           .Watch(socket->fd(), EPOLLIN,
                  [this, index](uint32_t) { OnReadable(index); })
           .ok()) {
    return false;
  }
  sockets_.emplace(index, std::move(socket));
  return true;
}

std::map<uint16_t, UdpSockets::Socket>::iterator UdpSockets::CloseOne(
    std::map<uint16_t, Socket>::iterator it) {
  loop_.Unwatch(it->second->fd());
  closed_ += it->second->counters();
  return sockets_.erase(it);
}

void UdpSockets::Close(uint16_t first, uint16_t count) {
  auto it = sockets_.lower_bound(first);
  while (it != sockets_.end() && it->first - first < count) it = CloseOne(it);
}

void UdpSockets::CloseAll() {
  for (auto it = sockets_.begin(); it != sockets_.end();) it = CloseOne(it);
}

void UdpSockets::OnReadable(uint16_t index) {
  const auto it = sockets_.find(index);
  if (it == sockets_.end()) return;
  // Lives until the end of this call, even if a callback closes it.
  const Socket socket = it->second;
  Receive(index, *socket);
}

void UdpSockets::Receive(uint16_t index, UdpSocket& socket) {
  for (int i = 0;; ++i) {
    const bool more = socket.Receive(batch_);
    last_messages_ = socket.last_messages();
    last_was_train_ = socket.last_was_train();
    for (net::Packet& packet : batch_) {
      packet.endpoint = packet.endpoint.Through(index);
    }
    if (!batch_.empty()) received_(batch_);
    const auto it = sockets_.find(index);
    if (it == sockets_.end() || it->second.get() != &socket) return;
    // What the shared buffers hold must go before another socket receives.
    if (!more || (i >= kMaxBatches && !socket.holds())) return;
  }
}

void UdpSockets::Send(std::span<const net::Packet> packets) {
  for (size_t begin = 0; begin < packets.size();) {
    const uint16_t index = packets[begin].endpoint.socket();
    const auto sendable = [](const net::Packet& packet) {
      return packet.endpoint.IsSet() && packet.endpoint.address().is_v4();
    };
    const bool ok = sendable(packets[begin]);
    size_t end = begin + 1;
    while (end < packets.size() && packets[end].endpoint.socket() == index &&
           sendable(packets[end]) == ok) {
      ++end;
    }
    const auto it = sockets_.find(index);
    if (ok && it != sockets_.end()) {
      it->second->Send(packets.subspan(begin, end - begin));
    } else {
      closed_.send_errors += end - begin;
    }
    begin = end;
  }
}

uint16_t UdpSockets::Port(uint16_t index) const {
  const auto it = sockets_.find(index);
  if (it == sockets_.end()) return 0;
  return it->second->Port().value_or(0);
}

UdpCounters UdpSockets::counters() const {
  UdpCounters sum = closed_;
  for (const auto& [index, socket] : sockets_) sum += socket->counters();
  return sum;
}

}  // namespace warren::client
