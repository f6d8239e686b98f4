#include "core/engine/engine.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/engine/engine_state.h"

namespace warren::engine {

const char* TextOf(Warning warning) {
  switch (warning) {
    case Warning::kKeyExpired:
      return "this node's key has expired: nothing passes until you run "
             "`warren up` again";
    case Warning::kNoUdp:
      return "no STUN server answers over UDP: all traffic is relayed";
    case Warning::kCaptivePortal:
      return "this network lets nothing through until you sign in to it: open "
             "any http:// page in a browser";
    case Warning::kNoHomeRelay:
      return "no relay is known: peers behind a NAT cannot reach this node";
    case Warning::kRelayDisconnected:
      return "not connected to the home relay: peers without a direct path "
             "cannot reach this node";
  }
  return "?";
}

Engine::Engine(EngineConfig config, Rng& rng, Instant now,
               absl::Duration unix_at_now)
    : state_(std::make_unique<EngineState>(std::move(config), rng, now,
                                           unix_at_now)) {}

Engine::~Engine() = default;

void Engine::FromTun(Instant now, net::PacketBatch& plain,
                     net::PacketBatch& to_send) {
  EngineState& s = *state_;
  s.Enter(now);
  s.CheckOutbound(now, plain);
  if (!plain.empty()) s.network.NoteActivity(now);
  s.scratch.sealed.clear();
  s.device.Seal(now, plain, s.scratch.sealed);
  s.RouteAll(now, s.scratch.sealed, to_send);
  plain.clear();
  s.Settle(now);
}

void Engine::FromUdp(Instant now, net::PacketBatch& datagrams,
                     net::PacketBatch& to_tun) {
  state_->Enter(now);
  state_->SplitDatagrams(now, datagrams);
  state_->OpenInto(now, to_tun);
  state_->Settle(now);
}

void Engine::FromRelay(Instant now, RelayId relay, net::PacketBatch& frames,
                       net::PacketBatch& to_tun) {
  state_->Enter(now);
  state_->SplitFrames(now, relay, frames);
  state_->OpenInto(now, to_tun);
  state_->Settle(now);
}

absl::Status Engine::OnNetmap(Instant now, netmap::Netmap netmap) {
  state_->Enter(now);
  const absl::Status status = state_->SetNetmap(now, std::move(netmap));
  state_->Settle(now);
  return status;
}

absl::Status Engine::OnNetmapDiff(Instant now, const netmap::NetmapDiff& diff) {
  EngineState& s = *state_;
  s.Enter(now);
  if (!s.netmap || s.netmap->version != diff.from_version) {
    return absl::FailedPreconditionError(absl::StrCat(
        "netmap: a diff from version ", diff.from_version, " does not fit ",
        s.netmap ? absl::StrCat("version ", s.netmap->version)
                 : std::string("an engine without a netmap"),
        ": ask for a full netmap"));
  }
  if (diff.self && diff.self->node_key != node_key()) {
    return absl::FailedPreconditionError(
        absl::StrCat("netmap: a diff to version ", diff.to_version,
                     " is for another node key: ask for a full netmap"));
  }
  s.ApplyDiff(now, diff);
  s.Settle(now);
  return absl::OkStatus();
}

void Engine::OnLinkChange(Instant now, const LinkState& link) {
  state_->Enter(now);
  state_->SetLink(now, link);
  state_->Settle(now);
}

void Engine::Close(Instant now) {
  state_->Enter(now);
  state_->network.Close(now);
  state_->Settle(now);
}

void Engine::OnRelayConnected(Instant now, RelayId relay) {
  state_->Enter(now);
  state_->relays.OnConnected(relay, true);
  state_->UpdateRelays(now);
  for (const auto& [id, peer] : state_->peers.all()) {
    if (peer->relay != relay) continue;
    const bool had_no_way = peer->agent.path().kind != PathKind::kDirect;
    state_->device.HastenHandshake(now, peer->index, had_no_way);
    peer->agent.OnRelayUp(now);
    state_->FollowAgent(now, *peer);
  }
  state_->Settle(now);
}

void Engine::OnRelayDisconnected(Instant now, RelayId relay) {
  state_->Enter(now);
  state_->relays.OnConnected(relay, false);
  for (const auto& [id, peer] : state_->peers.all()) {
    if (peer->heard_on == relay) peer->heard_on = RelayId();
  }
  state_->UpdateRelays(now);
  state_->Settle(now);
}

void Engine::OnRelayPeerGone(Instant now, RelayId relay,
                             const crypto::NodeKey& key) {
  state_->Enter(now);
  Peer* peer = state_->peers.Find(state_->device.FindPeer(key));
  if (peer != nullptr && peer->heard_on == relay) {
    peer->heard_on = RelayId();
    state_->UpdateRelayOf(*peer);
    state_->FollowAgent(now, *peer);
  }
  // It may be about to connect; what we sent is lost in any case.
  if (peer != nullptr) state_->device.HastenHandshake(now, peer->index);
  state_->Settle(now);
}

void Engine::OnResolved(Instant now, absl::string_view hostname,
                        std::vector<net::IpAddress> addresses) {
  state_->Enter(now);
  state_->network.OnResolved(now, hostname, std::move(addresses));
  state_->Settle(now);
}

void Engine::OnExchange(Instant now, uint64_t id,
                        absl::StatusOr<std::string> response) {
  state_->Enter(now);
  state_->network.OnExchange(now, id, std::move(response));
  state_->Settle(now);
}

void Engine::OnRelayLatency(Instant now, RelayId relay,
                            std::optional<absl::Duration> latency) {
  state_->Enter(now);
  state_->network.OnRelayLatency(now, relay, latency);
  state_->Settle(now);
}

void Engine::OnUnixTime(Instant now, absl::Duration unix_at_now) {
  state_->Enter(now);
  state_->clock.anchor = now;
  state_->clock.unix_at_anchor = unix_at_now;
  if (state_->netmap) {
    // A peer that had expired by the wrong time may be back.
    for (const auto& [id, node] : state_->netmap->peers) {
      state_->UpsertPeer(now, node);
    }
    state_->UpdateExpiry(now);
  }
  state_->Settle(now);
}

void Engine::Recheck(Instant now) {
  state_->Enter(now);
  state_->network.Recheck(now);
  state_->Settle(now);
}

absl::StatusOr<uint64_t> Engine::PingPath(Instant now, NodeId id) {
  EngineState& s = *state_;
  s.Enter(now);
  Peer* peer = s.peers.Find(id);
  if (peer == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no reachable peer has the id ", id.value()));
  }
  if (peer->disco_key.IsZero()) {
    return absl::FailedPreconditionError(absl::StrCat(
        peer->node.name, " has not told its disco key yet: is it online?"));
  }
  s.network.NoteActivity(now);
  const uint64_t ping_id = s.out.last_ping_id + 1;
  const bool sent = peer->agent.Ping(now, ping_id);
  s.FollowAgent(now, *peer);
  s.Settle(now);
  if (!sent) {
    return absl::FailedPreconditionError(absl::StrCat(
        "no way to ", peer->node.name,
        ": it has no relay and no endpoint, or too many pings wait"));
  }
  s.out.last_ping_id = ping_id;
  return ping_id;
}

absl::StatusOr<uint64_t> Engine::AskWhy(Instant now, NodeId id) {
  EngineState& s = *state_;
  s.Enter(now);
  if (s.peers.Find(id) == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("no reachable peer has the id ", id.value()));
  }
  s.network.NoteActivity(now);
  const auto ask = s.why.Ask(now, id);
  s.Settle(now);
  if (!ask) {
    return absl::ResourceExhaustedError(
        "too many peers are being asked at once; try again in a moment");
  }
  return *ask;
}

