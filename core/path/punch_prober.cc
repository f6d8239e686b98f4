#include "core/path/punch_prober.h"

namespace warren::path {

void PunchProber::Learn(Instant now, const PunchNote& note) {
  guesses_.Predict(note.ports);
  random_too_ = note.num_sockets >= kEnoughSockets;
  if (next_.IsNever() && HasMore()) next_ = now;
}

void PunchProber::Rest(Instant now) {
  if (!next_.IsNever()) next_ = now + kRest;
}

void PunchProber::OnTimeout(Instant now, PunchOutput& out) {
  if (now < next_) return;
  const uint16_t window = guesses_.predicted();
  const bool slow = window > 0 && window <= kSmallWindow;
  const int at_once = slow ? 1 : kPerTick;
  for (int i = 0; i < at_once && HasMore(); ++i) {
    if (!port_) port_ = guesses_.Next();
    if (!port_) {
      num_left_ = 0;
      break;
    }
    if (!out.Ping(now, {address_, *port_})) break;
    port_.reset();
    --num_left_;
  }
  const bool in_sequence = window > 0 && window <= kMaxSequence;
  next_ = HasMore() ? now + (in_sequence ? kSequenceTick : kTick)
                    : Instant::Never();
}

}  // namespace warren::path
