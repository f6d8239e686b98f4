// What `warren why` tells: our half, the peer's half on request, and both
// joined (why.h, why_exchange.h).

#include <algorithm>
#include <memory>
#include <utility>

#include "core/engine/engine_state.h"

namespace warren::engine {
namespace {

std::optional<absl::Duration> AgeOf(Instant now, Instant then) {
  if (then == Instant::LongAgo()) return std::nullopt;
  return now - then;
}

// Of what a peer told by way of control.
OwnEndpoint Told(const net::Endpoint& endpoint) {
  const net::IpAddress& address = endpoint.address();
  const bool inside =
      address.is_v6() || address.IsPrivate() || address.IsLinkLocal();
  return {endpoint,
          inside ? EndpointOrigin::kInterface : EndpointOrigin::kStun};
}

WhyCandidate Seen(Instant now, const path::Candidate& candidate) {
  WhyCandidate out;
  out.endpoint = candidate.endpoint;
  if (candidate.in_netmap) out.sources |= WhyCandidate::kFromNetmap;
  if (candidate.in_call) out.sources |= WhyCandidate::kFromCall;
  if (now < candidate.observed_until) out.sources |= WhyCandidate::kObserved;
  out.ping_ago = AgeOf(now, candidate.last_ping);
  out.pong_ago = AgeOf(now, candidate.last_pong);
  if (candidate.rtt != absl::InfiniteDuration()) out.rtt = candidate.rtt;
  return out;
}

// A candidate that answered says more than one that never did.
bool TellsMore(const WhyCandidate& a, const WhyCandidate& b) {
  if (a.pong_ago.has_value() != b.pong_ago.has_value()) {
    return a.pong_ago.has_value();
  }
  return a.ping_ago.has_value() && !b.ping_ago.has_value();
}

}  // namespace

WhyNetwork EngineState::WhyHere() const {
  WhyNetwork here;
  const NetworkStatus status = network.Status();
  const bool works = status.udp_v4 || status.udp_v6;
  here.udp = works                   ? UdpState::kWorks
             : network.udp_blocked() ? UdpState::kBlocked
                                     : UdpState::kUnknown;
  here.nat = network.nat();
  here.mapped_v4 = status.mapped_v4.value_or(net::Endpoint());
  here.mapped_v6 = status.mapped_v6.value_or(net::Endpoint());
  for (const net::Endpoint& endpoint : network.endpoints()) {
    EndpointOrigin origin = EndpointOrigin::kGuessed;
    if (endpoint == status.port_mapping.external) {
      origin = EndpointOrigin::kPortMapped;
    } else if (endpoint == here.mapped_v4 || endpoint == here.mapped_v6) {
      origin = EndpointOrigin::kStun;
    } else if (link && std::ranges::find(link->addresses, endpoint.address()) !=
                           link->addresses.end()) {
      origin = EndpointOrigin::kInterface;
    }
    here.endpoints.push_back({endpoint, origin});
  }
  if (status.port_mapping.external) {
    here.port_map = PortMapState::kMapped;
    here.port_mapped = *status.port_mapping.external;
  } else if (absl::IsNotFound(status.port_mapping.trouble)) {
    here.port_map = PortMapState::kAbsent;
  } else if (!status.port_mapping.trouble.ok()) {
    here.port_map = PortMapState::kFailed;
  }
  here.udp_port = link ? link->udp4_port : uint16_t{0};
  here.captive_portal = status.captive_portal.value_or(false);
  here.home_relay = network.home();
  here.relay_connected = relays.connected(network.home());
  return here;
}

WhyReport EngineState::WhyOf(Instant now, const Peer& peer) const {
  WhyReport report;
  report.network = WhyHere();
  WhyWay& way = report.way;
  way.path = peer.agent.path();
  way.rtt = peer.agent.rtt();
  way.relay = peer.relay;
  way.active = peer.agent.active(now);
  way.has_disco_key = !peer.disco_key.IsZero();
  if (const auto info = device.Info(peer.index)) {
    way.has_session = info->has_session;
  }
  for (const path::Candidate& candidate : peer.agent.candidates()) {
    report.candidates.push_back(Seen(now, candidate));
  }
  std::ranges::stable_sort(report.candidates, TellsMore);
  for (const path::ProbeEvent& event : peer.agent.log().events()) {
    if (event.kind == path::ProbeKind::kMtuFound &&
        event.endpoint == way.path.endpoint) {
      way.mtu_bytes = static_cast<uint16_t>(event.count);
    }
    report.events.push_back(
        {now - event.at, event.kind, event.endpoint, event.rtt, event.count});
  }
  return report;
}

WhyEnd EngineState::WhyLocal(Instant now, const Peer& peer) const {
  WhyEnd local;
  local.name = netmap->self.name;
  local.report = WhyOf(now, peer);
  local.answered = local.native = local.online = true;
  return local;
}

WhyEnd EngineState::WhyRemote(const Peer& peer,
                              std::optional<WhyReport> answer) const {
  WhyEnd remote;
  remote.name = peer.node.name;
  remote.online = peer.node.online;
  remote.native = answer.has_value() || peer.native;
  remote.answered = answer.has_value();
  if (answer) {
    remote.report = *std::move(answer);
    return remote;
  }
  WhyNetwork& there = remote.report.network;
  for (const net::Endpoint& endpoint : peer.node.endpoints) {
    there.endpoints.push_back(Told(endpoint));
  }
  there.home_relay = peer.node.home_relay;
  if (const auto& nat = peer.punch.theirs()) {
    there.udp = nat->udp_works ? UdpState::kWorks : UdpState::kBlocked;
    there.nat = nat->behavior;
    there.mapped_v4 = nat->mapped;
  }
  return remote;
}

void EngineState::AnswerWhy(Instant now, Peer& peer,
                            const WhyRequest& request) {
  if (!why.MayAnswer(now, peer.node.id)) return;
  auto pieces = EncodeWhy(WhyOf(now, peer));
  for (size_t i = 0; i < pieces.size(); ++i) {
    SendNote(now, peer,
             WhyPiece{.id = request.id,
                      .number = static_cast<uint8_t>(i),
                      .num_pieces = static_cast<uint8_t>(pieces.size()),
                      .bytes = std::move(pieces[i])});
  }
}

void EngineState::FollowWhy(Instant now) {
  while (const auto request = why.PollRequest()) {
    Peer* peer = peers.Find(request->peer);
    if (peer != nullptr) SendNote(now, *peer, request->note);
  }
  const auto settled = [&](NodeId id) {
    const Peer* peer = peers.Find(id);
    if (peer == nullptr || peer->agent.path().kind == PathKind::kDirect) {
      return true;
    }
    const auto search = peer->agent.search(now);
    return search && now - search->since >= WhyExchange::kPatience;
  };
  while (auto done = why.PollDone(now, settled)) {
    WhyReady ready{done->id, done->peer, nullptr, done->joined};
    if (const Peer* peer = peers.Find(done->peer); peer != nullptr) {
      ready.ends = std::make_shared<const WhyEnds>(WhyEnds{
          WhyLocal(now, *peer), WhyRemote(*peer, std::move(done->report))});
    }
    out.events.push_back(std::move(ready));
  }
}

}  // namespace warren::engine
