#ifndef WARREN_CORE_RELAY_TOKEN_BUCKET_H_
#define WARREN_CORE_RELAY_TOKEN_BUCKET_H_

#include <algorithm>

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::relay {

// Tokens that come at a steady rate and are kept up to a burst. Starts full.
class TokenBucket {
 public:
  // `per_second` above 0.
  TokenBucket(double per_second, double burst, Instant now)
      : per_second_(per_second), burst_(burst), tokens_(burst), at_(now) {}

  // Takes `n` tokens if there are as many.
  bool TryTake(Instant now, double n) {
    Refill(now);
    if (tokens_ < n) return false;
    tokens_ -= n;
    return true;
  }
  // Takes `n` tokens, also those that have yet to come. Returns when the debt
  // will be paid: `now` or later.
  Instant TakeOnCredit(Instant now, double n) {
    Refill(now);
    tokens_ -= n;
    if (tokens_ >= 0) return now;
    return now + absl::Seconds(-tokens_ / per_second_);
  }

 private:
  void Refill(Instant now) {
    const double earned = absl::ToDoubleSeconds(now - at_) * per_second_;
    tokens_ = std::min(burst_, tokens_ + earned);
    at_ = now;
  }

  double per_second_;
  double burst_;
  double tokens_;
  Instant at_;
};

}  // namespace warren::relay

#endif  // WARREN_CORE_RELAY_TOKEN_BUCKET_H_
