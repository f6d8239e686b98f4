#ifndef WARREN_IO_RETRY_SCHEDULE_H_
#define WARREN_IO_RETRY_SCHEDULE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::io {

// When those for whom there is no room are to come again, so that they come
// about as fast as others are let in: each gets a place behind the last one's.
class RetrySchedule {
 public:
  // Places a second: half as many again as were let in, since who comes too
  // early is only sent away once more, and who comes late is not there; at
  // least the first number; the second where nothing is known.
  static constexpr double kLeastRate = 600;
  static constexpr double kUsualRate = 1000;
  static constexpr double kHope = 1.5;
  static constexpr absl::Duration kWindow = absl::Seconds(1);
  static constexpr absl::Duration kMaxWait = absl::Seconds(60);

  // Somebody was let in.
  void OnAdmitted() { ++admitted_; }
  // How long one more has to wait, at least a second, at most kMaxWait.
  // `in_line` wait here already.
  absl::Duration Next(Instant now, size_t in_line) {
    Measure(now);
    const absl::Duration each = absl::Seconds(1) / rate_;
    const Instant line_done = now + static_cast<double>(in_line) * each;
    next_ = std::max(next_, line_done) + each;
    next_ = std::min(next_, now + kMaxWait);
    return std::max(next_ - now, absl::Duration(absl::Seconds(1)));
  }

 private:
  // Only while there is no room does what is let in say what can be.
  void Measure(Instant now) {
    const absl::Duration passed = now - since_;
    if (passed < kWindow) return;
    rate_ = kUsualRate;
    if (passed < 3 * kWindow) {
      rate_ = std::max(kLeastRate, kHope * static_cast<double>(admitted_) /
                                       absl::ToDoubleSeconds(passed));
    }
    admitted_ = 0;
    since_ = now;
  }

  double rate_ = kUsualRate;
  uint64_t admitted_ = 0;  // since then
  Instant since_ = Instant::LongAgo();
  Instant next_ = Instant::LongAgo();  // the last place given away
};

}  // namespace warren::io

#endif  // WARREN_IO_RETRY_SCHEDULE_H_
