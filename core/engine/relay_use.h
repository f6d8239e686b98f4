#ifndef WARREN_CORE_ENGINE_RELAY_USE_H_
#define WARREN_CORE_ENGINE_RELAY_USE_H_

#include <deque>
#include <map>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/derp/relay_map.h"
#include "core/engine/event.h"

namespace warren::engine {

// Which relays this node should be connected to: its home always, another when
// a packet goes there, until nothing has for a minute. Only relays of the map
// count. Source: specs 6.10.
class RelayUse {
 public:
  static constexpr absl::Duration kIdle = absl::Seconds(60);

  void SetMap(const derp::RelayMap& map);
  void SetHome(Instant now, RelayId home);
  // A packet goes to `relay`. False: there is no such relay.
  bool Use(Instant now, RelayId relay);
  void OnConnected(RelayId relay, bool connected);
  void OnTimeout(Instant now);

  bool known(RelayId relay) const { return relays_.contains(relay); }
  bool connected(RelayId relay) const;
  std::optional<RelayWanted> Poll();
  Instant Next() const;

 private:
  struct Relay {
    bool wanted = false;
    bool connected = false;
    Instant last_use = Instant::LongAgo();
  };
  void Want(RelayId id, Relay& relay, bool wanted);

  std::map<RelayId, Relay> relays_;
  RelayId home_;
  std::deque<RelayWanted> events_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_RELAY_USE_H_
