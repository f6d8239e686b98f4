#ifndef WARREN_CLIENT_CONTROL_BACKOFF_H_
#define WARREN_CLIENT_CONTROL_BACKOFF_H_

#include <algorithm>

#include "absl/time/time.h"
#include "core/base/rng.h"

namespace warren::client {

// How long to wait before the next try, with full jitter: uniform between kMin
// and a bound that doubles with each failure, so that the many clients of a
// server that comes back do not all come at once.
class Backoff {
 public:
  static constexpr absl::Duration kMin = absl::Milliseconds(500);
  static constexpr absl::Duration kMax = absl::Seconds(30);

  absl::Duration Next(Rng& rng) {
    const absl::Duration wait = kMin + rng.Jitter(bound_ - kMin);
    bound_ = std::min(2 * bound_, kMax);
    return wait;
  }
  // For a server that is there, but busy, and asked for so much time: not less,
  // a little spread, and no sign of a failure.
  absl::Duration NextAfter(absl::Duration asked, Rng& rng) const {
    return asked + rng.Jitter(2 * kMin);
  }
  // After a success.
  void Reset() { bound_ = 2 * kMin; }

 private:
  absl::Duration bound_ = 2 * kMin;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_CONTROL_BACKOFF_H_
