// The search for a direct path, and what ends one.

#include <algorithm>
#include <array>

#include "core/path/agent.h"
#include "core/path/score.h"

namespace warren::path {
namespace {

// From one round of pings to the next, while there is no direct path. The
// first are quick, for a lost packet; the last repeats.
constexpr std::array<absl::Duration, 6> kRoundSpacing = {
    absl::Milliseconds(300), absl::Milliseconds(700), absl::Seconds(2),
    absl::Seconds(5),        absl::Seconds(5),        absl::Seconds(15)};
// Later rounds are up to a quarter longer, so that peers whose paths died
// together do not go on pinging together.
constexpr absl::Duration kJitterFrom = absl::Seconds(1);

// By then most pairs that can go direct do.
constexpr int kRelayRounds = 2;

constexpr absl::Duration kCallSpacing = absl::Milliseconds(200);

Score ScoreOf(const net::Endpoint& endpoint, absl::Duration rtt) {
  return {Tier::kDirect, rtt, endpoint.address().family()};
}

Score ScoreOf(const Candidate& candidate) {
  return ScoreOf(candidate.endpoint, candidate.rtt);
}

}  // namespace

void Agent::OnLinkChange(Instant now, LinkChange change) {
  if (change == LinkChange::kNone) return;
  Log(now, ProbeKind::kLinkChanged);
  if (active(now)) activity_.link_changed = now;
  if (change == LinkChange::kGrown) {
    // A new family may be a better way, or the first.
    if (!active(now)) return;
    return Trusted(now) ? PingAll(now) : StartDiscovery(now);
  }
  pings_.Clear();  // A pong to a ping from where we were proves nothing.
  for (Candidate& candidate : candidates_.all()) {
    candidate.last_ping = Instant::LongAgo();
    candidate.last_pong = Instant::LongAgo();
    candidate.rtt = absl::InfiniteDuration();
  }
  if (best_ && !own_.CanSendTo(best_->endpoint)) return DropBest(now);
  if (best_) {
    best_->trusted_until = Instant::LongAgo();
    mtu_.Restart(best_->endpoint.address().family());
    liveness_.Rest();
    if (active(now)) liveness_.Suspect(now);
  }
  if (active(now)) StartDiscovery(now);
}

void Agent::OnOwnEndpointsChanged(Instant now) {
  const bool awaited = now - activity_.called_us < kNewsAwaited;
  const bool moved = now - activity_.link_changed < kNewsAwaited;
  if (!moved && ((!active(now) && !awaited) || Trusted(now))) return;
  discovery_.last_call = Instant::LongAgo();  // That told something else.
  CallPeer(now);
}

void Agent::OnSocketsClosed(Instant now, uint16_t first, uint16_t count) {
  candidates_.RemoveSockets(first, count);
  if (best_ && candidates_.Find(best_->endpoint) == nullptr) DropBest(now);
}

void Agent::OnTimeout(Instant now) {
  ExpirePings(now);
  if (now >= liveness_.Next()) OnLivenessTimeout(now);
  if (best_ && now >= mtu_.Next()) {
    FollowMtu(now, mtu_.OnTimeout(now, best_->rtt));
  }
  if (now >= activity_.heartbeat) OnHeartbeat(now);
  if (now >= discovery_.next) RunDiscovery(now);
  if (now >= discovery_.lost.retry) RetryLost(now);
}

bool Agent::NeedsSearch(Instant now) const {
  return !best_ || now - best_->trusted_until >= kStale ||
         liveness_.lasting_doubt();
}

void Agent::SearchIfNeeded(Instant now) {
  if (NeedsSearch(now) && discovery_.next.IsNever()) StartDiscovery(now);
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
  // The relay stays the way for a while: people ask how fast it is.
  if (discovery_.round >= kRelayRounds && reach_.relay != RelayId()) {
    SendPingTo(now, net::Endpoint::Relay(reach_.relay), 0);
  }
  const size_t round = std::min<size_t>(static_cast<size_t>(discovery_.round),
                                        kRoundSpacing.size() - 1);
  ++discovery_.round;
  absl::Duration spacing = kRoundSpacing[round];
  if (spacing >= kJitterFrom) spacing += own_.rng.Jitter(spacing / 4);
  discovery_.next = Trusted(now) ? Instant::Never() : now + spacing;
}

void Agent::PingAll(Instant now) {
  if (!reach_.has_disco_key) return;
  candidates_.Expire(now, BestEndpoint());
  discovery_.last = now;
  for (Candidate& candidate : candidates_.all()) {
    if (now - candidate.last_ping >= kPingSpacing) {
      if (!PingCandidate(now, candidate)) break;
    }
  }
}

// False if the budget is empty.
bool Agent::PingCandidate(Instant now, Candidate& candidate, uint64_t ping_id) {
  if (!own_.CanSendTo(candidate.endpoint)) return true;
  if (!bounds_.pings.Take(now) || !own_.probes.Take(now)) {
    Log(now, ProbeKind::kProbesRefused, candidate.endpoint);
    return false;
  }
  candidate.last_ping = now;
  SendPingTo(now, candidate.endpoint, ping_id);
  return true;
}

// Stock calls only after it sent a ping; a call without one costs less than
// the time it saves when the netmap names no endpoint of the peer.
void Agent::CallPeer(Instant now) {
  if (reach_.relay == RelayId()) return;
  if (now - discovery_.last_call < kCallSpacing) return;
  discovery_.last_call = now;
  out_.actions.push_back(SendCallMeMaybe{});
}

void Agent::ConsiderBest(Instant now, const Candidate& candidate) {
  const bool same = BestEndpoint() == candidate.endpoint;
  if (same || NeedsSearch(now) || liveness_.in_doubt() ||
      WorthSwitching(ScoreOf(best_->endpoint, best_->rtt),
                     ScoreOf(candidate))) {
    TakeBest(now, candidate);
  }
}

void Agent::TakeBest(Instant now, const Candidate& candidate) {
  if (BestEndpoint() != candidate.endpoint) {
    mtu_.Restart(candidate.endpoint.address().family());
  }
  best_ = Best{candidate.endpoint, candidate.rtt, candidate.last_pong + kTrust};
  liveness_.OnPong(candidate.last_pong);
  discovery_.next = Instant::Never();
  ReportPath(now);
}

void Agent::TakeFresherPath(Instant now) {
  const Candidate* used = candidates_.Find(best_->endpoint);
  Instant latest = now - kTrust;
  if (used != nullptr) latest = std::max(latest, used->last_pong);
  const Candidate* found = nullptr;
  for (const Candidate& candidate : candidates_.all()) {
    if (candidate.last_pong <= latest) continue;
    if (found == nullptr || ScoreOf(candidate) < ScoreOf(*found)) {
      found = &candidate;
    }
  }
  if (found != nullptr) TakeBest(now, *found);
}

void Agent::DropBest(Instant now) {
  if (!best_) return;
  Log(now, ProbeKind::kPathLost, best_->endpoint);
  if (active(now)) discovery_.lost = {best_->endpoint, now, now + kRetryLost};
  best_.reset();
  liveness_.Rest();
  mtu_.Restart(net::Family::kV4);
  ReportPath(now);
  if (active(now)) StartDiscovery(now);
}

void Agent::RetryLost(Instant now) {
  Candidate* candidate = candidates_.Find(discovery_.lost.endpoint);
  if (best_ || candidate == nullptr || !active(now) ||
      now - discovery_.lost.at > kRetryLostFor) {
    discovery_.lost.retry = Instant::Never();
    return;
  }
  discovery_.lost.retry = now + kRetryLost;
  if (now - candidate->last_ping >= kPingSpacing) {
    PingCandidate(now, *candidate);
  }
}

void Agent::ReportPath(Instant now) {
  const Path current = path();
  if (current == out_.reported) return;
  out_.reported = current;
  Log(now, ProbeKind::kPathTaken, current.endpoint);
  out_.actions.push_back(PathTaken{current});
}

void Agent::OnHeartbeat(Instant now) {
  if (!active(now)) {  // Nobody wants the peer: be silent until somebody does.
    activity_.heartbeat = Instant::Never();
    discovery_.next = Instant::Never();
    liveness_.Rest();
    return;
  }
  activity_.heartbeat = now + kHeartbeat;
  if (!best_) return SearchIfNeeded(now);
  const Candidate* used = candidates_.Find(best_->endpoint);
  if (used != nullptr && now - used->last_pong < kHeartbeat) {
    activity_.heartbeat = used->last_pong + kHeartbeat;
  } else {
    liveness_.Suspect(now);
    OnLivenessTimeout(now);
  }
  if (best_ && best_->rtt > kGoodEnough && now - discovery_.last >= kUpgrade) {
    PingAll(now);
    CallPeer(now);
  }
}

void Agent::OnLivenessTimeout(Instant now) {
  if (!best_) return liveness_.Rest();
  switch (liveness_.OnTimeout(now, best_->rtt)) {
    case Liveness::Step::kNothing:
      break;
    case Liveness::Step::kProbe:
      SendPingTo(now, best_->endpoint, 0);
      if (liveness_.just_doubted()) {
        Log(now, ProbeKind::kPathDoubted, best_->endpoint);
        TakeFresherPath(now);
      } else if (liveness_.in_doubt()) {
        SearchIfNeeded(now);
      }
      break;
    case Liveness::Step::kDead:
      DropBest(now);
      break;
  }
}

void Agent::FollowMtu(Instant now, bool changed) {
  if (changed) {
    Log(now, ProbeKind::kMtuFound, best_->endpoint, mtu_.proven());
  }
  while (const auto size = mtu_.PollPing()) {
    SendPingTo(now, best_->endpoint, 0, *size);
  }
}

void Agent::ExpirePings(Instant now) {
  while (const auto ping = pings_.TakeTimedOut(now)) {
    if (ping->size == 0) Log(now, ProbeKind::kPingLost, ping->to);
  }
  while (const auto ping_id = user_pings_.TakeTimedOut(now)) {
    out_.actions.push_back(PingAnswered{*ping_id, path(), std::nullopt});
  }
}

}  // namespace warren::path
