#ifndef WARREN_IO_CLOCK_H_
#define WARREN_IO_CLOCK_H_

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::io {

// The clocks of this machine, as the core wants them. A value; copies agree.
// Thread-safe.
class Clock {
 public:
  // Runs `rate` times as fast as the machine's clocks, from now on. Anything
  // but 1 is for tests that want to see a timer of minutes expire in seconds.
  // `rate` must be from 1 to 1000.
  explicit Clock(int rate = 1);

  // CLOCK_BOOTTIME: never steps back, and counts the time asleep, so that keys
  // age while a laptop is closed.
  Instant Now() const;
  // How long the machine has slept since it was booted: what Now() counts and
  // CLOCK_MONOTONIC does not. At no rate but the machine's.
  absl::Duration TimeAsleep() const;
  // Since 1970-01-01 UTC. May step when somebody sets the clock.
  absl::Duration UnixNow() const;
  // When CLOCK_BOOTTIME of this machine will read so that Now() == `t`, as a
  // duration since its epoch: what an absolute timer is set to. Never and
  // LongAgo stay infinite.
  absl::Duration BootTimeAt(Instant t) const;

 private:
  absl::Duration Scale(absl::Duration real, absl::Duration start) const;

  int rate_;
  absl::Duration boot_start_;
  absl::Duration unix_start_;
};

}  // namespace warren::io

#endif  // WARREN_IO_CLOCK_H_
