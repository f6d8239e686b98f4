#ifndef WARREN_CORE_ENGINE_RELAY_SERVERS_H_
#define WARREN_CORE_ENGINE_RELAY_SERVERS_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "core/derp/relay_map.h"
#include "core/engine/event.h"
#include "core/net/ip.h"
#include "core/netcheck/checker.h"

namespace warren::engine {

// The relay map's servers at their addresses: literals of the map, and what
// DNS says of the names that have none (specs 3).
class RelayServers {
 public:
  void SetMap(const derp::RelayMap& map) { map_ = map; }
  const derp::RelayMap& map() const { return map_; }

  // False: that was known.
  bool OnResolved(absl::string_view hostname,
                  std::vector<net::IpAddress> addresses);
  // Asks for the names that no answer had an address for so far: DNS may have
  // been out of reach.
  void WantResolved();
  std::optional<ResolveWanted> Poll();

  // Who answers STUN, in the order of the map, best node first: those of the
  // families that we can send to.
  std::vector<netcheck::Server> Stun(bool v4, bool v6) const;
  // Where `node` is, in no more than one family if the map says so.
  std::vector<net::IpAddress> AddressesOf(const derp::RelayNode& node) const;

 private:
  struct Resolution {
    bool asked = false;                     // and not answered yet
    std::vector<net::IpAddress> addresses;  // empty: unknown so far
  };
  derp::RelayMap map_;
  std::map<std::string, Resolution> resolved_;
  std::deque<ResolveWanted> wanted_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_RELAY_SERVERS_H_
