// What comes in and goes out: traffic, disco, pings that people ask for.

#include "core/path/agent.h"

#include <algorithm>
#include <limits>

namespace warren::path {
namespace {

// What WireGuard puts around an inner packet, beside padding to 16 bytes.
constexpr uint16_t kWireGuardOverhead = 32;
constexpr size_t kPadding = 16;
// Of one sample in the smoothed round-trip time: a path is not worth leaving
// for one slow pong.
constexpr double kRttGain = 0.25;

}  // namespace

Agent::Agent(OwnNode& own)
    : own_(own),
      candidates_(own),
      mtu_(static_cast<uint16_t>(own.mtu_bytes + kWireGuardOverhead)) {}

void Agent::SetRelay(Instant now, RelayId relay) {
  const bool is_first = reach_.relay == RelayId() && relay != RelayId();
  if (relay != reach_.relay) reach_.relay_rtt.reset();
  reach_.relay = relay;
  ReportPath(now);
  if (is_first) OnRelayUp(now);
}

void Agent::OnRelayUp(Instant now) {
  if (!active(now) || !NeedsSearch(now)) return;
  discovery_.last_call = Instant::LongAgo();  // It was not heard.
  StartDiscovery(now);
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
  if (best_) best_->trusted_until = Instant::LongAgo();
  if (!has_key) return DropBest(now);
  if (active(now)) StartDiscovery(now);
}

Route Agent::OnSend(Instant now, size_t size) {
  NoteActivity(now);
  const bool has_relay = reach_.relay != RelayId();
  if (!Trusted(now)) {
    if (best_) liveness_.Suspect(now);
    SearchIfNeeded(now);
  }
  if (!best_) return {net::Endpoint(), has_relay};
  mtu_.OnSent(now, size);
  const MtuProber::Fit fit = mtu_.FitOf(size);
  if (fit == MtuProber::Fit::kNo && has_relay) return {net::Endpoint(), true};
  const bool sure = Trusted(now) && fit != MtuProber::Fit::kUnknown;
  if (Trusted(now)) liveness_.OnSent(now, best_->rtt);
  return {best_->endpoint, has_relay && !sure};
}

Route Agent::WayNow(Instant now) const {
  return {BestEndpoint(), !Trusted(now) && reach_.relay != RelayId()};
}

void Agent::OnAuthentic(Instant now, const net::Endpoint& from) {
  if (from.IsRelay()) return;
  if (best_ && best_->endpoint == from) {
    // It proves their way to us, not ours to them, so trust stays as it is.
    return liveness_.OnTraffic(now, best_->rtt);
  }
  // Once a second is enough: this is called for each packet.
  if (activity_.heard_at == from && now - activity_.heard < absl::Seconds(1)) {
    return;
  }
  activity_.heard_at = from;
  activity_.heard = now;
  AskBack(now, from);
}

bool Agent::OnPing(Instant now, const disco::TxId& txid,
                   const net::Endpoint& from) {
  if (!bounds_.replies.Note(txid)) return false;
  Log(now, ProbeKind::kPingReceived, from);
  if (from.IsRelay()) return true;
  AskBack(now, from);
  const Candidate* candidate = candidates_.Find(from);
  const bool proven =
      candidate != nullptr &&
      now - candidate->last_pong < CandidateSet::kObservedLifetime;
  return proven || (bounds_.replies.Take(now) && own_.pongs.Take(now));
}

void Agent::AskBack(Instant now, const net::Endpoint& from) {
  if (!reach_.has_disco_key) return;
  Candidate* candidate = candidates_.Observe(now, from);
  if (candidate == nullptr) return;
  if (BestEndpoint() == from && !NeedsSearch(now)) return;
  // Their packet came through, so ours may: ask at once, not at the next round.
  // Even if we asked a moment ago: that may have met a NAT still closed.
  const bool proven = now - candidate->last_pong < kTrust;
  if (proven || now - candidate->last_ping_back < kPingBackSpacing) return;
  candidate->last_ping_back = now;
  PingCandidate(now, *candidate);
  // If they left the address that we use, we should know soon.
  if (best_ && active(now)) liveness_.Suspect(now);
}

bool Agent::OnPong(Instant now, const disco::TxId& txid) {
  const std::optional<SentPing> ping = pings_.Take(txid);
  if (!ping) return false;
  const absl::Duration rtt = now - ping->sent_at;
  if (ping->size == 0) {
    out_.log.Add({.at = now,
                  .kind = ProbeKind::kPongReceived,
                  .endpoint = ping->to,
                  .rtt = rtt});
  }
  OnUserPong(now, *ping);
  if (ping->to.IsRelay()) {
    if (ping->to.relay() == reach_.relay) reach_.relay_rtt = rtt;
    return true;
  }
  Candidate* candidate = candidates_.Find(ping->to);
  if (candidate == nullptr) return true;  // It was withdrawn meanwhile.
  candidate->last_pong = now;
  if (candidate->rtt == absl::InfiniteDuration()) {
    candidate->rtt = rtt;
  } else if (ping->size == 0) {
    candidate->rtt += kRttGain * (rtt - candidate->rtt);
  }
  ConsiderBest(now, *candidate);
  if (ping->size > 0 && BestEndpoint() == ping->to) {
    FollowMtu(now, mtu_.OnPong(now, ping->size));
  }
  return true;
}

void Agent::OnCallMeMaybe(Instant now,
                          std::span<const net::Endpoint> endpoints) {
  if (!reach_.has_disco_key) return;
  activity_.called_us = now;
  Log(now, ProbeKind::kCallReceived, {},
      static_cast<uint32_t>(endpoints.size()));
  candidates_.SetFromCall(now, endpoints, BestEndpoint());
  // Both sides ping at about the same time: that opens both NATs. Also when we
  // have a path: a peer that calls has none, so ours may be dead.
  PingAll(now);
  if (!best_ ||
      std::ranges::find(endpoints, best_->endpoint) != endpoints.end()) {
    return;
  }
  best_->trusted_until = std::min(best_->trusted_until, now);
  if (active(now)) liveness_.Suspect(now);
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
  if (best_) liveness_.Suspect(now);
  for (Candidate& candidate : candidates_.all()) {
    if (candidate.endpoint == BestEndpoint()) continue;
    if (!PingCandidate(now, candidate, ping_id)) break;
  }
  SearchIfNeeded(now);
  return true;
}

std::optional<Action> Agent::PollAction() {
  if (out_.actions.empty()) return std::nullopt;
  const Action action = out_.actions.front();
  out_.actions.pop_front();
  return action;
}

Instant Agent::Next() const {
  return std::min({pings_.Next(), liveness_.Next(), mtu_.Next(),
                   activity_.heartbeat, discovery_.next, discovery_.lost.retry,
                   user_pings_.Next()});
}

Path Agent::path() const {
  if (best_) return {PathKind::kDirect, best_->endpoint};
  if (reach_.relay == RelayId()) return {};
  return {PathKind::kRelay, net::Endpoint::Relay(reach_.relay)};
}

std::optional<absl::Duration> Agent::rtt() const {
  if (!best_) return reach_.relay_rtt;
  return best_->rtt;
}

size_t Agent::largest_inner() const {
  if (!best_ || !mtu_.limited()) return std::numeric_limits<size_t>::max();
  return (mtu_.proven() - kWireGuardOverhead) / kPadding * kPadding;
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

void Agent::OnUserPong(Instant now, const SentPing& ping) {
  if (!user_pings_.Take(ping.ping_id)) return;
  const PathKind kind =
      ping.to.IsRelay() ? PathKind::kRelay : PathKind::kDirect;
  out_.actions.push_back(
      PingAnswered{ping.ping_id, {kind, ping.to}, now - ping.sent_at});
}

void Agent::SendPingTo(Instant now, const net::Endpoint& to, uint64_t ping_id,
                       uint16_t size) {
  const SentPing& ping = pings_.Add(now, own_.rng, to, ping_id, size);
  if (size == 0) Log(now, ProbeKind::kPingSent, to);
  out_.actions.push_back(SendPing{to, ping.txid, size});
}

void Agent::Log(Instant now, ProbeKind kind, const net::Endpoint& endpoint,
                uint32_t count) {
  out_.log.Add({.at = now, .kind = kind, .endpoint = endpoint, .count = count});
}

}  // namespace warren::path
