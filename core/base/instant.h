#ifndef WARREN_CORE_BASE_INSTANT_H_
#define WARREN_CORE_BASE_INSTANT_H_

#include "absl/time/time.h"

namespace warren {

// A point on the monotonic clock. The epoch is arbitrary, so an Instant has no
// calendar meaning and is never stored, sent or shown. Core code receives one
// as `now`; only the drivers (//io, //client/io, //relay) and //core/sim make
// one, from CLOCK_BOOTTIME or from virtual time.
class Instant {
 public:
  // The epoch itself. Exists so that an Instant can be a field; a default
  // value carries no meaning.
  constexpr Instant() = default;
  static constexpr Instant FromEpoch(absl::Duration since) {
    return Instant(since);
  }
  // Later than every other Instant: "no deadline".
  static constexpr Instant Never() { return Instant(absl::InfiniteDuration()); }
  // Earlier than every other Instant: "long ago".
  static constexpr Instant LongAgo() {
    return Instant(-absl::InfiniteDuration());
  }

  constexpr absl::Duration SinceEpoch() const { return since_; }
  constexpr bool IsNever() const { return since_ == absl::InfiniteDuration(); }

  friend Instant operator+(Instant t, absl::Duration d) {
    return Instant(t.since_ + d);
  }
  friend Instant operator-(Instant t, absl::Duration d) {
    return Instant(t.since_ - d);
  }
  friend absl::Duration operator-(Instant a, Instant b) {
    return a.since_ - b.since_;
  }
  Instant& operator+=(absl::Duration d) {
    since_ += d;
    return *this;
  }
  friend constexpr bool operator==(Instant a, Instant b) {
    return a.since_ == b.since_;
  }
  friend constexpr bool operator!=(Instant a, Instant b) { return !(a == b); }
  friend constexpr bool operator<(Instant a, Instant b) {
    return a.since_ < b.since_;
  }
  friend constexpr bool operator>(Instant a, Instant b) { return b < a; }
  friend constexpr bool operator<=(Instant a, Instant b) { return !(b < a); }
  friend constexpr bool operator>=(Instant a, Instant b) { return !(a < b); }

 private:
  explicit constexpr Instant(absl::Duration since) : since_(since) {}
  absl::Duration since_ = absl::ZeroDuration();
};

}  // namespace warren

#endif  // WARREN_CORE_BASE_INSTANT_H_
