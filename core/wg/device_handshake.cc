// The handshakes of a Device: who may begin one, and what it costs us.

#include <algorithm>
#include <utility>

#include "core/base/bytes.h"
#include "core/crypto/x25519.h"
#include "core/wg/device_state.h"
#include "core/wg/message.h"
#include "core/wg/source.h"

namespace warren::wg {

using net::Packet;

Drop Device::State::Admit(Instant now, const Packet& packet) {
  const Bytes message = packet.bytes();
  if (!identity->checker.HasMac1(message)) return Drop::kBadMac1;
  if (load.IsUnderLoad(now)) {
    const Source source(packet.endpoint, packet.peer);
    if (!identity->checker.HasMac2(now, message, source.bytes())) {
      const auto reply = WriteCookieReply(
          identity->checker.Refuse(now, rng, message, source.bytes()));
      Transmit(packet.peer, packet.endpoint, reply);
      ++counters.cookies_sent;
      return Drop::kCookieDemanded;
    }
    if (!limiter.Take(now, source)) return Drop::kRateLimited;
  }
  return load.Admit(now) ? Drop::kNone : Drop::kHandshakeFlood;
}

Drop Device::State::OnInitiation(Instant now, const Packet& packet) {
  const auto message = ParseInitiation(packet.bytes());
  if (!message) return Drop::kBadLength;
  const Drop refused = Admit(now, packet);
  if (refused != Drop::kNone) return refused;

  auto claim = ReadClaim(identity->key, *message);
  if (!claim) return Drop::kBadHandshake;
  const auto found = by_key.find(claim->static_key);
  if (found == by_key.end()) return Drop::kUnknownPeer;
  Peer& peer = *peers[found->second];
  const crypto::SharedSecret* const ss = StaticStatic(peer);
  if (ss == nullptr) return Drop::kBadHandshake;
  const auto stamp = ReadStamp(*ss, *message, *claim);
  if (!stamp) return Drop::kBadHandshake;
  HandshakeMemory& memory = peer.handshakes;
  if (*stamp <= memory.greatest_received) return Drop::kOldTimestamp;
  if (now - memory.accepted_at <= kMinInitiationInterval) {
    return Drop::kTooSoon;
  }
  memory.greatest_received = *stamp;
  memory.accepted_at = now;
  ++counters.initiations_accepted;
  OnAuthentic(now, peer, packet.endpoint, packet.size);
  return SendResponse(now, peer, *std::move(claim), packet.endpoint);
}

Drop Device::State::SendResponse(Instant now, Peer& peer, Claim claim,
                                 const net::Endpoint& to) {
  const uint32_t remote = claim.sender;
  IndexLease local(indices, rng, peer.index);
  const auto responded =
      Respond(std::move(claim), peer.psk, local.value(), rng);
  if (!responded) return Drop::kBadHandshake;
  peer.sessions.BeginAsResponder(std::make_unique<Session>(
      Role::kResponder, std::move(local), remote, responded->keys, now));
  peer.timers.OnSessionDerived(now);
  ++counters.responses_sent;
  auto bytes = WriteResponse(responded->message);
  SendHandshake(now, peer, to, bytes);
  return Drop::kNone;
}

Drop Device::State::OnResponse(Instant now, const Packet& packet) {
  const auto message = ParseResponse(packet.bytes());
  if (!message) return Drop::kBadLength;
  const Drop refused = Admit(now, packet);
  if (refused != Drop::kNone) return refused;

  const IndexTable::Owner* const owner = indices.Find(message->receiver);
  if (owner == nullptr || owner->session != nullptr) {
    return Drop::kUnknownIndex;
  }
  Peer& peer = *peers[owner->peer];
  const auto keys =
      Finish(peer.pending->state, identity->key, peer.psk, *message);
  if (!keys) return Drop::kBadHandshake;
  ++counters.responses_accepted;
  OnAuthentic(now, peer, packet.endpoint, packet.size);
  peer.sessions.BeginAsInitiator(std::make_unique<Session>(
      Role::kInitiator, std::move(peer.pending->index), message->sender, *keys,
      now));
  peer.pending.reset();
  peer.timers.OnSessionDerived(now);
  OnEstablished(now, peer, Role::kInitiator);
  Schedule(peer);
  return Drop::kNone;
}

Drop Device::State::OnCookieReply(Instant now, const Packet& packet) {
  const auto reply = ParseCookieReply(packet.bytes());
  if (!reply) return Drop::kBadLength;
  // It may answer an initiation, or a response, which has a session.
  const IndexTable::Owner* const owner = indices.Find(reply->receiver);
  if (owner == nullptr) return Drop::kUnknownIndex;
  Peer& peer = *peers[owner->peer];
  if (!peer.cookies.Take(now, peer.key, *reply)) return Drop::kForged;
  ++counters.cookies_accepted;
  return Drop::kNone;
}

void Device::State::SendInitiation(Instant now, Peer& peer, bool is_retry) {
  HandshakeMemory& memory = peer.handshakes;
  if (!CanReach(peer)) return;
  // What wants a session while a series runs waits for its next attempt.
  if (!is_retry && peer.timers.IsRetransmitting()) return;
  if (!is_retry) {
    memory.retries = 0;
    memory.may_hurry = false;
  }
  const bool may_hurry = is_retry && std::exchange(memory.may_hurry, false);
  if (!may_hurry && now - memory.sent_at < kRekeyTimeout) {
    // Too soon after our last message, perhaps a response. It is not forgotten:
    // unless the handshake of that response completes, this one follows.
    peer.timers.PostponeRetransmission(memory.sent_at, jitter);
    Schedule(peer);
    return;
  }
  const crypto::SharedSecret* const ss = StaticStatic(peer);
  const absl::Duration stamp = clock.UnixAt(now);
  IndexLease local(indices, rng, peer.index);
  std::optional<Started> started;
  if (ss != nullptr) {
    started = Initiate(identity->key.public_key(), peer.key, *ss, local.value(),
                       StampOf(stamp), rng);
  }
  if (!started) {  // A key of low order: nobody is there, ever.
    DropStage(peer);
    return;
  }
  clock.latest_stamp = std::max(clock.latest_stamp, stamp);
  peer.pending.emplace(
      PendingHandshake{std::move(local), std::move(started->state)});
  ++counters.initiations_sent;
  peer.timers.OnInitiationSent(now, jitter);
  auto bytes = WriteInitiation(started->message);
  SendHandshake(now, peer, peer.where.endpoint, bytes);
}

void Device::State::SendHandshake(Instant now, Peer& peer,
                                  const net::Endpoint& to,
                                  MutableBytes message) {
  peer.cookies.WriteMacs(now, peer.key, message);
  peer.handshakes.sent_at = now;
  peer.traffic.tx_bytes += message.size();
  peer.timers.OnAuthenticSent(now);
  Schedule(peer);
  Transmit(peer.index, to, message);
}

void Device::State::Transmit(PeerIndex peer, const net::Endpoint& to,
                             Bytes message) {
  OwnedPacket owned(message);
  owned.packet().peer = peer;
  owned.packet().endpoint = to;
  if (!outbox.Add(std::move(owned))) counters.Count(Drop::kTransmitFull);
}

const crypto::SharedSecret* Device::State::StaticStatic(Peer& peer) const {
  if (!peer.static_static) {
    peer.static_static = crypto::X25519(identity->key, peer.key);
  }
  return peer.static_static ? &*peer.static_static : nullptr;
}

}  // namespace warren::wg
