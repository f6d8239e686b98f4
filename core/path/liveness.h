#ifndef WARREN_CORE_PATH_LIVENESS_H_
#define WARREN_CORE_PATH_LIVENESS_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::path {

// Notices within a second that a direct path no longer answers, from the
// traffic itself: what is sent must be answered, by authentic packets or, when
// the app is silent, by pongs to probes. A path without traffic costs nothing.
//
//   sent ---kAnswerWait---> probe ---kProbeWait---> in doubt: send both ways
//     ---more probes, kRetrySpacing apart---> dead after kMaxProbes
class Liveness {
 public:
  // An app that answers at all mostly answers sooner.
  static constexpr absl::Duration kAnswerWait = absl::Milliseconds(300);
  // At least this long between first probes: what a one-way flow costs.
  static constexpr absl::Duration kProbeSpacing = absl::Milliseconds(600);
  static constexpr absl::Duration kProbeWait = absl::Milliseconds(200);
  static constexpr absl::Duration kRetrySpacing = absl::Milliseconds(250);
  // At 10% loss each way, one in a million doubts ends a working path.
  static constexpr int kMaxProbes = 8;

  enum class Step : uint8_t { kNothing, kProbe, kDead };

  // A packet left on the path. `rtt`: of the path.
  void OnSent(Instant now, absl::Duration rtt) {
    if (!due_.IsNever()) return;
    const absl::Duration wait = std::max(kAnswerWait, 2 * Bounded(rtt));
    due_ = std::max(now + wait, last_probe_ + kProbeSpacing);
  }
  // The peer answered on the path, or the path is another.
  void OnAnswer() {
    due_ = Instant::Never();
    num_probes_ = 0;
  }
  // There is a reason to doubt: probe at once.
  void Doubt(Instant now) {
    if (num_probes_ > 0) return;
    num_probes_ = 1;
    due_ = now;
  }
  // Whether traffic should take the relay as well.
  bool in_doubt() const { return num_probes_ > 1; }
  // The probe just sent is the one that made it so.
  bool just_doubted() const { return num_probes_ == 2; }

  // What to do now. After kDead, OnAnswer() begins anew.
  Step OnTimeout(Instant now, absl::Duration rtt) {
    if (now < due_) return Step::kNothing;
    if (num_probes_ >= kMaxProbes) return Step::kDead;
    ++num_probes_;
    last_probe_ = now;
    due_ = now + std::max(num_probes_ == 1 ? kProbeWait : kRetrySpacing,
                          3 * Bounded(rtt));
    return Step::kProbe;
  }
  Instant Next() const { return due_; }

 private:
  // A slow path must not make us wait forever.
  static absl::Duration Bounded(absl::Duration rtt) {
    return std::min(rtt, absl::Milliseconds(500));
  }

  Instant due_ = Instant::Never();
  Instant last_probe_ = Instant::LongAgo();
  int num_probes_ = 0;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_LIVENESS_H_
