#include "client/daemon/tunnel.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "client/daemon/tunnel_parts.h"
#include "core/base/status_macros.h"
#include "spdlog/spdlog.h"

namespace warren::client {
namespace {

// Batches of one descriptor before the others get a turn.
constexpr int kMaxBatches = 16;
// Less than this is the network's delay, and no matter to a key's expiry.
constexpr absl::Duration kClockTolerance = absl::Seconds(5);
// Between attempts to open broken sockets anew (specs 6.2).
constexpr absl::Duration kReopenInterval = absl::Seconds(5);
// Shorter sleeps end nothing.
constexpr absl::Duration kNap = absl::Seconds(5);
constexpr uint16_t kMtu = 1280;  // specs/dataplane.md 10.7

}  // namespace

absl::StatusOr<std::unique_ptr<Tunnel>> Tunnel::Create(
    io::EventLoop& loop, Rng& rng, const TunnelOptions& options,
    TunnelCallbacks callbacks) {
  auto tunnel =
      std::unique_ptr<Tunnel>(new Tunnel(loop, rng, std::move(callbacks)));
  WARREN_RETURN_IF_ERROR(tunnel->Open(options));
  return tunnel;
}

Tunnel::Tunnel(io::EventLoop& loop, Rng& rng, TunnelCallbacks callbacks)
    : loop_(loop),
      rng_(rng),
      callbacks_(std::move(callbacks)),
      devices_(std::make_unique<Devices>(loop, *this)),
      lanes_(std::make_unique<Lanes>()) {}

Tunnel::~Tunnel() {
  if (devices_->udp) UnwatchUdp();
  if (tun_) loop_.Unwatch(tun_->fd());
}

absl::Status Tunnel::Open(const TunnelOptions& options) {
  WARREN_ASSIGN_OR_RETURN(devices_->udp, Udp::Open({.port = options.udp_port}));
  WARREN_ASSIGN_OR_RETURN(
      tun_, Tun::Create({.name = options.interface, .mtu = kMtu}));
  WARREN_ASSIGN_OR_RETURN(devices_->netlink, Netlink::Open());
  WARREN_ASSIGN_OR_RETURN(
      devices_->links,
      LinkWatch::Open(loop_, *devices_->netlink, tun_->ifindex(),
                      [this] { OnLinkChange(); }));
  devices_->interface.emplace(*devices_->netlink, tun_->ifindex());
  return Watch();
}

absl::Status Tunnel::Watch() {
  WARREN_RETURN_IF_ERROR(
      loop_.Watch(tun_->fd(), EPOLLIN, [this](uint32_t) { OnTun(); }));
  return WatchUdp();
}

absl::Status Tunnel::WatchUdp() {
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    const int fd = devices_->udp->fd(family);
    if (fd < 0) continue;
    WARREN_RETURN_IF_ERROR(
        loop_.Watch(fd, EPOLLIN, [this, family](uint32_t) { OnUdp(family); }));
  }
  return absl::OkStatus();
}

void Tunnel::UnwatchUdp() {
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    const int fd = devices_->udp->fd(family);
    if (fd >= 0) loop_.Unwatch(fd);
  }
}

void Tunnel::MendUdp(Instant now) {
  Udp& udp = *devices_->udp;
  if (!udp.is_broken() || now - devices_->udp_opened_at < kReopenInterval) {
    return;
  }
  devices_->udp_opened_at = now;
  UnwatchUdp();
  absl::Status opened = udp.Reopen();
  opened.Update(WatchUdp());
  spdlog::warn("UDP sockets opened anew, port {}: {}", udp.port(),
               opened.ToString());
  TellLinks();
}

void Tunnel::Start(const crypto::NodePrivateKey& node_key,
                   absl::Duration stamp_floor) {
  const Instant now = loop_.Now();
  devices_->exchanges.Cancel();  // of an engine before, with the same ids
  engine_ = std::make_unique<engine::Engine>(
      engine::EngineConfig{.node_key = node_key.Clone(), .mtu_bytes = kMtu},
      rng_, now, std::max(loop_.clock().UnixNow(), stamp_floor));
  links_ = std::make_unique<RelayLinks>(loop_, rng_, devices_->resolver,
                                        node_key, LinkCallbacks());
  unix_offset_ = absl::InfiniteDuration();
  OnServerTime(loop_.clock().UnixNow());  // until the server says
  devices_->links->Read();
  OnLinkChange();
}

