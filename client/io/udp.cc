#include "client/io/udp.h"

#include <span>
#include <utility>

#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// The kernel chooses a port for the first family, which the second may find
// taken: so often, it is no accident.
constexpr int kMaxTries = 16;

}  // namespace

absl::StatusOr<std::unique_ptr<Udp>> Udp::Open(const UdpOptions& options) {
  std::unique_ptr<Udp> udp(new Udp(options));
  WARREN_RETURN_IF_ERROR(udp->OpenOn(options.port));
  return udp;
}

absl::Status Udp::OpenOn(uint16_t port) {
  absl::Status status;
  for (int i = 0; i < kMaxTries; ++i) {
    status = OpenBoth(port);
    if (port != 0 || !absl::IsAlreadyExists(status)) break;
  }
  WARREN_RETURN_IF_ERROR(status);
  return options_.mark != 0 ? SetMark(options_.mark) : absl::OkStatus();
}

absl::Status Udp::Reopen() {
  closed_ = counters();
  unsendable_ = 0;
  const uint16_t port = port_;
  absl::Status status = OpenOn(port);
  if (absl::IsAlreadyExists(status)) status = OpenOn(0);
  if (!status.ok()) {
    v4_.reset();
    v6_.reset();
    port_ = port;
  }
  return status;
}

bool Udp::is_broken() const {
  if (!v4_ && !v6_) return true;
  return (v4_ && v4_->is_broken()) || (v6_ && v6_->is_broken());
}

absl::Status Udp::OpenBoth(uint16_t port) {
  v4_.reset();
  v6_.reset();
  port_ = port;
  absl::Status missing = absl::UnavailableError("UDP: no family wanted");
  const auto open = [&](net::Family family,
                        std::unique_ptr<UdpSocket>& to) -> absl::Status {
    auto socket = UdpSocket::Open({.family = family, .port = port_});
    if (absl::IsUnavailable(socket.status())) {
      missing = socket.status();
      return absl::OkStatus();
    }
    WARREN_RETURN_IF_ERROR(socket.status());
    to = *std::move(socket);
    WARREN_ASSIGN_OR_RETURN(port_, to->Port());
    return absl::OkStatus();
  };
  if (options_.ipv4) WARREN_RETURN_IF_ERROR(open(net::Family::kV4, v4_));
  if (options_.ipv6) WARREN_RETURN_IF_ERROR(open(net::Family::kV6, v6_));
  return v4_ || v6_ ? absl::OkStatus() : missing;
}

int Udp::fd(net::Family family) const {
  const UdpSocket* s = socket(family);
  return s == nullptr ? -1 : s->fd();
}

Udp::ReceiveResult Udp::Receive(net::Family family, net::PacketBatch& out) {
  UdpSocket* s = socket(family);
  if (s == nullptr) {
    out.clear();
    return ReceiveResult::kDrained;
  }
  const bool more = s->Receive(out);
  last_messages_ = s->last_messages();
  last_was_train_ = s->last_was_train();
  return more ? ReceiveResult::kMore : ReceiveResult::kDrained;
}

void Udp::Send(const net::PacketBatch& packets) {
  const std::span<const net::Packet> all(packets.begin(), packets.size());
  // Whose packets these are: nobody's when there is no way to send.
  const auto owner = [this](const net::Packet& packet) -> UdpSocket* {
    if (!packet.endpoint.IsSet() || packet.endpoint.IsRelay()) return nullptr;
    return socket(packet.endpoint.address().family());
  };
  for (size_t begin = 0; begin < all.size();) {
    UdpSocket* s = owner(all[begin]);
    size_t end = begin + 1;
    while (end < all.size() && owner(all[end]) == s) ++end;
    if (s == nullptr) {
      unsendable_ += end - begin;
    } else {
      s->Send(all.subspan(begin, end - begin));
    }
    begin = end;
  }
}

absl::Status Udp::SetMark(uint32_t mark) {
  for (UdpSocket* s : {v4_.get(), v6_.get()}) {
    if (s != nullptr) WARREN_RETURN_IF_ERROR(s->SetMark(mark));
  }
  options_.mark = mark;
  return absl::OkStatus();
}

UdpCounters Udp::counters() const {
  UdpCounters sum = closed_;
  for (const UdpSocket* s : {v4_.get(), v6_.get()}) {
    if (s != nullptr) sum += s->counters();
  }
  sum.send_errors += unsendable_;
  return sum;
}

}  // namespace warren::client
