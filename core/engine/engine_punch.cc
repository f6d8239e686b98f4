// Getting through hard NATs: what core/path/punch.h wants of the rest.

#include <algorithm>

#include "core/base/overloaded.h"
#include "core/engine/engine_state.h"
#include "core/stun/stun.h"

namespace warren::engine {

static_assert(path::PunchHub::kFirstSocket == kFirstPunchSocket);

void EngineState::UpdateOwnNat(Instant now) {
  NatNote note;
  note.behavior = network.nat();
  note.mapped = network.mapped_v4().value_or(net::Endpoint());
  note.udp_works = note.mapped.IsSet() && !network.udp_blocked();
  // STUN has not told yet: peers are not told a guess.
  if (!note.mapped.IsSet() && !network.udp_blocked()) return;
  if (!punches.hub.SetOwnNat(note)) return;
  for (const auto& [id, peer] : peers.all()) {
    peer->punch.OnOwnNat(now);
    FollowPunch(now, *peer);
  }
}

// Not at once: what a punch wants may be a packet in the tunnel, and this may
// be called while such packets are on their way.
void EngineState::FollowPunch(Instant, Peer& peer) {
  if (peer.punch.has_actions()) punches.with_actions.insert(peer.node.id);
  peers.Reschedule(peer);
}

void EngineState::SettlePunches(Instant now) {
  while (const auto turn = punches.hub.TakeGranted()) {
    Peer* peer = peers.Find(turn->peer);
    if (peer == nullptr) continue;
    peer->punch.OnTurn(now, turn->first_socket);
    FollowPunch(now, *peer);
  }
  while (!punches.with_actions.empty()) {
    const auto first = punches.with_actions.begin();
    Peer* peer = peers.Find(*first);
    punches.with_actions.erase(first);
    if (peer != nullptr) DoPunchActions(now, *peer);
  }
  while (const auto change = punches.hub.PollSockets()) {
    for (const auto& [id, peer] : peers.all()) {
      if (change->wanted) break;
      peer->agent.OnSocketsClosed(now, change->first, change->count);
      FollowAgent(now, *peer);
    }
    out.events.push_back(
        SocketsWanted{change->first, change->count, change->wanted});
  }
}

void EngineState::DoPunchActions(Instant now, Peer& peer) {
  const auto log = [&](path::ProbeKind kind, const net::Endpoint& target,
                       uint32_t count) {
    peer.agent.log().Add(
        {.at = now, .kind = kind, .endpoint = target, .count = count});
  };
  while (const auto action = peer.punch.PollAction()) {
    std::visit(Overloaded{
                   [&](const path::PunchPing& ping) {
                     SendPunchPing(now, peer, ping);
                   },
                   [&](const path::PunchMeasure& measure) {
                     Measure(now, peer, measure.socket);
                   },
                   [&](const path::TellNat& tell) {
                     SendNote(now, peer, tell.note, Intent::kAside);
                   },
                   [&](const path::TellPunch& tell) {
                     SendNote(now, peer, tell.note, Intent::kAside);
                   },
                   [&](const path::PunchStarted& started) {
                     log(path::ProbeKind::kPunchStarted, started.target,
                         started.num_planned);
                   },
                   [&](const path::PunchEnded& ended) {
                     log(path::ProbeKind::kPunchEnded, ended.target,
                         ended.num_sent);
                   },
               },
               *action);
  }
}

void EngineState::SendPunchPing(Instant now, Peer& peer,
                                const path::PunchPing& ping) {
  disco::Ping message;
  rng.Fill(message.txid);
  message.node_key = device.private_key()->public_key();
  SendDisco(now, peer, message, ping.to);
  ++out.counters.punch_sent;
}

void EngineState::Measure(Instant, Peer& peer, uint16_t socket) {
  const auto server = network.stun_server_v4();
  if (!server) return;
  auto& questions = punches.questions;
  if (questions.size() == Punches::kMaxQuestions) questions.pop_front();
  const stun::TxId txid = stun::NewTxId(rng);
  questions.push_back({txid, peer.node.id, socket});
  if (outbox.Push(stun::BuildRequest(txid), server->Through(socket),
                  net::kNoPeer)) {
    ++out.counters.stun_sent;
  } else {
    out.counters.Count(Drop::kSendFull);
  }
}

bool EngineState::OnMeasured(Instant now, const net::Packet& datagram) {
  if (datagram.endpoint.socket() < kFirstPunchSocket) return false;
  const auto response = stun::ParseResponse(datagram.bytes());
  if (!response.ok()) return false;
  auto& questions = punches.questions;
  const auto it =
      std::ranges::find(questions, response->txid, &Punches::Question::txid);
  if (it == questions.end()) return false;
  const Punches::Question question = *it;
  questions.erase(it);
  Peer* peer = peers.Find(question.peer);
  if (peer == nullptr) return true;
  peer->punch.OnMeasured(now, question.socket, response->seen);
  FollowPunch(now, *peer);
  return true;
}

}  // namespace warren::engine
