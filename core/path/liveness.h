#ifndef WARREN_CORE_PATH_LIVENESS_H_
#define WARREN_CORE_PATH_LIVENESS_H_

#include <algorithm>
#include <cstdint>

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::path {

// Notices within a second that a direct path no longer answers, from the
// traffic itself: what is sent must be followed by authentic packets on the
// path or, when the app is silent, by a pong to a probe. Authentic packets
// prove the way from the peer only, so they put the probe off, but no further
// than kProofAge after the last pong. A path without traffic costs nothing.
//
//   sent ---kAnswerWait---> probe ---kProbeWait---> in doubt: send both ways
//     ---more probes, kRetrySpacing apart---> dead after kMaxProbes
class Liveness {
 public:
  // An app that answers at all mostly answers sooner.
  static constexpr absl::Duration kAnswerWait = absl::Milliseconds(300);
  // At least this long between first probes: what a one-way flow costs.
  static constexpr absl::Duration kProbeSpacing = absl::Milliseconds(600);
  static constexpr absl::Duration kProofAge = absl::Milliseconds(500);
  static constexpr absl::Duration kProbeWait = absl::Milliseconds(200);
  static constexpr absl::Duration kRetrySpacing = absl::Milliseconds(250);
  // At 10% loss each way, one in a million doubts ends a working path.
  static constexpr int kMaxProbes = 8;

  enum class Step : uint8_t { kNothing, kProbe, kDead };

  // A packet left on the path. `rtt`: of the path.
  void OnSent(Instant now, absl::Duration rtt) {
    if (!due_.IsNever()) return;
    due_ = std::max(now + Wait(rtt), last_probe_ + kProbeSpacing);
  }
  // An authentic packet came on the path.
  void OnTraffic(Instant now, absl::Duration rtt) {
    if (num_probes_ > 0 || due_.IsNever()) return;
    due_ = std::min(now + Wait(rtt), std::max(now, last_pong_ + kProofAge));
  }
  // The path answered a ping.
  void OnPong(Instant now) {
    Rest();
    last_pong_ = now;
  }
  // Nobody needs to know, or the path is another.
  void Rest() {
    due_ = Instant::Never();
    num_probes_ = 0;
  }
  // It may not work any more, or nobody has looked for long: probe at once.
  void Suspect(Instant now) {
    if (num_probes_ == 0) due_ = std::min(due_, now);
  }
  // Whether traffic should take the relay as well.
  bool in_doubt() const { return num_probes_ > 1; }
  // The probe just sent is the one that made it so.
  bool just_doubted() const { return num_probes_ == 2; }
  // Two probes in a row are lost: it is time to look for another path.
  bool lasting_doubt() const { return num_probes_ > 2; }

  // What to do now. After kDead, OnPong() or Rest() begins anew.
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
  static absl::Duration Wait(absl::Duration rtt) {
    return std::max(kAnswerWait, 2 * Bounded(rtt));
  }

  Instant due_ = Instant::Never();
  Instant last_probe_ = Instant::LongAgo();
  Instant last_pong_ = Instant::LongAgo();
  int num_probes_ = 0;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_LIVENESS_H_
