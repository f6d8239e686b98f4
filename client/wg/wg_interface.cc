#include "client/wg/wg_interface.h"

#include <sys/epoll.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/wg/uapi.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// Batches a turn takes from one side before it looks at the other.
constexpr int kBatchesPerTurn = 8;

}  // namespace

absl::StatusOr<std::unique_ptr<WgInterface>> WgInterface::Create(
    const std::string& name, io::EventLoop& loop, Rng& rng) {
  WARREN_ASSIGN_OR_RETURN(auto monitor, LinkMonitor::Open());
  WARREN_ASSIGN_OR_RETURN(auto tun, Tun::Create({.name = name}));
  std::unique_ptr<WgInterface> interface(
      new WgInterface(loop, rng, std::move(tun), std::move(monitor)));
  WARREN_RETURN_IF_ERROR(interface->Start());
  return interface;
}

WgInterface::WgInterface(io::EventLoop& loop, Rng& rng,
                         std::unique_ptr<Tun> tun, LinkMonitor monitor)
    : loop_(loop),
      tun_(std::move(tun)),
      monitor_(std::move(monitor)),
      device_({.mtu_bytes = tun_->mtu()}, rng, loop.Now(),
              loop.clock().UnixNow()) {}

WgInterface::~WgInterface() {
  loop_.SetDeadline(nullptr, nullptr);
  loop_.SetTurnEnd(nullptr);
  loop_.Unwatch(tun_->fd());
  loop_.Unwatch(monitor_.fd());
  if (udp_ != nullptr) {
    loop_.Unwatch(udp_->fd(net::Family::kV4));
    loop_.Unwatch(udp_->fd(net::Family::kV6));
  }
}

absl::Status WgInterface::Start() {
  WARREN_RETURN_IF_ERROR(OpenUdp(0, 0));
  WARREN_RETURN_IF_ERROR(
      loop_.Watch(tun_->fd(), EPOLLIN, [this](uint32_t) { OnTun(); }));
  WARREN_RETURN_IF_ERROR(loop_.Watch(monitor_.fd(), EPOLLIN,
                                     [this](uint32_t) { OnLinkChange(); }));
  loop_.SetDeadline(
      [this] { return up_ ? device_.Next().at : Instant::Never(); },
      [this](Instant now) { device_.OnTimeout(now); });
  loop_.SetTurnEnd([this] {
    if (up_) Drain();
    intermission_.AfterTurn();
  });
  return absl::OkStatus();
}

absl::Status WgInterface::OpenUdp(uint16_t port, uint32_t mark) {
  WARREN_ASSIGN_OR_RETURN(auto udp, Udp::Open({.port = port, .mark = mark}));
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    if (udp_ != nullptr) loop_.Unwatch(udp_->fd(family));
  }
  udp_ = std::move(udp);
  mark_ = mark;
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    const int fd = udp_->fd(family);
    if (fd < 0) continue;
    WARREN_RETURN_IF_ERROR(
        loop_.Watch(fd, EPOLLIN, [this, family](uint32_t) { OnUdp(family); }));
  }
  return absl::OkStatus();
}

void WgInterface::OnTun() {
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    const Tun::ReadResult result = tun_->Read(plain_);
    if (result == Tun::ReadResult::kGone) return loop_.Stop();
    intermission_.CountSingles(tun_->last_singles());
    if (tun_->last_was_super()) intermission_.CountSuper();
    if (!plain_.empty()) {
      device_.Seal(loop_.Now(), plain_, sealed_);
      udp_->Send(sealed_);
      sealed_.clear();
    }
    if (result == Tun::ReadResult::kDrained) return;
  }
}

void WgInterface::OnUdp(net::Family family) {
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    const Udp::ReceiveResult result = udp_->Receive(family, sealed_);
    if (udp_->last_was_train()) {
      intermission_.CountSuper();
    } else {
      intermission_.CountSingles(udp_->last_messages());
    }
    if (!sealed_.empty()) {
      device_.Open(loop_.Now(), sealed_, plain_);
      tun_->Write(plain_);
      plain_.clear();
    }
    if (result == Udp::ReceiveResult::kDrained) return;
  }
}

void WgInterface::Drain() {
  do {
    sealed_.clear();
    device_.PollTransmit(sealed_);
    udp_->Send(sealed_);
  } while (!sealed_.empty());
  while (device_.PollEvent()) {
  }
}

