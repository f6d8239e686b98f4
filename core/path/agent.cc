#include "core/path/agent.h"

#include <algorithm>
#include <array>

namespace warren::path {
namespace {

// From one round of pings to the next, while there is no direct path. The
// first are quick, for a lost packet; the last repeats.
constexpr std::array<absl::Duration, 6> kRoundSpacing = {
    absl::Milliseconds(300), absl::Milliseconds(700), absl::Seconds(2),
    absl::Seconds(5),        absl::Seconds(5),        absl::Seconds(15)};

constexpr absl::Duration kCallSpacing = absl::Milliseconds(200);

Score ScoreOf(const net::Endpoint& endpoint, absl::Duration rtt) {
  return {Tier::kDirect, rtt, endpoint.address().family()};
}

}  // namespace

void Agent::SetRelay(Instant now, RelayId relay) {
  reach_.relay = relay;
  ReportPath(now);
}

void Agent::SetEndpoints(Instant now,
                         std::span<const net::Endpoint> endpoints) {
  candidates_.SetFromNetmap(now, endpoints, BestEndpoint());
  // Addresses that were unknown until this moment should not wait for a round.
  if (active(now) && !Trusted(now)) PingAll(now);
}

void Agent::OnDiscoKey(Instant now, bool has_key) {
  reach_.has_disco_key = has_key;
  pings_.Clear();
  if (best_) best_->trusted_until = now;
  if (!has_key) return DropBest(now);
  if (active(now)) StartDiscovery(now);
}

Route Agent::OnSend(Instant now) {
  NoteActivity(now);
  if (Trusted(now)) {
    liveness_.OnSent(now, best_->rtt);
    return {best_->endpoint, false};
  }
  if (best_) liveness_.Doubt(now);
  if (discovery_.next.IsNever()) StartDiscovery(now);
  return {BestEndpoint(), reach_.relay != RelayId()};
}

void Agent::OnAuthentic(Instant now, const net::Endpoint& from) {
  if (from.IsRelay()) return;
  if (best_ && best_->endpoint == from) {
    // It proves their way to us, not ours to them, so trust stays as it is.
    if (Trusted(now)) liveness_.OnAnswer();
    return;
  }
  // Once a second is enough: this is called for each packet.
  if (activity_.heard_at == from && now - activity_.heard < absl::Seconds(1)) {
    return;
  }
  activity_.heard_at = from;
  activity_.heard = now;
  AskBack(now, from);
}

void Agent::OnPing(Instant now, const net::Endpoint& from) {
  Log({.at = now, .kind = ProbeKind::kPingReceived, .endpoint = from});
  AskBack(now, from);
}

void Agent::AskBack(Instant now, const net::Endpoint& from) {
  if (from.IsRelay() || !reach_.has_disco_key) return;
  Candidate* candidate = candidates_.Observe(now, from);
  if (candidate == nullptr) return;
  // Their packet came through, so ours may: ask at once, not at the next round.
  // Even if we asked a moment ago: that may have met a NAT still closed.
  const bool proven = now - candidate->last_pong < kTrust;
  if (!proven && now - candidate->last_ping_back >= kPingBackSpacing) {
    candidate->last_ping_back = now;
    PingCandidate(now, *candidate);
  }
}

bool Agent::OnPong(Instant now, const disco::TxId& txid) {
  const std::optional<SentPing> ping = pings_.Take(txid);
  if (!ping) return false;
  const absl::Duration rtt = now - ping->sent_at;
  Log({.at = now,
       .kind = ProbeKind::kPongReceived,
       .endpoint = ping->to,
       .rtt = rtt});
  OnUserPong(now, *ping);
  if (ping->to.IsRelay()) return true;
  Candidate* candidate = candidates_.Find(ping->to);
  if (candidate == nullptr) return true;  // It was withdrawn meanwhile.
  candidate->last_pong = now;
  candidate->rtt = rtt;
  ConsiderBest(now, *candidate);
  return true;
}

void Agent::OnCallMeMaybe(Instant now,
                          std::span<const net::Endpoint> endpoints) {
  if (!reach_.has_disco_key) return;
  activity_.called_us = now;
  Log({.at = now,
       .kind = ProbeKind::kCallReceived,
       .count = static_cast<uint32_t>(endpoints.size())});
  candidates_.SetFromCall(now, endpoints, BestEndpoint());
  // Both sides ping at about the same time: that opens both NATs. Also when we
  // have a path: a peer that calls has none, so ours may be dead.
  PingAll(now);
}

bool Agent::Ping(Instant now, uint64_t ping_id) {
  const bool has_relay = reach_.relay != RelayId();
  if (!reach_.has_disco_key) return false;
  if (!best_ && !has_relay && candidates_.all().empty()) return false;
  if (!user_pings_.Add(ping_id, now + PingLedger::kTimeout)) return false;
  NoteActivity(now);
  if (best_) SendPingTo(now, best_->endpoint, ping_id);
  if (Trusted(now)) return true;
  if (has_relay) SendPingTo(now, net::Endpoint::Relay(reach_.relay), ping_id);
  if (best_) liveness_.Doubt(now);
  for (Candidate& candidate : candidates_.all()) {
    if (best_ && candidate.endpoint == best_->endpoint) continue;
    if (!PingCandidate(now, candidate, ping_id)) break;
  }
  if (discovery_.next.IsNever()) StartDiscovery(now);
  return true;
}

void Agent::OnLinkChange(Instant now) {
  Log({.at = now, .kind = ProbeKind::kLinkChanged});
  pings_.Clear();
  for (Candidate& candidate : candidates_.all()) {
    candidate.last_ping = Instant::LongAgo();
    candidate.last_pong = Instant::LongAgo();
  }
  if (best_) {
    DropBest(now);
  } else if (active(now)) {
    StartDiscovery(now);
  }
}

void Agent::OnOwnEndpointsChanged(Instant now) {
  const bool awaited = now - activity_.called_us < kCallerWaits;
  if ((active(now) || awaited) && !Trusted(now)) CallPeer(now);
}

void Agent::OnTimeout(Instant now) {
  ExpirePings(now);
  if (now >= liveness_.Next()) OnLivenessTimeout(now);
  if (now >= activity_.heartbeat) OnHeartbeat(now);
  if (now >= discovery_.next) RunDiscovery(now);
}

std::optional<Action> Agent::PollAction() {
  if (out_.actions.empty()) return std::nullopt;
  const Action action = out_.actions.front();
  out_.actions.pop_front();
  return action;
}

Instant Agent::Next() const {
  return std::min({pings_.Next(), liveness_.Next(), activity_.heartbeat,
                   discovery_.next, user_pings_.Next()});
}

Path Agent::path() const {
  if (best_) return {PathKind::kDirect, best_->endpoint};
  if (reach_.relay == RelayId()) return {};
  return {PathKind::kRelay, net::Endpoint::Relay(reach_.relay)};
}

std::optional<absl::Duration> Agent::rtt() const {
  if (!best_) return std::nullopt;
  return best_->rtt;
}

std::optional<Search> Agent::search(Instant now) const {
  if (!active(now) || Trusted(now) || discovery_.next.IsNever()) {
    return std::nullopt;
  }
  return Search{discovery_.since, discovery_.round};
}

bool Agent::Trusted(Instant now) const {
  return best_ && now < best_->trusted_until && !liveness_.in_doubt();
}

net::Endpoint Agent::BestEndpoint() const {
  return best_ ? best_->endpoint : net::Endpoint();
}

void Agent::NoteActivity(Instant now) {
  activity_.until = now + kActive;
  if (activity_.heartbeat.IsNever()) activity_.heartbeat = now + kHeartbeat;
}

void Agent::StartDiscovery(Instant now) {
  if (!reach_.has_disco_key) return;
  discovery_.round = 0;
  discovery_.since = now;
  RunDiscovery(now);
}

void Agent::RunDiscovery(Instant now) {
  if (!active(now)) {
    discovery_.next = Instant::Never();
    return;
  }
  PingAll(now);
  CallPeer(now);
  const size_t round = std::min<size_t>(static_cast<size_t>(discovery_.round),
                                        kRoundSpacing.size() - 1);
  ++discovery_.round;
  discovery_.next =
      Trusted(now) ? Instant::Never() : now + kRoundSpacing[round];
}

void Agent::PingAll(Instant now) {
  if (!reach_.has_disco_key) return;
  candidates_.Expire(now, BestEndpoint());
  discovery_.last = now;
  for (Candidate& candidate : candidates_.all()) {
    if (now - candidate.last_ping >= kPingSpacing) {
      PingCandidate(now, candidate);
    }
  }
}

bool Agent::PingCandidate(Instant now, Candidate& candidate, uint64_t ping_id) {
  if (!budget_.Take(now)) {
    Log({.at = now,
         .kind = ProbeKind::kProbesRefused,
         .endpoint = candidate.endpoint});
    return false;
  }
  candidate.last_ping = now;
  SendPingTo(now, candidate.endpoint, ping_id);
  return true;
}

// Stock calls only after it sent a ping; a call without one costs less than
// the time it saves when the netmap names no endpoint of the peer.
void Agent::CallPeer(Instant now) {
  if (reach_.relay == RelayId() || now - discovery_.last_call < kCallSpacing)
    return;
  discovery_.last_call = now;
  out_.actions.push_back(SendCallMeMaybe{});
}

void Agent::SendPingTo(Instant now, const net::Endpoint& to, uint64_t ping_id) {
  const SentPing& ping = pings_.Add(now, rng_, to, ping_id);
  Log({.at = now, .kind = ProbeKind::kPingSent, .endpoint = to});
  out_.actions.push_back(SendPing{to, ping.txid});
}

void Agent::ConsiderBest(Instant now, const Candidate& candidate) {
  const bool same = best_ && best_->endpoint == candidate.endpoint;
  if (!same && Trusted(now) &&
      !WorthSwitching(ScoreOf(best_->endpoint, best_->rtt),
                      ScoreOf(candidate.endpoint, candidate.rtt))) {
    return;
  }
  best_ = Best{candidate.endpoint, candidate.rtt, now + kTrust};
  liveness_.OnAnswer();
  discovery_.next = Instant::Never();
  ReportPath(now);
}

void Agent::DropBest(Instant now) {
  if (!best_) return;
  Log({.at = now, .kind = ProbeKind::kPathLost, .endpoint = best_->endpoint});
  best_.reset();
  liveness_.OnAnswer();
  ReportPath(now);
  if (active(now)) StartDiscovery(now);
}

void Agent::ReportPath(Instant now) {
  const Path current = path();
  if (current == out_.reported) return;
  out_.reported = current;
  Log({.at = now, .kind = ProbeKind::kPathTaken, .endpoint = current.endpoint});
  out_.actions.push_back(PathTaken{current});
}

void Agent::OnUserPong(Instant now, const SentPing& ping) {
  if (!user_pings_.Take(ping.ping_id)) return;
  const PathKind kind =
      ping.to.IsRelay() ? PathKind::kRelay : PathKind::kDirect;
  out_.actions.push_back(
      PingAnswered{ping.ping_id, {kind, ping.to}, now - ping.sent_at});
}

void Agent::OnHeartbeat(Instant now) {
  if (!active(now)) {  // Nobody wants the peer: be silent until somebody does.
    activity_.heartbeat = Instant::Never();
    discovery_.next = Instant::Never();
    liveness_.OnAnswer();
    return;
  }
  activity_.heartbeat = now + kHeartbeat;
  if (!best_) {
    if (discovery_.next.IsNever()) StartDiscovery(now);
    return;
  }
  SendPingTo(now, best_->endpoint, 0);
  if (!Trusted(now)) {
    liveness_.Doubt(now);
    if (discovery_.next.IsNever()) StartDiscovery(now);
  } else if (best_->rtt > kGoodEnough && now - discovery_.last >= kUpgrade) {
    PingAll(now);
    CallPeer(now);
  }
}

void Agent::OnLivenessTimeout(Instant now) {
  if (!best_) return liveness_.OnAnswer();
  switch (liveness_.OnTimeout(now, best_->rtt)) {
    case Liveness::Step::kNothing:
      break;
    case Liveness::Step::kProbe:
      if (liveness_.just_doubted()) {
        Log({.at = now,
             .kind = ProbeKind::kPathDoubted,
             .endpoint = best_->endpoint});
      }
      SendPingTo(now, best_->endpoint, 0);
      if (liveness_.in_doubt() && discovery_.next.IsNever()) {
        StartDiscovery(now);
      }
      break;
    case Liveness::Step::kDead:
      DropBest(now);
      break;
  }
}

void Agent::ExpirePings(Instant now) {
  while (const auto ping = pings_.TakeTimedOut(now)) {
    Log({.at = now, .kind = ProbeKind::kPingLost, .endpoint = ping->to});
  }
  while (const auto ping_id = user_pings_.TakeTimedOut(now)) {
    out_.actions.push_back(PingAnswered{*ping_id, path(), std::nullopt});
  }
}

}  // namespace warren::path