void Tunnel::Stop() {
  if (!engine_) return;
  SayFarewell();
  links_.reset();
  engine_.reset();
  lanes_->relayed.clear();
  lanes_->arena_used = 0;
  devices_->lost_relays.clear();
  devices_->sockets.CloseAll();
  devices_->latencies.Cancel();
  // Only the interface is affected, and it may be gone already.
  (void)devices_->interface->Clear();
}

void Tunnel::SayFarewell() {
  devices_->exchanges.Cancel();
  engine_->Close(loop_.Now());
  // Nothing else that the engine may still want matters any more.
  while (const auto event = engine_->PollEvent()) {
    if (const auto* exchange = std::get_if<engine::ExchangeWanted>(&*event)) {
      devices_->exchanges.Start(*exchange);
    }
  }
  while (true) {
    engine_->PollTransmit(lanes_->to_send);
    if (lanes_->to_send.empty()) break;
    Send(lanes_->to_send);
  }
}

void Tunnel::WhenQuiet(std::function<void()> done) {
  devices_->quiet = std::move(done);
  TellQuiet();
}

void Tunnel::TellQuiet() {
  if (!devices_->quiet || !devices_->exchanges.idle()) return;
  std::exchange(devices_->quiet, nullptr)();
}

absl::Status Tunnel::OnNetmap(netmap::Netmap netmap) {
  const absl::Status applied =
      engine_->OnNetmap(loop_.Now(), std::move(netmap));
  if (applied.ok()) FollowNetmap();
  Drain();
  return applied;
}

absl::Status Tunnel::OnNetmapDiff(const netmap::NetmapDiff& diff) {
  const absl::Status applied = engine_->OnNetmapDiff(loop_.Now(), diff);
  if (applied.ok()) FollowNetmap();
  Drain();
  return applied;
}

void Tunnel::OnServerTime(absl::Duration unix_now) {
  if (!engine_) return;
  const Instant now = loop_.Now();
  const absl::Duration offset = unix_now - now.SinceEpoch();
  if (absl::AbsDuration(offset - unix_offset_) < kClockTolerance) return;
  unix_offset_ = offset;
  engine_->OnUnixTime(now, unix_now);
  Drain();
}

void Tunnel::FollowNetmap() {
  const netmap::Netmap& netmap = *engine_->netmap();
  links_->SetMap(netmap.relay_map);
  // What the kernel refuses is tried again with the next netmap.
  const absl::Status applied = devices_->interface->Apply(netmap);
  if (applied == devices_->interface_status) return;
  devices_->interface_status = applied;
  if (!applied.ok()) {
    spdlog::warn("interface {}: {}", interface(),
                 std::string(applied.message()));
  }
}

void Tunnel::OnTun() {
  for (int i = 0; i < kMaxBatches; ++i) {
    const Tun::ReadResult result = tun_->Read(lanes_->in);
    if (result == Tun::ReadResult::kGone) {
      loop_.Unwatch(tun_->fd());
      return callbacks_.lost();
    }
    devices_->intermission.CountSingles(tun_->last_singles());
    if (tun_->last_was_super()) devices_->intermission.CountSuper();
    if (engine_ && !lanes_->in.empty()) {
      engine_->FromTun(loop_.Now(), lanes_->in, lanes_->to_send);
      Send(lanes_->to_send);
      Drain();
    }
    if (result == Tun::ReadResult::kDrained) break;
  }
}

void Tunnel::OnUdp(net::Family family) {
  const Udp& udp = *devices_->udp;
  for (int i = 0; i < kMaxBatches; ++i) {
    const Udp::ReceiveResult result =
        devices_->udp->Receive(family, lanes_->in);
    CountReceived(udp.last_messages(), udp.last_was_train());
    FromUdp(lanes_->in);
    if (result == Udp::ReceiveResult::kDrained) break;
  }
}

