#ifndef WARREN_CORE_PORTMAP_EPOCH_H_
#define WARREN_CORE_PORTMAP_EPOCH_H_

#include <cstdint>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"

namespace warren::portmap {

// Follows the clock that a router sends along with each answer: it starts at 0
// when the router forgets its mappings, by a reboot mostly.
class Epoch {
 public:
  // An answer came. True if the router has forgotten what it had for us before:
  // its clock is behind what it must have reached, by the cautious rule of
  // RFC 6886 §3.6, which lets it lose one second in eight. (RFC 6887 §8.5 asks
  // for more, but a clock that is fast has forgotten nothing.)
  bool Observe(Instant now, uint32_t epoch_s) {
    const absl::Duration told = absl::Seconds(epoch_s);
    const bool reset = last_ && told + absl::Seconds(2) <
                                    last_->told + (now - last_->at) * 7 / 8;
    last_ = Last{now, told};
    return reset;
  }
  void Forget() { last_.reset(); }

 private:
  struct Last {
    Instant at;
    absl::Duration told;
  };
  std::optional<Last> last_;
};

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_EPOCH_H_
