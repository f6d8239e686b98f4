#include "core/wg/timers.h"

#include <algorithm>
#include <utility>

namespace warren::wg {

void PeerTimers::SetPersistentKeepalive(Instant now, absl::Duration interval) {
  const bool was_off = persistent_ == absl::ZeroDuration();
  persistent_ = interval;
  if (interval == absl::ZeroDuration()) {
    deadlines_.Clear(Timer::kPersistentKeepalive);
  } else {
    deadlines_.Set(Timer::kPersistentKeepalive, was_off ? now : now + interval);
  }
}

void PeerTimers::OnDataSent(Instant now, Rng& jitter) {
  if (deadlines_.IsSet(Timer::kNewHandshake)) return;
  deadlines_.Set(Timer::kNewHandshake, now + kKeepaliveTimeout + kRekeyTimeout +
                                           jitter.Jitter(kRekeyJitter));
}

void PeerTimers::OnDataReceived(Instant now) {
  if (deadlines_.IsSet(Timer::kSendKeepalive)) {
    needs_another_keepalive_ = true;
  } else {
    deadlines_.Set(Timer::kSendKeepalive, now + kKeepaliveTimeout);
  }
}

void PeerTimers::OnAuthenticSent(Instant now) {
  deadlines_.Clear(Timer::kSendKeepalive);
  needs_another_keepalive_ = false;
  if (persistent_ > absl::ZeroDuration()) {
    deadlines_.Set(Timer::kPersistentKeepalive, now + persistent_);
  }
}

void PeerTimers::OnAuthenticReceived(Instant now) {
  deadlines_.Clear(Timer::kNewHandshake);
  if (persistent_ > absl::ZeroDuration()) {
    deadlines_.Set(Timer::kPersistentKeepalive, now + persistent_);
  }
}

void PeerTimers::OnInitiationSent(Instant now, Rng& jitter) {
  PostponeRetransmission(now, jitter);
}

void PeerTimers::PostponeRetransmission(Instant sent, Rng& jitter) {
  deadlines_.Set(Timer::kRetransmitHandshake,
                 sent + kRekeyTimeout + jitter.Jitter(kRekeyJitter));
}

void PeerTimers::HastenRetransmission(Instant at) {
  if (!IsRetransmitting()) return;
  const Instant due = deadlines_.at(Timer::kRetransmitHandshake);
  deadlines_.Set(Timer::kRetransmitHandshake, std::min(due, at));
}

void PeerTimers::OnSessionDerived(Instant now) {
  deadlines_.Set(Timer::kZeroKeys, now + kZeroKeysAfter);
}

void PeerTimers::OnGaveUp(Instant now) {
  deadlines_.Clear(Timer::kSendKeepalive);
  if (!deadlines_.IsSet(Timer::kZeroKeys)) OnSessionDerived(now);
}

void PeerTimers::OnKeysZeroed() {
  for (const Timer timer : {Timer::kRetransmitHandshake, Timer::kSendKeepalive,
                            Timer::kNewHandshake, Timer::kZeroKeys}) {
    deadlines_.Clear(timer);
  }
  needs_another_keepalive_ = false;
}

bool PeerTimers::TakeIfDue(Timer timer, Instant now) {
  if (!deadlines_.TakeIfDue(timer, now)) return false;
  if (timer == Timer::kPersistentKeepalive) {
    deadlines_.Set(timer, now + persistent_);
  }
  return true;
}

bool PeerTimers::TakeNeedsAnotherKeepalive() {
  return std::exchange(needs_another_keepalive_, false);
}

}  // namespace warren::wg
