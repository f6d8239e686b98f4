// The control lane: netmaps in, and what the parts have to say to each other.

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/overloaded.h"
#include "core/engine/engine_state.h"
#include "core/engine/link_change.h"

namespace warren::engine {
namespace {

wg::DeviceConfig MeshDevice(uint16_t mtu_bytes) {
  wg::DeviceConfig config;
  config.mtu_bytes = mtu_bytes;
  config.roaming = false;
  // A peer whose clock went back recovers by itself; a replayed initiation
  // moves nothing here.
  config.forget_idle_timestamps = true;
  return config;
}

}  // namespace

EngineState::EngineState(EngineConfig config, Rng& engine_rng, Instant now,
                         absl::Duration unix_at_now)
    : rng(engine_rng),
      disco_key(crypto::DiscoPrivateKey::Generate(rng)),
      device(MeshDevice(config.mtu_bytes), rng, now, unix_at_now),
      network(rng),
      own(rng, config.mtu_bytes),
      clock{now, now, unix_at_now} {
  device.SetPrivateKey(now, std::move(config.node_key));
}

void EngineState::Enter(Instant now) {
  WARREN_CHECK(now >= clock.now);
  clock.now = now;
  outbox.Recycle();
  to_app.Recycle();
  scratch.polled.clear();
  scratch.num_handed_out = 0;
  if (now - clock.wake_at > kSlept) OnWake(now);
}

void EngineState::Settle(Instant now) {
  FollowWhy(now);
  DrainDevice(now);
  DrainNetwork(now);
  UpdateOwnNat(now);
  SettlePunches(now);
  SendStun();
  SendPortMapping();
  DrainRelays();
  clock.wake_at = Next().at;
  std::vector<Warning> warnings = Health();
  if (warnings == out.warnings) return;
  out.warnings = std::move(warnings);
  out.events.push_back(HealthChanged{out.warnings});
}

Deadline EngineState::Next() const {
  const Deadline candidates[] = {
      {device.Next().at, Wake::kWireGuard}, {peers.Next(), Wake::kPath},
      {network.Next(), Wake::kStun},        {relays.Next(), Wake::kRelayIdle},
      {expiry.next, Wake::kKeyExpiry},      {why.Next(), Wake::kWhy},
  };
  Deadline next;
  for (const Deadline& d : candidates) {
    if (d.at < next.at) next = d;
  }
  return next;
}

absl::Status EngineState::SetNetmap(Instant now, netmap::Netmap next) {
  const crypto::NodeKey& key = device.private_key()->public_key();
  if (next.self.node_key != key) {
    return absl::InvalidArgumentError(absl::StrCat(
        "netmap version ", next.version, " is for node key ",
        next.self.node_key.ShortString(), ", ours is ", key.ShortString()));
  }
  if (!netmap) netmap.emplace();
  netmap::NetmapDiff diff = netmap::Diff(*netmap, next);
  // Even an empty filter or map must take effect the first time.
  diff.self = next.self;
  diff.filter = next.filter;
  if (network.home() == RelayId()) diff.relay_map = next.relay_map;
  ApplyDiff(now, diff);
  return absl::OkStatus();
}

void EngineState::ApplyDiff(Instant now, const netmap::NetmapDiff& diff) {
  const absl::Status applied = netmap::Apply(diff, *netmap);
  WARREN_CHECK(applied.ok());  // The callers compared the versions.
  // Revocation is never later than grant.
  for (const NodeId id : diff.removed_peers) RemovePeer(id);
  if (diff.relay_map) {
    relays.SetMap(netmap->relay_map);
    network.SetRelayMap(now, netmap->relay_map);
  }
  UpdateExpiry(now);
  for (const netmap::Node& node : diff.upserted_peers) UpsertPeer(now, node);
  if (diff.relay_map) UpdateRelays(now);
  if (!diff.self && !diff.filter) return;
  std::vector<net::IpPrefix> local;
  for (const net::IpAddress& address : netmap->self.addresses) {
    local.push_back(net::IpPrefix::Single(address));
  }
  // The routes that we serve count as us, too.
  local.insert(local.end(), netmap->self.allowed_ips.begin(),
               netmap->self.allowed_ips.end());
  filter.Compile(netmap->filter, local);
}

void EngineState::UpsertPeer(Instant now, const netmap::Node& node) {
  Peer* peer = peers.Find(node.id);
  const bool expired =
      node.key_expiry > absl::ZeroDuration() && node.key_expiry <= UnixAt(now);
  const bool usable = running() && !expired && !node.node_key.IsZero();
  if (peer != nullptr && (!usable || peer->node.node_key != node.node_key)) {
    RemovePeer(node.id);
    peer = nullptr;
  }
  if (!usable) return;
  const bool is_new = peer == nullptr;
  if (is_new) {
    wg::PeerConfig config;
    config.key = node.node_key;
    config.allowed_ips = node.allowed_ips;
    const auto index = device.AddPeer(now, std::move(config));
    // Our own key, another node's key, or too many: it stays unreachable.
    if (!index.ok()) return;
    peer = &peers.Add(std::make_unique<Peer>(*index, node, own, punches.hub));
  } else if (peer->node.allowed_ips != node.allowed_ips) {
    device.SetAllowedIps(peer->index, node.allowed_ips).IgnoreError();
  }
  const bool new_disco = is_new || peer->node.disco_key != node.disco_key;
  const bool new_endpoints = is_new || peer->node.endpoints != node.endpoints;
  const bool new_relay = is_new || peer->node.home_relay != node.home_relay;
  const bool had_no_way = !relays.connected(peer->relay) &&
                          peer->agent.path().kind != PathKind::kDirect;
  peer->node = node;
  UpdateRelayOf(*peer);
  if (new_disco && (is_new || peer->disco_key != node.disco_key)) {
    // It restarted and has not spoken to us since (then the tunnel would have
    // told the key): it cannot read what our session seals.
    const auto info = device.Info(peer->index);
    if (info && info->has_session) device.StartHandshake(now, peer->index);
    peers.SetDiscoKey(*peer, node.disco_key);
    peer->punch.OnRestart();
    peer->agent.OnDiscoKey(now, !node.disco_key.IsZero());
  }
  if (new_endpoints) peer->agent.SetEndpoints(now, node.endpoints);
  if (new_disco || new_endpoints || new_relay) {
    const bool surely_lost = had_no_way && relays.connected(peer->relay);
    device.HastenHandshake(now, peer->index, surely_lost);
  }
  FollowAgent(now, *peer);
}

void EngineState::RemovePeer(NodeId id) {
  Peer* peer = peers.Find(id);
  if (peer == nullptr) return;
  device.RemovePeer(peer->index);
  punches.hub.Forget(id);
  why.Forget(id);
  peers.Remove(id);
}

void EngineState::UpdateExpiry(Instant now) {
  expiry.next = Instant::Never();
  const absl::Duration unix_now = UnixAt(now);
  const auto judge = [&](const netmap::Node& node) {
    const bool set = node.key_expiry > absl::ZeroDuration();
    if (!set || node.key_expiry > unix_now) {
      if (set) {
        expiry.next = std::min(expiry.next, now + (node.key_expiry - unix_now));
      }
      return false;
    }
    return true;
  };
  const bool was_expired = expiry.self_expired;
  expiry.self_expired = judge(netmap->self);
  std::vector<NodeId> expired;
  for (const auto& [id, node] : netmap->peers) {
    if (judge(node) || expiry.self_expired) expired.push_back(id);
  }
  for (const NodeId id : expired) RemovePeer(id);
  if (was_expired && !expiry.self_expired) {
    for (const auto& [id, node] : netmap->peers) UpsertPeer(now, node);
  }
}

void EngineState::UpdateRelayOf(Peer& peer) {
  const RelayId home = peer.node.home_relay;
  if (relays.connected(home)) {
    peer.relay = home;
  } else if (relays.connected(peer.heard_on)) {
    peer.relay = peer.heard_on;
  } else if (relays.known(home)) {
    peer.relay = home;
  } else {
    peer.relay = relays.known(peer.heard_on) ? peer.heard_on : RelayId();
  }
  peer.agent.SetRelay(clock.now, peer.relay);
}

void EngineState::UpdateRelays(Instant now) {
  for (const auto& [id, peer] : peers.all()) {
    UpdateRelayOf(*peer);
    FollowAgent(now, *peer);
  }
  network.SetHomeAlive(now, relays.connected(network.home()));
}

void EngineState::Heard(Instant now, Peer& peer, const net::Endpoint& from) {
  if (peer.heard_on == from.relay()) return;
  peer.heard_on = from.relay();
  UpdateRelayOf(peer);
  FollowAgent(now, peer);
}

void EngineState::DrainDevice(Instant now) {
  while (const auto event = device.PollEvent()) {
    if (const auto* began = std::get_if<wg::SessionEstablished>(&*event)) {
      Peer* peer = peers.Find(began->peer);
      if (peer == nullptr) continue;
      out.events.push_back(SessionBegan{peer->node.id});
      AdvertiseDisco(now, *peer);
      peer->punch.OnSession(now);
      FollowPunch(now, *peer);
    } else if (const auto* auth = std::get_if<wg::PeerAuthenticated>(&*event)) {
      Peer* peer = peers.Find(auth->peer);
      if (peer == nullptr) continue;
      peer->agent.OnAuthentic(now, auth->endpoint);
      FollowAgent(now, *peer);
    }
  }
}

void EngineState::DrainNetwork(Instant now) {
  while (auto event = network.PollEvent()) {
    std::visit(
        Overloaded{
            [&](EndpointsChanged& changed) {
              out.events.push_back(std::move(changed));
              UpdateOwnNode();
              for (const auto& [id, peer] : peers.all()) {
                peer->agent.OnOwnEndpointsChanged(now);
                FollowAgent(now, *peer);
              }
            },
            [&](HomeRelayChanged& changed) {
              relays.SetHome(now, changed.relay);
              network.SetHomeAlive(now, relays.connected(changed.relay));
              out.events.push_back(changed);
            },
            // The driver's to do.
            [&](auto& wanted) { out.events.push_back(std::move(wanted)); },
        },
        *event);
  }
}

void EngineState::DrainRelays() {
  while (const auto wanted = relays.Poll()) out.events.push_back(*wanted);
}

std::vector<Warning> EngineState::Health() const {
  std::vector<Warning> warnings;
  if (!netmap) return warnings;
  const RelayId home = network.home();
  if (expiry.self_expired) warnings.push_back(Warning::kKeyExpired);
  if (network.udp_blocked()) warnings.push_back(Warning::kNoUdp);
  if (network.captive_portal().value_or(false)) {
    warnings.push_back(Warning::kCaptivePortal);
  }
  if (home == RelayId()) warnings.push_back(Warning::kNoHomeRelay);
  if (home != RelayId() && !relays.connected(home)) {
    warnings.push_back(Warning::kRelayDisconnected);
  }
  return warnings;
}

PeerStatus EngineState::StatusOf(const Peer& peer) const {
  PeerStatus status;
  status.id = peer.node.id;
  status.key = peer.node.node_key;
  status.path = peer.agent.path();
  status.rtt = peer.agent.rtt();
  status.active = peer.agent.active(clock.now);
  status.num_candidates = peer.agent.candidates().size();
  status.nat = peer.punch.theirs();
  status.punch = peer.punch.status();
  if (const auto info = device.Info(peer.index)) {
    status.rx_bytes = info->rx_bytes;
    status.tx_bytes = info->tx_bytes;
    status.last_handshake = info->last_handshake;
    status.has_session = info->has_session;
  }
  return status;
}

}  // namespace warren::engine