void WgInterface::OnLinkChange() {
  if (!monitor_.Drain()) return;
  const auto netlink = Netlink::Open();
  if (!netlink.ok()) return;
  const auto links = (*netlink)->Links();
  if (!links.ok()) return;
  const auto ours = std::find_if(
      links->begin(), links->end(),
      [this](const Link& link) { return link.ifindex == tun_->ifindex(); });
  if (ours == links->end()) return loop_.Stop();
  if (ours->up != up_) SetUp(ours->up);
  const uint16_t mtu =
      static_cast<uint16_t>(std::min<uint32_t>(ours->mtu, UINT16_MAX));
  if (mtu == tun_->mtu()) return;
  tun_->OnMtuChange(mtu);
  device_.SetMtu(mtu);
}

void WgInterface::SetUp(bool up) {
  up_ = up;
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    const int fd = udp_->fd(family);
    if (fd < 0) continue;
    // What came meanwhile is not for us.
    while (up && udp_->Receive(family, sealed_) == Udp::ReceiveResult::kMore) {
    }
    sealed_.clear();
    (void)loop_.SetEvents(fd, up ? uint32_t{EPOLLIN} : 0);
  }
  const crypto::NodePrivateKey* key = device_.private_key();
  if (up || key == nullptr) return;
  // A device that gets its key anew has no session and no handshake.
  crypto::NodePrivateKey again = key->Clone();
  device_.SetPrivateKey(loop_.Now(), std::nullopt);
  device_.SetPrivateKey(loop_.Now(), std::move(again));
}

absl::Status WgInterface::Set(absl::string_view lines) {
  WARREN_ASSIGN_OR_RETURN(SetRequest request, ParseSet(lines));
  const uint16_t port = request.listen_port.value_or(udp_->port());
  const uint32_t mark = request.fwmark.value_or(mark_);
  // What may be refused comes first, so that a refusal changes nothing.
  if (port != udp_->port()) {
    WARREN_RETURN_IF_ERROR(OpenUdp(port, mark));
  } else if (mark != mark_) {
    WARREN_RETURN_IF_ERROR(udp_->SetMark(mark));
    mark_ = mark;
  }
  return ApplySet(loop_.Now(), std::move(request), device_);
}

std::string WgInterface::Configure(absl::string_view request,
                                   absl::Status& refused) {
  std::string answer;
  if (request == "get=1") {
    answer = FormatGet(device_, {udp_->port(), mark_});
    refused = absl::OkStatus();
  } else if (absl::ConsumePrefix(&request, "set=1") &&
             (request.empty() || absl::ConsumePrefix(&request, "\n"))) {
    refused = Set(request);
  } else {
    refused = absl::InvalidArgumentError(
        "line 1: a request must begin with get=1 or set=1");
  }
  absl::StrAppend(&answer, "errno=", ErrnoOf(refused), "\n\n");
  return answer;
}

std::string WgInterface::Counters() const {
  const UdpCounters udp = udp_->counters();
  const TunCounters& tun = tun_->counters();
  const wg::Counters& device = device_.counters();
  std::string out = absl::StrCat(
      "tun_reads=", tun.reads, " tun_read_packets=", tun.read_packets,
      " tun_writes=", tun.writes, " tun_written_packets=", tun.written_packets,
      " tun_write_errors=", tun.write_errors, " udp_receives=", udp.receives);
  absl::StrAppend(&out, " udp_received_packets=", udp.received_packets,
                  " udp_sends=", udp.sends,
                  " udp_sent_packets=", udp.sent_packets,
                  " udp_send_errors=", udp.send_errors);
  absl::StrAppend(&out, " initiations_sent=", device.initiations_sent,
                  " initiations_accepted=", device.initiations_accepted,
                  " sessions=", device.sessions_established,
                  " cookies_sent=", device.cookies_sent,
                  " cookies_accepted=", device.cookies_accepted);
  for (size_t i = 1; i < wg::kNumDrops; ++i) {
    if (device.drops[i] == 0) continue;
    absl::StrAppend(&out, " drop_", wg::LabelOf(static_cast<wg::Drop>(i)), "=",
                    device.drops[i]);
  }
  return out;
}

}  // namespace warren::client
