#include "core/netcheck/relay_round.h"

#include <algorithm>

namespace warren::netcheck {

void RelayRound::Start(Instant now, const std::vector<ProbeSet>& plan,
                       bool full) {
  running_ = true;
  full_ = full;
  started_at_ = now;
  ends_at_ = now + kTime;
  asked_.clear();
  for (const ProbeSet& set : plan) asked_.push_back({.set = set});
  transactions_.clear();
  latencies_.clear();
  answered_.clear();
  SendDue(now);
  EndIfDone();
}

std::optional<RelayRound::Answer> RelayRound::OnResponse(
    Instant now, const stun::Response& response) {
  const auto it =
      std::ranges::find(transactions_, response.txid,
                        [](const Transaction& t) { return t.sent.txid; });
  if (!running_ || it == transactions_.end()) return std::nullopt;
  const Transaction transaction = *it;
  transactions_.erase(it);
  Asked& asked = asked_[transaction.set];
  asked.over = true;
  const absl::Duration latency = now - transaction.sent.at;
  const auto [known, is_new] = latencies_.try_emplace(asked.set.relay, latency);
  known->second = std::min(known->second, latency);
  if (is_new && latencies_.size() == kEnoughRelays) {
    absl::Duration slowest;
    for (const auto& [relay, one] : latencies_)
      slowest = std::max(slowest, one);
    ends_at_ = std::min(ends_at_, now + (full_ ? 2 : 1) * slowest);
  }
  const bool first = answered_.insert(transaction.server).second;
  EndIfDone();
  return Answer{transaction.server,     response.seen,
                response.other_port,    latency,
                transaction.sent.order, first};
}

void RelayRound::OnTimeout(Instant now) {
  if (!running_) return;
  SendDue(now);
  if (now >= ends_at_) return End();
  EndIfDone();
}

Instant RelayRound::Next() const {
  if (!running_) return Instant::Never();
  Instant next = ends_at_;
  for (const Asked& asked : asked_) {
    if (asked.over || asked.num_tries == asked.set.tries.size()) continue;
    next = std::min(next, started_at_ + asked.set.tries[asked.num_tries].delay);
  }
  return next;
}

void RelayRound::SendDue(Instant now) {
  for (size_t i = 0; i < asked_.size(); ++i) {
    Asked& asked = asked_[i];
    if (asked.over || asked.num_tries == asked.set.tries.size()) continue;
    const ProbeSet::Try& next = asked.set.tries[asked.num_tries];
    if (now < started_at_ + next.delay) continue;
    if (asked.num_tries > 0 && !WouldHelp(asked.set)) {
      asked.over = true;
      continue;
    }
    // A server that does not know the question may not answer it: the later
    // tries are what all of them know.
    const bool extended =
        full_ && asked.num_tries == 0 && asked.set.family == net::Family::kV4;
    const Ask ask = extended ? Ask::kOtherPort : Ask::kAddress;
    ++asked.num_tries;
    transactions_.push_back(
        {queue_.Push(now, next.server, ask), i, next.server});
  }
}

bool RelayRound::WouldHelp(const ProbeSet& set) const {
  if (!latencies_.contains(set.relay)) return true;
  const auto of_family =
      std::ranges::count_if(answered_, [&set](const net::Endpoint& server) {
        return server.address().family() == set.family;
      });
  // Two of IPv4 tell how the NAT maps.
  return of_family < (set.family == net::Family::kV4 ? 2 : 1);
}

void RelayRound::EndIfDone() {
  if (std::ranges::all_of(asked_, &Asked::over)) End();
}

void RelayRound::End() {
  running_ = false;
  ends_at_ = Instant::Never();
}

}  // namespace warren::netcheck
