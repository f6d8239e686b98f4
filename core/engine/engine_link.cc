// The network under the tunnel: where this node is, and when that changes.

#include <algorithm>

#include "core/engine/engine_state.h"
#include "core/engine/link_change.h"

namespace warren::engine {

void EngineState::SetLink(Instant now, const LinkState& next) {
  const path::LinkChange change =
      link ? Compare(*link, next) : path::LinkChange::kMoved;
  if (change == path::LinkChange::kNone) return;
  link = next;
  network.SetLink(now, next, change);
  UpdateOwnNode();
  for (const auto& [id, peer] : peers.all()) {
    peer->agent.OnLinkChange(now, change);
    if (change == path::LinkChange::kMoved) peer->punch.OnMoved(now);
    // Behind another NAT64 the same addresses are elsewhere.
    peer->agent.SetEndpoints(now, peer->node.endpoints);
    FollowAgent(now, *peer);
  }
}

void EngineState::OnWake(Instant now) {
  network.Recheck(now);
  for (const auto& [id, peer] : peers.all()) {
    peer->agent.OnLinkChange(now, path::LinkChange::kMoved);
    peer->punch.OnMoved(now);
    FollowAgent(now, *peer);
  }
}

void EngineState::UpdateOwnNode() {
  own.endpoints = network.endpoints();
  if (!link) return;
  own.nat64_prefix = link->nat64_prefix;
  own.has_v4 = own.has_v6 = false;
  for (const net::IpAddress& address : link->addresses) {
    const uint16_t port = address.is_v4() ? link->udp4_port : link->udp6_port;
    if (port == 0) continue;
    own.endpoints.emplace_back(address, port);
    if (address.IsLoopback() || (address.is_v6() && address.IsLinkLocal())) {
      continue;
    }
    (address.is_v4() ? own.has_v4 : own.has_v6) = true;
  }
}

}  // namespace warren::engine
