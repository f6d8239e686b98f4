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
// Source: specs 7.5, to the nanosecond.
class HomeRelayChooser {
 public:
  // A candidate counts with its best latency of this time.
  static constexpr absl::Duration kHistory = absl::Seconds(305);
  // A change must gain this much and a third.
  static constexpr absl::Duration kMinGain = absl::Milliseconds(10);
  // A home heard so recently is not left because its STUN is silent...
  static constexpr absl::Duration kHeard = absl::Seconds(8);
  // ... nor, this recently, because everybody's is.
  static constexpr absl::Duration kHeardAlone = absl::Seconds(120);

  using Latencies = std::map<RelayId, absl::Duration>;

  struct Home {
    RelayId relay;  // 0: none
    Instant heard_at = Instant::LongAgo();
  };
  // The home from now on. `latencies`: of the round just over; `current`: the
  // home so far. 0 if nothing is known that speaks for any.
  RelayId Choose(Instant now, const Latencies& latencies, const Home& current);
  // After a link change what was measured says nothing.
  void Forget() { rounds_.clear(); }

 private:
  struct Round {
    Instant at;
    Latencies latencies;
  };
  // The best of the last rounds.
  absl::Duration Best(RelayId relay) const;

  std::deque<Round> rounds_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_HOME_RELAY_H_
