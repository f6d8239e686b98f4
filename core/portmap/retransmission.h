#ifndef WARREN_CORE_PORTMAP_RETRANSMISSION_H_
#define WARREN_CORE_PORTMAP_RETRANSMISSION_H_

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::portmap {

// When to say something again that has no answer yet: at once, then after 250,
// 500 and 1000 ms more, and given up 2 s after that. As RFC 6886 §3.1 begins;
// it goes on for a minute, but our user has a relay meanwhile, and an answer
// that is later still is taken all the same.
class Retransmission {
 public:
  static constexpr absl::Duration kFirst = absl::Milliseconds(250);
  static constexpr int kTimes = 4;

  enum class Due { kNothing, kSend, kGiveUp };

  void Start(Instant now) {
    next_ = now;
    sent_ = 0;
  }
  void Stop() { next_ = Instant::Never(); }
  bool running() const { return !next_.IsNever(); }
  Instant Next() const { return next_; }
  // What to do at `now`; call until it is kNothing.
  Due Take(Instant now) {
    if (now < next_ || !running()) return Due::kNothing;
    if (sent_ == kTimes) {
      Stop();
      return Due::kGiveUp;
    }
    next_ = now + kFirst * (1 << sent_);
    ++sent_;
    return Due::kSend;
  }

 private:
  Instant next_ = Instant::Never();
  int sent_ = 0;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_RETRANSMISSION_H_
