#include "io/clock.h"

#include <time.h>

#include "core/base/check.h"

namespace warren::io {
namespace {

absl::Duration Read(clockid_t id) {
  timespec t{};
  WARREN_CHECK(clock_gettime(id, &t) == 0);
  return absl::DurationFromTimespec(t);
}

}  // namespace

Clock::Clock(int rate)
    : rate_(rate),
      boot_start_(Read(CLOCK_BOOTTIME)),
      unix_start_(Read(CLOCK_REALTIME)) {
  WARREN_CHECK(rate >= 1 && rate <= 1000);
}

absl::Duration Clock::Scale(absl::Duration real, absl::Duration start) const {
  return rate_ == 1 ? real : start + (real - start) * rate_;
}

Instant Clock::Now() const {
  return Instant::FromEpoch(Scale(Read(CLOCK_BOOTTIME), boot_start_));
}

absl::Duration Clock::TimeAsleep() const {
  return Read(CLOCK_BOOTTIME) - Read(CLOCK_MONOTONIC);
}

absl::Duration Clock::UnixNow() const {
  return Scale(Read(CLOCK_REALTIME), unix_start_);
}

absl::Duration Clock::BootTimeAt(Instant t) const {
  const absl::Duration d = t.SinceEpoch();
  if (rate_ == 1 || d == absl::InfiniteDuration() ||
      d == -absl::InfiniteDuration()) {
    return d;
  }
  return boot_start_ + (d - boot_start_) / rate_;
}

}  // namespace warren::io
