#ifndef WARREN_CORE_ENGINE_SELF_NETWORK_H_
#define WARREN_CORE_ENGINE_SELF_NETWORK_H_

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/derp/relay_map.h"
#include "core/engine/event.h"
#include "core/net/ip.h"
#include "core/netcheck/checker.h"
#include "core/netcheck/home_relay.h"
#include "core/netcheck/own_endpoints.h"

namespace warren::engine {

struct LinkState;

// Knows where this node is: its endpoints as peers may reach them, its home
// relay, its NAT. Asks STUN at the start, after a link change, and every 20 to
// 26 s while the node sends at all; never when idle (specs 6.5, 7).
class SelfNetwork {
 public:
  static constexpr absl::Duration kPeriod = absl::Seconds(20);
  static constexpr absl::Duration kPeriodJitter = absl::Seconds(6);
  static constexpr absl::Duration kActive = absl::Seconds(45);
  // Longer than a relay's restart takes, most times (specs 7.1: 8 s).
  static constexpr absl::Duration kHomePatience = absl::Seconds(8);
  static constexpr absl::Duration kAvoid = absl::Minutes(5);

  using Event = std::variant<EndpointsChanged, HomeRelayChanged, ResolveWanted>;

  // `rng` must outlive it.
  explicit SelfNetwork(Rng& rng) : rng_(rng), checker_(rng) {}

  void SetRelayMap(Instant now, const derp::RelayMap& map);
  void SetLink(Instant now, const LinkState& link);
  void OnResolved(Instant now, absl::string_view hostname,
                  std::vector<net::IpAddress> addresses);
  // Answers to ExchangeWanted and RelayLatencyWanted; stale ones are ignored.
  void OnExchange(Instant now, uint64_t id,
                  absl::StatusOr<std::string> response);
  void OnRelayLatency(Instant now, RelayId relay,
                      std::optional<absl::Duration> latency);
  // Whether the home relay is connected: then it is not left for nothing. One
  // that is not for kHomePatience is left for another, if there is one, and not
  // chosen again for kAvoid, however fast its STUN is.
  void SetHomeAlive(Instant now, bool alive);
  // Traffic flows: what is known should be fresh.
  void NoteActivity(Instant now);
  // A STUN datagram came. False if it answers nothing we asked.
  bool OnStun(Instant now, Bytes datagram);
  // Somebody is about to be told where we are: begins a round unless what is
  // known is younger than `max_age`.
  void Refresh(Instant now, absl::Duration max_age);
  // Begins a round now.
  void Recheck(Instant now);
  void OnTimeout(Instant now);

  std::optional<netcheck::Probe> PollProbe() { return checker_.PollProbe(); }
  std::optional<Event> PollEvent();
  Instant Next() const;

  const std::vector<net::Endpoint>& endpoints() const { return endpoints_; }
  RelayId home() const { return home_.relay; }
  // Whether the last whole round had servers to ask and none answered.
  bool udp_blocked() const {
    return report_.complete && !report_.udp_works() && schedule_.any_server;
  }
  NetworkStatus Status() const;

 private:
  struct Schedule {
    Instant last_round = Instant::LongAgo();
    Instant next_round = Instant::Never();
    Instant active_until = Instant::LongAgo();
    bool any_server = false;  // to ask in the last round
  };
  struct Home {
    RelayId relay;  // 0 = none
    bool alive = false;
    Instant dead_since;  // while not alive
    std::map<RelayId, Instant> avoid_until;
  };
  struct Resolution {
    bool asked = false;                     // and not answered yet
    std::vector<net::IpAddress> addresses;  // empty: unknown so far
  };
  std::vector<netcheck::Server> Servers() const;
  void AddServers(const derp::RelayRegion& region, const derp::RelayNode& node,
                  std::vector<netcheck::Server>& servers) const;
  // Asks for the names that no answer had an address for: DNS may have been
  // out of reach.
  void WantResolved();
  void Drain(Instant now);
  void OnReport(Instant now, const netcheck::Report& report);
  void ChooseHome(Instant now, const netcheck::Report& report);
  // One of those that may be home, not avoided if that can be; 0: none.
  RelayId AnyRelay(Instant now);
  void SetHome(Instant now, RelayId home);
  bool Avoided(Instant now, RelayId relay) const;
  // Whether rounds go on by themselves.
  bool Watching(Instant now) const;
  void UpdateEndpoints();

  Rng& rng_;
  derp::RelayMap relay_map_;
  std::map<std::string, Resolution> resolved_;
  netcheck::Whereabouts where_;
  netcheck::Checker checker_;
  netcheck::HomeRelayChooser chooser_;
  netcheck::Report report_;  // the last one; complete ones only, if any
  Schedule schedule_;
  Home home_;
  std::vector<net::Endpoint> endpoints_;
  std::deque<Event> events_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_SELF_NETWORK_H_
