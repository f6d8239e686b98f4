#ifndef WARREN_CORE_WG_TIMERS_H_
#define WARREN_CORE_WG_TIMERS_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"

namespace warren::wg {

// Whitepaper §6.1, specs 9.9.
inline constexpr uint64_t kRekeyAfterMessages = uint64_t{1} << 60;
inline constexpr absl::Duration kRekeyAfterTime = absl::Seconds(120);
inline constexpr absl::Duration kRejectAfterTime = absl::Seconds(180);
inline constexpr absl::Duration kRekeyTimeout = absl::Seconds(5);
inline constexpr absl::Duration kRekeyJitter = absl::Milliseconds(334);
inline constexpr absl::Duration kKeepaliveTimeout = absl::Seconds(10);
inline constexpr absl::Duration kCookieLifetime = absl::Seconds(120);
inline constexpr absl::Duration kZeroKeysAfter = absl::Seconds(3 * 180);
inline constexpr absl::Duration kMinInitiationInterval = absl::Milliseconds(20);
// A receiver that began a session renews it a keepalive and a retransmission
// before it ends, so that the answer arrives in time.
inline constexpr absl::Duration kRekeyAfterTimeReceiving =
    absl::Seconds(180 - 10 - 5);
// REKEY-ATTEMPT-TIME (90 s) / REKEY-TIMEOUT: retries of one series.
inline constexpr int kMaxRetries = 18;

// What a deadline of a peer is for, in the words of whitepaper §6. kNone: there
// is no deadline.
enum class Timer : uint8_t {
  kRetransmitHandshake,  // an initiation is unanswered
  kSendKeepalive,        // data came, and nothing went back
  kNewHandshake,         // data went, and nothing came back
  kZeroKeys,             // the keys are old
  kPersistentKeepalive,  // configured
  kNone,
};
inline constexpr size_t kNumTimers = static_cast<size_t>(Timer::kNone);

struct Deadline {
  Instant at = Instant::Never();
  Timer reason = Timer::kNone;
};

// When each timer of one peer is due. Plain data: it owns no thread and fires
// nothing, so a peer can be stepped by hand.
class Deadlines {
 public:
  Deadlines() { at_.fill(Instant::Never()); }

  void Set(Timer timer, Instant at) { at_[Index(timer)] = at; }
  void Clear(Timer timer) { Set(timer, Instant::Never()); }
  void ClearAll() { at_.fill(Instant::Never()); }
  bool IsSet(Timer timer) const { return !at_[Index(timer)].IsNever(); }
  Instant at(Timer timer) const { return at_[Index(timer)]; }

  // The soonest.
  Deadline Next() const {
    const auto soonest = std::min_element(at_.begin(), at_.end());
    if (soonest->IsNever()) return {};
    return {*soonest, static_cast<Timer>(std::distance(at_.begin(), soonest))};
  }

  // Clears `timer` and returns true if it is due at `now`.
  bool TakeIfDue(Timer timer, Instant now) {
    if (at_[Index(timer)] > now) return false;
    Clear(timer);
    return true;
  }

 private:
  static size_t Index(Timer timer) { return static_cast<size_t>(timer); }
  std::array<Instant, kNumTimers> at_;
};

// The timers of one peer and the rules that arm them (specs 9.10). Each `On...`
// is to be called just after what it names; what to do when a timer is due is
// the caller's. `jitter` keeps two peers that lost each other from trying in
// step for ever.
class PeerTimers {
 public:
  // Zero turns it off. When it is turned on it is due at once.
  void SetPersistentKeepalive(Instant now, absl::Duration interval);
  absl::Duration persistent_keepalive() const { return persistent_; }

  // Data, not a keepalive, went out or came in.
  void OnDataSent(Instant now, Rng& jitter);
  void OnDataReceived(Instant now);
  // Anything that the peer can authenticate went out or came in: data,
  // keepalives, handshakes.
  void OnAuthenticSent(Instant now);
  void OnAuthenticReceived(Instant now);
  void OnInitiationSent(Instant now, Rng& jitter);
  // An initiation was due less than kRekeyTimeout after our message of `sent`.
  void PostponeRetransmission(Instant sent, Rng& jitter);
  // A retransmission that waits need not wait beyond `at`.
  void HastenRetransmission(Instant at);
  // A response was accepted, or the first data under keys that we responded to.
  void OnHandshakeComplete() { deadlines_.Clear(Timer::kRetransmitHandshake); }
  // New keys exist.
  void OnSessionDerived(Instant now);
  // A series of initiations ended without an answer.
  void OnGaveUp(Instant now);
  // The keys are gone.
  void OnKeysZeroed();

  bool IsRetransmitting() const {
    return deadlines_.IsSet(Timer::kRetransmitHandshake);
  }
  // Clears `timer` and returns true if it is due. Except that the persistent
  // keepalive is armed anew.
  bool TakeIfDue(Timer timer, Instant now);
  // Whether more data came since the passive keepalive was armed, so that one
  // keepalive is not enough. Asked when it is due; then forgotten.
  bool TakeNeedsAnotherKeepalive();
  Deadline Next() const { return deadlines_.Next(); }

 private:
  Deadlines deadlines_;
  absl::Duration persistent_ = absl::ZeroDuration();
  bool needs_another_keepalive_ = false;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_TIMERS_H_
