#ifndef WARREN_CORE_NETCHECK_HOME_RELAY_H_
#define WARREN_CORE_NETCHECK_HOME_RELAY_H_

#include <deque>
#include <map>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"

namespace warren::netcheck {

// Chooses the relay where peers find us: the fastest, but not every time
// another is a little faster, since a change costs all peers a moment.
// Source: specs 7.5.
class HomeRelayChooser {
 public:
  // A candidate counts with its best latency of this time.
  static constexpr absl::Duration kHistory = absl::Seconds(305);
  // A change must gain this much and a third.
  static constexpr absl::Duration kMinGain = absl::Milliseconds(10);

  using Latencies = std::map<RelayId, absl::Duration>;

  // The home from now on. `latencies`: of the round just over; `current`: the
  // home so far, 0 for none; `alive`: it is connected, so no answer of it to
  // STUN is no reason to leave. 0 if nothing is known at all.
  RelayId Choose(Instant now, const Latencies& latencies, RelayId current,
                 bool alive);
  // After a link change what was measured says nothing.
  void Forget() { rounds_.clear(); }

 private:
  struct Round {
    Instant at;
    Latencies latencies;
  };
  std::deque<Round> rounds_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_HOME_RELAY_H_
