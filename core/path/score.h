#ifndef WARREN_CORE_PATH_SCORE_H_
#define WARREN_CORE_PATH_SCORE_H_

#include <cstdint>
#include <tuple>

#include "absl/time/time.h"
#include "core/net/ip.h"

namespace warren::path {

// What kind of path it is; a smaller one is always preferred, whatever the
// round-trip times: it costs nobody else bandwidth.
enum class Tier : uint8_t { kDirect, kRelayed };

// How good a path is. Smaller is better, and the order of the fields is the
// whole policy: tier, then round-trip time, then family. A lexicographic order
// cannot hold a cycle, so the winner does not depend on the arrival order.
struct Score {
  Tier tier = Tier::kRelayed;
  absl::Duration rtt = absl::InfiniteDuration();  // infinite until measured
  // IPv6 before IPv4: no NAT on the way whose mapping could expire.
  net::Family family = net::Family::kV4;

  friend bool operator==(const Score&, const Score&) = default;
  friend bool operator<(const Score& a, const Score& b) {
    const int a_family = a.family == net::Family::kV6 ? 0 : 1;
    const int b_family = b.family == net::Family::kV6 ? 0 : 1;
    return std::tie(a.tier, a.rtt, a_family) <
           std::tie(b.tier, b.rtt, b_family);
  }
};

// Whether to leave a working path `current` for `candidate`. Stickiness lives
// here, outside the order: within a tier the gain must be at least 20% and
// 10 ms, so two like paths do not flap.
inline bool WorthSwitching(const Score& current, const Score& candidate) {
  if (candidate.tier != current.tier) return candidate.tier < current.tier;
  if (!(candidate.rtt < current.rtt)) return false;  // Infinity - infinity > 0.
  const absl::Duration gain = current.rtt - candidate.rtt;
  return gain >= absl::Milliseconds(10) && gain >= 0.2 * current.rtt;
}

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_SCORE_H_