void Engine::OnTimeout(Instant now) {
  EngineState& s = *state_;
  s.Enter(now);
  if (s.netmap && now >= s.expiry.next) s.UpdateExpiry(now);
  s.device.OnTimeout(now);
  s.network.OnTimeout(now);
  s.relays.OnTimeout(now);
  s.why.OnTimeout(now);
  while (Peer* peer = s.peers.TakeDue(now)) {
    peer->agent.OnTimeout(now);
    s.FollowAgent(now, *peer);
    peer->punch.OnTimeout(now);
    s.FollowPunch(now, *peer);
  }
  s.Settle(now);
}

void Engine::PollTransmit(net::PacketBatch& to_send) {
  state_->outbox.Poll(to_send);
  state_->PollDevice(state_->clock.now, to_send);
  state_->outbox.Poll(to_send);
  state_->DrainRelays();
}

void Engine::PollToTun(net::PacketBatch& to_tun) {
  state_->to_app.Poll(to_tun);
}

std::optional<EngineEvent> Engine::PollEvent() {
  auto& events = state_->out.events;
  if (events.empty()) return std::nullopt;
  EngineEvent event = std::move(events.front());
  events.pop_front();
  return event;
}

Deadline Engine::Next() const { return state_->Next(); }

const crypto::NodeKey* Engine::KeyOf(net::PeerIndex index) const {
  const Peer* peer = state_->peers.Find(index);
  return peer == nullptr ? nullptr : &peer->node.node_key;
}

net::PeerIndex Engine::FindPeer(const crypto::NodeKey& key) const {
  return state_->device.FindPeer(key);
}

std::optional<NodeId> Engine::PeerFor(const net::IpAddress& address) const {
  const Peer* peer = state_->peers.Find(state_->device.PeerFor(address));
  if (peer == nullptr) return std::nullopt;
  return peer->node.id;
}

const crypto::NodeKey& Engine::node_key() const {
  return state_->device.private_key()->public_key();
}

const crypto::DiscoKey& Engine::disco_key() const {
  return state_->disco_key.public_key();
}

const netmap::Netmap* Engine::netmap() const {
  return state_->netmap ? &*state_->netmap : nullptr;
}

RelayId Engine::home_relay() const { return state_->network.home(); }

const std::vector<net::Endpoint>& Engine::endpoints() const {
  return state_->network.endpoints();
}

std::vector<Warning> Engine::health() const { return state_->Health(); }

NetworkStatus Engine::network() const { return state_->network.Status(); }

std::vector<PeerStatus> Engine::peers() const {
  std::vector<PeerStatus> all;
  for (const auto& [id, peer] : state_->peers.all()) {
    all.push_back(state_->StatusOf(*peer));
  }
  return all;
}

std::optional<PeerStatus> Engine::peer(NodeId id) const {
  const Peer* peer = state_->peers.Find(id);
  if (peer == nullptr) return std::nullopt;
  return state_->StatusOf(*peer);
}

WhyNetwork Engine::WhyHere() const { return state_->WhyHere(); }

std::optional<WhyEnds> Engine::WhyNow(Instant now, NodeId id) const {
  const Peer* peer = state_->peers.Find(id);
  if (peer == nullptr) return std::nullopt;
  return WhyEnds{state_->WhyLocal(now, *peer),
                 state_->WhyRemote(*peer, std::nullopt)};
}

const Counters& Engine::counters() const { return state_->out.counters; }

const wg::Counters& Engine::wg_counters() const {
  return state_->device.counters();
}

absl::Duration Engine::latest_wg_stamp() const {
  return state_->device.latest_stamp();
}

}  // namespace warren::engine
