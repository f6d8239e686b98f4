// What finds and keeps the ways to peers: disco, STUN, TSMP.

#include <utility>

#include "core/base/overloaded.h"
#include "core/engine/engine_state.h"
#include "core/engine/tsmp.h"
#include "core/stun/stun.h"

namespace warren::engine {
namespace {

// A mapping that STUN saw may be gone after this: NATs keep it for 30 s at
// least (RFC 4787 asks for 2 minutes).
constexpr absl::Duration kFreshForAnswer = absl::Seconds(20);
// We call because a way is lost or was never there; most often our mapping is
// what changed. Also bounds how often STUN is asked on behalf of peers.
constexpr absl::Duration kFreshForCall = absl::Seconds(5);

// A punch costs much, so it is for peers that we sent to so lately.
constexpr absl::Duration kPunchFor = absl::Seconds(15);

// Null if nothing can be said to the peer with such a key.
const crypto::BoxSharedKey* BoxOf(const crypto::DiscoPrivateKey& mine,
                                  Peer& peer) {
  if (!peer.disco_box) {
    peer.disco_box = crypto::BoxSharedKey::Create(mine, peer.disco_key);
  }
  return peer.disco_box ? &*peer.disco_box : nullptr;
}

}  // namespace

void EngineState::OnStun(Instant now, const net::Packet& datagram) {
  ++out.counters.stun_received;
  if (!OnMeasured(now, datagram) &&
      !network.OnStun(now, own.Origin(datagram.endpoint), datagram.bytes())) {
    out.counters.Count(Drop::kBadStun);
  }
}

void EngineState::OnPortMapping(Instant now, const net::Packet& datagram) {
  if (!network.OnPortMapping(now, datagram.endpoint, datagram.bytes())) {
    out.counters.Count(Drop::kBadPortMapping);
  }
}

void EngineState::OnDisco(Instant now, Bytes datagram,
                          const net::Endpoint& from, Peer* relay_source) {
  ++out.counters.disco_received;
  const auto sender = disco::SenderOf(datagram);
  const std::vector<Peer*> senders =
      sender ? peers.FindByDisco(*sender) : std::vector<Peer*>();
  const auto* box = senders.empty() ? nullptr : BoxOf(disco_key, *senders[0]);
  if (box == nullptr) return out.counters.Count(Drop::kBadDisco);
  const auto message = disco::Open(datagram, *box);
  if (!message.ok()) return out.counters.Count(Drop::kBadDisco);
  // By relay: the node that sent it must be the one that sealed it.
  if (relay_source != nullptr && relay_source->disco_key != *sender) {
    return out.counters.Count(Drop::kBadDisco);
  }
  std::visit(Overloaded{
                 [&](const disco::Ping& ping) {
                   Peer& asker =
                       relay_source != nullptr ? *relay_source : *senders[0];
                   if (asker.agent.OnPing(now, ping.txid, from)) {
                     SendDisco(now, asker, disco::Pong{ping.txid, from}, from);
                   }
                   for (Peer* peer : senders) {
                     NoteHeard(now, *peer, from);
                     if (peer != &asker) {
                       peer->agent.OnPing(now, ping.txid, from);
                     }
                     FollowAgent(now, *peer);
                   }
                 },
                 [&](const disco::Pong& pong) {
                   for (Peer* peer : senders) {
                     NoteHeard(now, *peer, from);
                     const bool taken = peer->agent.OnPong(now, pong.txid);
                     FollowAgent(now, *peer);
                     if (taken) break;
                   }
                 },
                 [&](const disco::CallMeMaybe& call) {
                   if (relay_source == nullptr) return;
                   // Our mapping may be probed: it should be there.
                   if (relay_source->punch.theirs() && !network.udp_blocked()) {
                     network.Refresh(now, kFreshForAnswer);
                   }
                   relay_source->punch.OnCalled(now);
                   relay_source->agent.OnCallMeMaybe(now, call.endpoints);
                   FollowAgent(now, *relay_source);
                 },
                 // Of peer relays, which this engine neither is nor uses.
                 [](const auto&) {},
             },
             *message);
}

void EngineState::SendDisco(Instant now, Peer& peer,
                            const disco::Message& message,
                            const net::Endpoint& to) {
  const crypto::BoxSharedKey* box = BoxOf(disco_key, peer);
  if (box == nullptr) return;
  if (to.IsRelay() && !relays.Use(now, to.relay())) {
    return out.counters.Count(Drop::kNoPath);
  }
  const std::vector<uint8_t> bytes =
      disco::Seal(message, disco_key.public_key(), *box, rng);
  if (!outbox.Push(bytes, to, peer.index)) {
    return out.counters.Count(Drop::kSendFull);
  }
  ++out.counters.disco_sent;
}

void EngineState::OnTsmp(Instant now, Peer& peer, Bytes bytes,
                         const net::IpPacket& packet) {
  const auto message = ParseTsmp(packet);
  if (!message) return;
  if (const auto* ping = std::get_if<TsmpPing>(&*message)) {
    return SendInner(now, peer, BuildTsmpPong(bytes, packet, *ping));
  }
  if (const auto* note = std::get_if<PeerNote>(&*message)) {
    return OnNote(now, peer, *note);
  }
  const auto& advert = std::get<TsmpDiscoAdvert>(*message);
  if (advert.key == peer.disco_key) return;
  peers.SetDiscoKey(peer, advert.key);
  peer.punch.OnRestart();
  peer.punch.OnSession(now);
  peer.agent.OnDiscoKey(now, true);
  FollowAgent(now, peer);
}

std::optional<std::pair<net::IpAddress, net::IpAddress>>
EngineState::InnerAddresses(const Peer& peer) const {
  for (const net::IpAddress& from : netmap->self.addresses) {
    for (const net::IpAddress& to : peer.node.addresses) {
      if (from.family() == to.family()) return std::pair(from, to);
    }
  }
  return std::nullopt;
}

void EngineState::AdvertiseDisco(Instant now, Peer& peer) {
  const auto way = InnerAddresses(peer);
  if (!way) return;
  SendInner(now, peer,
            BuildTsmpAdvert(way->first, way->second, disco_key.public_key()));
}

void EngineState::SendStun() {
  while (const auto probe = network.PollProbe()) {
    // Through a NAT64, it tells how IPv4 peers see us.
    const net::Endpoint to = own.WayTo(probe->to);
    const bool sent =
        probe->ask == netcheck::Ask::kAddress
            ? outbox.Push(stun::BuildRequest(probe->txid), to, net::kNoPeer)
            : outbox.Push(
                  stun::BuildExtendedRequest(
                      probe->txid, probe->ask == netcheck::Ask::kChangePort),
                  to, net::kNoPeer);
    if (sent) {
      ++out.counters.stun_sent;
    } else {
      out.counters.Count(Drop::kSendFull);
    }
  }
}

void EngineState::SendPortMapping() {
  while (const auto datagram = network.PollPortMapping()) {
    if (!outbox.Push(datagram->bytes, datagram->to, net::kNoPeer)) {
      out.counters.Count(Drop::kSendFull);
    }
  }
}

void EngineState::FollowAgent(Instant now, Peer& peer) {
  while (const auto action = peer.agent.PollAction()) {
    std::visit(
        Overloaded{
            [&](const path::SendPing& ping) {
              disco::Ping message;
              message.txid = ping.txid;
              message.node_key = device.private_key()->public_key();
              message.padding = disco::PaddingFor(ping.size);
              SendDisco(now, peer, message, ping.to);
            },
            [&](const path::SendCallMeMaybe&) {
              // What is known goes out at once; if it proves stale, another
              // call follows (Agent::OnOwnEndpointsChanged).
              network.Refresh(now, kFreshForCall);
              // An empty list would wipe what the peer knows (specs trap 27).
              if (network.endpoints().empty()) return;
              SendDisco(now, peer, disco::CallMeMaybe{network.endpoints()},
                        net::Endpoint::Relay(peer.relay));
              peer.agent.log().Add(
                  {.at = now,
                   .kind = path::ProbeKind::kCallSent,
                   .count = static_cast<uint32_t>(network.endpoints().size())});
            },
            [&](const path::PathTaken& taken) {
              out.events.push_back(PathChanged{peer.node.id, taken.path});
            },
            [&](const path::PingAnswered& answer) {
              out.events.push_back(PingResult{answer.ping_id, peer.node.id,
                                              answer.path, answer.rtt});
            },
        },
        *action);
  }
  const bool in_use =
      peer.agent.active(now + (path::Agent::kActive - kPunchFor));
  peer.punch.OnPath(now, peer.agent.path(), in_use);
  FollowPunch(now, peer);
}

}  // namespace warren::engine