void Tunnel::OnSockets(net::PacketBatch& datagrams) {
  const UdpSockets& sockets = devices_->sockets;
  CountReceived(sockets.last_messages(), sockets.last_was_train());
  FromUdp(datagrams);
}

void Tunnel::CountReceived(size_t messages, bool has_train) {
  if (has_train) {
    devices_->intermission.CountSuper();
  } else {
    devices_->intermission.CountSingles(messages);
  }
}

void Tunnel::FromUdp(net::PacketBatch& datagrams) {
  if (!engine_ || datagrams.empty()) return;
  engine_->FromUdp(loop_.Now(), datagrams, lanes_->to_tun);
  tun_->Write(lanes_->to_tun);
  lanes_->to_tun.clear();
  Drain();
}

void Tunnel::Send(net::PacketBatch& packets) {
  const auto is_main = [](const net::Packet& p) {
    return p.endpoint.socket() == net::Endpoint::kMainSocket &&
           !p.endpoint.IsRelay();
  };
  if (std::all_of(packets.begin(), packets.end(), is_main)) {
    devices_->udp->Send(packets);
    return packets.clear();
  }
  // Three ways out; within each the order stays.
  net::PacketBatch& main = lanes_->by_main;
  net::PacketBatch& others = lanes_->by_others;
  main.clear();
  others.clear();
  const Instant now = loop_.Now();
  for (const net::Packet& packet : packets) {
    if (packet.endpoint.IsRelay()) {
      SendByRelay(now, packet);
    } else {
      (is_main(packet) ? main : others).Add(packet);
    }
  }
  devices_->udp->Send(main);
  devices_->sockets.Send({others.begin(), others.size()});
  packets.clear();
}

void Tunnel::SendByRelay(Instant now, const net::Packet& packet) {
  const crypto::NodeKey* key = engine_->KeyOf(packet.peer);
  if (key == nullptr) return;
  // A packet that the relay's backlog does not take is lost, as on any full
  // link.
  (void)links_->Send(now, packet.endpoint.relay(), *key, packet.bytes());
}

void Tunnel::Drain() {
  if (!engine_) return;
  // Events first: what is to be sent may need a socket that one of them opens.
  for (bool more = true; more;) {
    if (!DrainEvents()) return;
    engine_->PollTransmit(lanes_->to_send);
    more = !lanes_->to_send.empty();
    Send(lanes_->to_send);
  }
  engine_->PollToTun(lanes_->to_tun);
  if (!lanes_->to_tun.empty()) tun_->Write(lanes_->to_tun);
  lanes_->to_tun.clear();
  DrainEvents();
}

bool Tunnel::DrainEvents() {
  while (auto event = engine_->PollEvent()) {
    OnEvent(*event);
    if (!engine_) return false;
  }
  return true;
}

Instant Tunnel::Next() const {
  const Devices& d = *devices_;
  const Instant next = std::min(d.links->Next(), d.exchanges.Next());
  if (!engine_) return next;
  return std::min({next, engine_->Next().at, links_->Next(), d.latencies.Next(),
                   d.nat64.Next()});
}

void Tunnel::OnTimeout(Instant now) {
  devices_->links->OnTimeout(now);
  devices_->exchanges.OnTimeout(now);
  if (!engine_) return TellQuiet();
  MendUdp(now);
  engine_->OnTimeout(loop_.Now());
  links_->OnTimeout(now);
  devices_->latencies.OnTimeout(now);
  devices_->nat64.OnTimeout(now);
  Drain();
}

void Tunnel::NoticeSleep() {
  const absl::Duration asleep = loop_.clock().TimeAsleep();
  if (asleep - std::exchange(devices_->time_asleep, asleep) < kNap) return;
  // The network may be another one, and connections dead that look alive.
  spdlog::info("awake again");
  devices_->links->Read();
  OnLinkChange();
}

void Tunnel::OnTurnEnd() {
  NoticeSleep();
  if (engine_) {
    Drain();
    links_->Flush();
  }
  devices_->intermission.AfterTurn();
}

}  // namespace warren::client
