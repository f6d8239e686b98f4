#ifndef WARREN_CORE_ENGINE_HOME_CHOICE_H_
#define WARREN_CORE_ENGINE_HOME_CHOICE_H_

#include <deque>
#include <map>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/derp/relay_map.h"
#include "core/engine/event.h"
#include "core/netcheck/home_relay.h"

namespace warren::engine {

// Which relay is home: the chooser's (specs 7.5) among those of the map, any
// when nothing can be measured (6.10), and never for long one that cannot be
// connected to, however fast its STUN is.
class HomeChoice {
 public:
  // Longer than a relay's restart takes, most times (specs 7.1: 8 s).
  static constexpr absl::Duration kPatience = absl::Seconds(8);
  static constexpr absl::Duration kAvoid = absl::Minutes(5);

  using Latencies = netcheck::HomeRelayChooser::Latencies;

  // `rng` must outlive it.
  explicit HomeChoice(Rng& rng) : rng_(rng) {}

  void SetMap(Instant now, const derp::RelayMap& map);
  // Whether the home relay is connected: then it is not left for nothing. One
  // that is not for kPatience is left for another, if there is one, and not
  // chosen again for kAvoid.
  void SetAlive(Instant now, bool alive);
  // The first relay to answer: to be reachable now, and refine later.
  void OnFirstAnswer(Instant now, RelayId relay);
  // A round is over; empty: nothing could be measured.
  void OnRound(Instant now, const Latencies& measured);
  // What was measured was another network.
  void Forget() { chooser_.Forget(); }

  RelayId relay() const { return relay_; }  // 0 = none
  // There is a home, and it is not connected.
  bool waiting() const { return relay_ != RelayId() && !alive_; }
  // When a waiting one should be judged again; Never: it is connected, was
  // judged, or there is none.
  Instant PatienceEnds(Instant now) const;
  std::optional<HomeRelayChanged> Poll();

 private:
  // One of those that may be home, not avoided if that can be; 0: none.
  RelayId Any(Instant now);
  void Set(Instant now, RelayId relay);
  bool Avoided(Instant now, RelayId relay) const;

  Rng& rng_;
  derp::RelayMap map_;
  netcheck::HomeRelayChooser chooser_;
  RelayId relay_;
  bool alive_ = false;
  Instant dead_since_;                     // while not alive
  Instant heard_at_ = Instant::LongAgo();  // connected last, while not alive
  std::map<RelayId, Instant> avoid_until_;
  std::deque<HomeRelayChanged> events_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_HOME_CHOICE_H_
