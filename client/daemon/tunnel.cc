#include "client/daemon/tunnel.h"

#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <set>
#include <utility>

#include "client/io/intermission.h"
#include "core/base/status_macros.h"
#include "spdlog/spdlog.h"

namespace warren::client {
namespace {

// Batches of one descriptor before the others get a turn.
constexpr int kMaxBatches = 16;
// Room for what one relay read brings; a full arena is handed on at once.
constexpr size_t kRelayArena = 128 * 1024;
// Less than this is the network's delay, and no matter to a key's expiry.
constexpr absl::Duration kClockTolerance = absl::Seconds(5);
constexpr uint16_t kMtu = 1280;  // specs/dataplane.md 10.7

}  // namespace

struct Tunnel::Devices {
  std::unique_ptr<Udp> udp;
  std::unique_ptr<Netlink> netlink;
  std::optional<LinkMonitor> monitor;
  std::optional<InterfaceConfig> interface;
  absl::Status interface_status;  // of its latest change
  std::set<RelayId> lost_relays;  // said to be so
  Intermission intermission;
  Resolver resolver;
  explicit Devices(io::EventLoop& loop) : resolver(loop) {}
};

// Batches that are reused for every turn.
struct Tunnel::Lanes {
  net::PacketBatch in;       // from TUN or UDP
  net::PacketBatch to_send;  // datagrams
  net::PacketBatch to_tun;
  net::PacketBatch udp_only;
  net::PacketBatch relayed;  // from one relay, bytes in `arena`
  RelayId relay;
  size_t arena_used = 0;
  std::array<uint8_t, kRelayArena> arena;
};

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
      devices_(std::make_unique<Devices>(loop)),
      lanes_(std::make_unique<Lanes>()) {}

Tunnel::~Tunnel() {
  if (!tun_) return;
  loop_.Unwatch(tun_->fd());
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    if (devices_->udp && devices_->udp->fd(family) >= 0) {
      loop_.Unwatch(devices_->udp->fd(family));
    }
  }
  if (devices_->monitor) loop_.Unwatch(devices_->monitor->fd());
}

absl::Status Tunnel::Open(const TunnelOptions& options) {
  WARREN_ASSIGN_OR_RETURN(devices_->udp, Udp::Open({.port = options.udp_port}));
  WARREN_ASSIGN_OR_RETURN(
      tun_, Tun::Create({.name = options.interface, .mtu = kMtu}));
  WARREN_ASSIGN_OR_RETURN(devices_->netlink, Netlink::Open());
  WARREN_ASSIGN_OR_RETURN(devices_->monitor, LinkMonitor::Open());
  devices_->interface.emplace(*devices_->netlink, tun_->ifindex());
  return Watch();
}

absl::Status Tunnel::Watch() {
  WARREN_RETURN_IF_ERROR(
      loop_.Watch(tun_->fd(), EPOLLIN, [this](uint32_t) { OnTun(); }));
  for (const net::Family family : {net::Family::kV4, net::Family::kV6}) {
    const int fd = devices_->udp->fd(family);
    if (fd < 0) continue;
    WARREN_RETURN_IF_ERROR(
        loop_.Watch(fd, EPOLLIN, [this, family](uint32_t) { OnUdp(family); }));
  }
  return loop_.Watch(devices_->monitor->fd(), EPOLLIN, [this](uint32_t) {
    if (devices_->monitor->Drain() && engine_) ReadLinks();
  });
}

void Tunnel::Start(const crypto::NodePrivateKey& node_key,
                   absl::Duration stamp_floor) {
  const Instant now = loop_.Now();
  engine_ = std::make_unique<engine::Engine>(
      engine::EngineConfig{.node_key = node_key.Clone(), .mtu_bytes = kMtu},
      rng_, now, std::max(loop_.clock().UnixNow(), stamp_floor));
  links_ = std::make_unique<RelayLinks>(loop_, rng_, devices_->resolver,
                                        node_key, LinkCallbacks());
  unix_offset_ = absl::InfiniteDuration();
  OnServerTime(loop_.clock().UnixNow());  // until the server says
  ReadLinks();
}

