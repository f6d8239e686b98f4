#ifndef WARREN_CORE_PATH_PROBE_BUDGET_H_
#define WARREN_CORE_PATH_PROBE_BUDGET_H_

#include <algorithm>

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::path {

// How many datagrams may go to addresses that have proven nothing: `burst` at
// once, and then `per_second`. A token bucket; full at the start.
class ProbeBudget {
 public:
  ProbeBudget(double burst, double per_second)
      : burst_(burst), per_second_(per_second), tokens_(burst) {}

  // Pays for one datagram. False: it must not be sent.
  bool Take(Instant now) {
    if (at_ < now) {
      const double earned = absl::ToDoubleSeconds(now - at_) * per_second_;
      tokens_ = std::min(burst_, tokens_ + earned);
      at_ = now;
    }
    if (tokens_ < 1) return false;
    tokens_ -= 1;
    return true;
  }

 private:
  double burst_;
  double per_second_;
  double tokens_;
  Instant at_ = Instant::LongAgo();
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PROBE_BUDGET_H_
