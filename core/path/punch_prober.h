#ifndef WARREN_CORE_PATH_PUNCH_PROBER_H_
#define WARREN_CORE_PATH_PUNCH_PROBER_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/path/punch_note.h"
#include "core/path/punch_output.h"
#include "core/path/punch_plan.h"

namespace warren::path {

// The easy side of a punch: probes the ports of the hard side's address, at
// an even pace, until one of its mappings lets a probe in.
//
// Where hits are likely the pace is slower, and whenever the peer is heard it
// rests: one way is enough, and each further one that stays behind is one more
// that looks good and may not last.
//
// With m mappings among 64,512 ports and n probes the chance of none is about
// (1 - m / 64512)^n: 37% for 256 and 252, 0.4% for 256 and kMaxProbes.
class PunchProber {
 public:
  static constexpr uint32_t kMaxProbes = 1400;
  static constexpr absl::Duration kTick = absl::Milliseconds(10);
  static constexpr int kPerTick = 5;
  // In a window of this size or less, and in a sequence.
  static constexpr uint16_t kSmallWindow = 4096;
  static constexpr absl::Duration kSequenceTick = absl::Milliseconds(20);
  // So long a way may take to prove itself.
  static constexpr absl::Duration kRest = absl::Milliseconds(400);
  // With fewer mappings only the predicted ports are worth a probe.
  static constexpr uint16_t kEnoughSockets = 128;

  // `note` says where. `rng` must outlive it.
  PunchProber(Instant now, const PunchNote& note, Rng& rng)
      : address_(note.mapped.address()), guesses_(rng) {
    Learn(now, note);
  }

  // The hard side knows more now.
  void Learn(Instant now, const PunchNote& note);
  // The peer was heard.
  void Rest(Instant now);
  void OnTimeout(Instant now, PunchOutput& out);
  Instant Next() const { return next_; }
  const net::IpAddress& address() const { return address_; }

 private:
  bool HasMore() const {
    return num_left_ > 0 && (random_too_ || guesses_.has_predicted());
  }

  net::IpAddress address_;
  PortGuesses guesses_;
  std::optional<uint16_t> port_;  // the next one, if the budget refused it
  bool random_too_ = false;
  uint32_t num_left_ = kMaxProbes;
  Instant next_ = Instant::Never();
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_PROBER_H_
