#ifndef WARREN_CORE_PATH_PING_REPLIES_H_
#define WARREN_CORE_PATH_PING_REPLIES_H_

#include <algorithm>
#include <cstddef>
#include <vector>

#include "core/base/instant.h"
#include "core/disco/disco.h"
#include "core/path/probe_budget.h"

namespace warren::path {

// Which pings of one peer are answered. Who sees a ping can send it again from
// a victim's address, so each is answered once (specs trap 31), and where
// nothing is proven, within a bound: a pong is 110 bytes.
class PingReplies {
 public:
  // Replays of older pings are held by the bound alone.
  static constexpr size_t kMaxRemembered = 64;
  static constexpr double kBurst = 128;
  static constexpr double kPerSecond = 50;

  // Whether this ping is new. Remembers it.
  bool Note(const disco::TxId& txid) {
    if (std::ranges::find(seen_, txid) != seen_.end()) return false;
    if (seen_.size() < kMaxRemembered) {
      seen_.push_back(txid);
    } else {
      seen_[oldest_] = txid;
      oldest_ = (oldest_ + 1) % kMaxRemembered;
    }
    return true;
  }
  // Pays for a pong to an address that has proven nothing.
  bool Take(Instant now) { return budget_.Take(now); }

 private:
  std::vector<disco::TxId> seen_;
  size_t oldest_ = 0;
  ProbeBudget budget_{kBurst, kPerSecond};
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PING_REPLIES_H_
