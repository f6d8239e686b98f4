#include "core/netcheck/home_relay.h"

#include <algorithm>
#include <cstdint>

namespace warren::netcheck {

RelayId HomeRelayChooser::Choose(Instant now, const Latencies& latencies,
                                 const Home& current) {
  while (!rounds_.empty() && now - rounds_.front().at > kHistory) {
    rounds_.pop_front();
  }
  rounds_.push_back({now, latencies});
  const absl::Duration silent_for = now - current.heard_at;
  if (latencies.empty()) {
    return silent_for <= kHeardAlone ? current.relay : RelayId();
  }
  RelayId candidate;
  absl::Duration best = absl::InfiniteDuration();
  for (const auto& [relay, latency] : latencies) {
    if (Best(relay) < best) {
      candidate = relay;
      best = Best(relay);
    }
  }
  if (current.relay == RelayId() || candidate == current.relay) {
    return candidate;
  }
  const auto it = latencies.find(current.relay);
  const bool measured = it != latencies.end();
  if (!measured && silent_for > kHeard) return candidate;
  const int64_t mine = measured ? absl::ToInt64Nanoseconds(it->second) : 0;
  const int64_t its = absl::ToInt64Nanoseconds(best);
  const bool gains = mine - its >= absl::ToInt64Nanoseconds(kMinGain);
  const bool third_better = its <= mine / 3 * 2;
  return gains && third_better ? candidate : current.relay;
}

absl::Duration HomeRelayChooser::Best(RelayId relay) const {
  absl::Duration best = absl::InfiniteDuration();
  for (const Round& round : rounds_) {
    const auto it = round.latencies.find(relay);
    if (it != round.latencies.end()) best = std::min(best, it->second);
  }
  return best;
}

}  // namespace warren::netcheck