void Tunnel::Stop() {
  if (!engine_) return;
  links_.reset();
  engine_.reset();
  lanes_->relayed.clear();
  lanes_->arena_used = 0;
  devices_->lost_relays.clear();
  // Only the interface is affected, and it may be gone already.
  (void)devices_->interface->Clear();
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

void Tunnel::ReadLinks() {
  engine::LinkState state;
  const auto addresses = UsableAddresses(*devices_->netlink, tun_->ifindex());
  if (addresses.ok()) state.addresses = *addresses;
  const Udp& udp = *devices_->udp;
  if (udp.fd(net::Family::kV4) >= 0) state.udp4_port = udp.port();
  if (udp.fd(net::Family::kV6) >= 0) state.udp6_port = udp.port();
  engine_->OnLinkChange(loop_.Now(), state);
  Drain();
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
  for (int i = 0; i < kMaxBatches; ++i) {
    const Udp::ReceiveResult result =
        devices_->udp->Receive(family, lanes_->in);
    if (devices_->udp->last_was_train()) {
      devices_->intermission.CountSuper();
    } else {
      devices_->intermission.CountSingles(devices_->udp->last_messages());
    }
    if (engine_ && !lanes_->in.empty()) {
      engine_->FromUdp(loop_.Now(), lanes_->in, lanes_->to_tun);
      tun_->Write(lanes_->to_tun);
      lanes_->to_tun.clear();
      Drain();
    }
    if (result == Udp::ReceiveResult::kDrained) break;
  }
}

void Tunnel::OnRelayPacket(RelayId relay, const crypto::NodeKey& source,
                           Bytes packet) {
  Lanes& lanes = *lanes_;
  if (packet.empty() || packet.size() > lanes.arena.size()) return;
  if (lanes.relayed.full() || relay != lanes.relay ||
      lanes.arena_used + packet.size() > lanes.arena.size()) {
    FlushRelayPackets();
  }
  lanes.relay = relay;
  uint8_t* place = lanes.arena.data() + lanes.arena_used;
  std::memcpy(place, packet.data(), packet.size());
  lanes.arena_used += packet.size();
  net::Packet& added = lanes.relayed.Add({});
  added.data = place;
  added.size = static_cast<uint32_t>(packet.size());
  added.peer = engine_->FindPeer(source);
}

void Tunnel::FlushRelayPackets() {
  Lanes& lanes = *lanes_;
  if (!lanes.relayed.empty()) {
    engine_->FromRelay(loop_.Now(), lanes.relay, lanes.relayed, lanes.to_tun);
    tun_->Write(lanes.to_tun);
    lanes.to_tun.clear();
    Drain();
  }
  lanes.relayed.clear();
  lanes.arena_used = 0;
}

RelayLinksCallbacks Tunnel::LinkCallbacks() {
  RelayLinksCallbacks callbacks;
  callbacks.connected = [this](RelayId relay) {
    spdlog::info("relay {} connected", relay.value());
    devices_->lost_relays.erase(relay);
    engine_->OnRelayConnected(loop_.Now(), relay);
  };
  callbacks.disconnected = [this](RelayId relay, const absl::Status& why) {
    const bool is_news = devices_->lost_relays.insert(relay).second;
    spdlog::log(is_news && !absl::IsCancelled(why) ? spdlog::level::warn
                                                   : spdlog::level::debug,
                "relay {} lost: {}", relay.value(), std::string(why.message()));
    engine_->OnRelayDisconnected(loop_.Now(), relay);
  };
  callbacks.packet = [this](RelayId relay, const crypto::NodeKey& source,
                            Bytes packet) {
    OnRelayPacket(relay, source, packet);
  };
  callbacks.drained = [this](RelayId) { FlushRelayPackets(); };
  callbacks.peer_gone = [this](RelayId relay, const crypto::NodeKey& peer) {
    engine_->OnRelayPeerGone(loop_.Now(), relay, peer);
  };
  return callbacks;
}

void Tunnel::Send(net::PacketBatch& packets) {
  const bool any_relayed =
      std::any_of(packets.begin(), packets.end(),
                  [](const net::Packet& p) { return p.endpoint.IsRelay(); });
  if (!any_relayed) {
    devices_->udp->Send(packets);
    return packets.clear();
  }
  net::PacketBatch& udp_only = lanes_->udp_only;
  udp_only.clear();
  const Instant now = loop_.Now();
  for (const net::Packet& packet : packets) {
    if (!packet.endpoint.IsRelay()) {
      udp_only.Add(packet);
      continue;
    }
    const crypto::NodeKey* key = engine_->KeyOf(packet.peer);
    if (key == nullptr) continue;
    // A packet that the relay's backlog does not take is lost, as on any full
    // link.
    (void)links_->Send(now, packet.endpoint.relay(), *key, packet.bytes());
  }
  devices_->udp->Send(udp_only);
  packets.clear();
}

void Tunnel::Drain() {
  if (!engine_) return;
  while (true) {
    engine_->PollTransmit(lanes_->to_send);
    if (lanes_->to_send.empty()) break;
    Send(lanes_->to_send);
  }
  while (auto event = engine_->PollEvent()) {
    OnEvent(*event);
    if (!engine_) return;  // a callback stopped us
  }
}

Instant Tunnel::Next() const {
  if (!engine_) return Instant::Never();
  return std::min(engine_->Next().at, links_->Next());
}

void Tunnel::OnTimeout(Instant now) {
  if (!engine_) return;
  engine_->OnTimeout(loop_.Now());
  links_->OnTimeout(now);
  Drain();
}

void Tunnel::OnTurnEnd() {
  if (engine_) {
    Drain();
    links_->Flush();
  }
  devices_->intermission.AfterTurn();
}

void Tunnel::OnEvent(const engine::EngineEvent& event) {
  if (const auto* wanted = std::get_if<engine::RelayWanted>(&event)) {
    links_->SetWanted(wanted->relay, wanted->wanted);
  } else if (const auto* name = std::get_if<engine::ResolveWanted>(&event)) {
    devices_->resolver.Resolve(
        name->hostname, [this, hostname = name->hostname](
                            std::vector<net::IpAddress> addresses) {
          if (!engine_) return;
          engine_->OnResolved(loop_.Now(), hostname, std::move(addresses));
          Drain();
        });
  } else if (const auto* home = std::get_if<engine::HomeRelayChanged>(&event)) {
    links_->SetHome(home->relay);
    callbacks_.report();
  } else if (std::holds_alternative<engine::EndpointsChanged>(event)) {
    callbacks_.report();
  } else {
    callbacks_.event(event);
  }
}

}  // namespace warren::client
