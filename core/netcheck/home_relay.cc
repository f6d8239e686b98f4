#include "core/netcheck/home_relay.h"

#include <algorithm>

namespace warren::netcheck {

RelayId HomeRelayChooser::Choose(Instant now, const Latencies& latencies,
                                 RelayId current, bool alive) {
  while (!rounds_.empty() && now - rounds_.front().at > kHistory) {
    rounds_.pop_front();
  }
  rounds_.push_back({now, latencies});
  RelayId best;
  absl::Duration best_latency = absl::InfiniteDuration();
  for (const auto& [relay, latency] : latencies) {
    absl::Duration lowest = latency;
    for (const Round& round : rounds_) {
      const auto it = round.latencies.find(relay);
      if (it != round.latencies.end()) lowest = std::min(lowest, it->second);
    }
    if (lowest < best_latency) {
      best = relay;
      best_latency = lowest;
    }
  }
  if (best == RelayId()) return alive ? current : RelayId();
  if (current == RelayId() || best == current) return best;
  const auto measured = latencies.find(current);
  if (measured == latencies.end()) return alive ? current : best;
  const absl::Duration gain = measured->second - best_latency;
  const bool worth = gain >= kMinGain && 3 * gain >= measured->second;
  return worth ? best : current;
}

}  // namespace warren::netcheck
