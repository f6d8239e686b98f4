#ifndef WARREN_CORE_ENGINE_SELF_NETWORK_H_
#define WARREN_CORE_ENGINE_SELF_NETWORK_H_

#include <deque>
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
#include "core/engine/home_choice.h"
#include "core/engine/link_state.h"
#include "core/engine/port_mapping.h"
#include "core/engine/relay_servers.h"
#include "core/engine/tcp_check.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/netcheck/checker.h"
#include "core/path/action.h"

namespace warren::engine {

// Knows where this node is: its endpoints as peers may reach them, its home
// relay, its NAT. Asks STUN at the start, after a link change, and every 20 to
// 26 s while the node sends at all; never when idle (specs 6.5, 7). Where UDP
// does not get through, asks by TCP, more rarely.
class SelfNetwork {
 public:
  // At least so often all relays are asked.
  static constexpr absl::Duration kFullPeriod = absl::Minutes(5);
  // What else the NAT does is asked again when it maps otherwise than it did,
  // but not more often.
  static constexpr absl::Duration kNatPeriod = absl::Minutes(1);
  static constexpr absl::Duration kPeriod = absl::Seconds(20);
  static constexpr absl::Duration kPeriodJitter = absl::Seconds(6);
  static constexpr absl::Duration kActive = absl::Seconds(45);

  using Event = std::variant<EndpointsChanged, HomeRelayChanged, ResolveWanted,
                             SocketsWanted, ExchangeWanted, RelayLatencyWanted>;

  // `rng` must outlive it.
  explicit SelfNetwork(Rng& rng)
      : rng_(rng),
        checker_(rng, kFirstCheckSocket),
        tcp_(rng),
        home_(rng),
        port_mapping_(rng) {}

  void SetRelayMap(Instant now, const derp::RelayMap& map);
  // What STUN and the router said holds on, unless the node moved.
  void SetLink(Instant now, const LinkState& link, path::LinkChange change);
  // The node goes down: gives back what the router lends it.
  void Close(Instant now);
  void OnResolved(Instant now, absl::string_view hostname,
                  std::vector<net::IpAddress> addresses);
  // Answers to ExchangeWanted and RelayLatencyWanted; stale ones are ignored.
  void OnExchange(Instant now, uint64_t id,
                  absl::StatusOr<std::string> response);
  void OnRelayLatency(Instant now, RelayId relay,
                      std::optional<absl::Duration> latency);
  // Whether the home relay is connected.
  void SetHomeAlive(Instant now, bool alive);
  // Traffic flows: what is known should be fresh.
  void NoteActivity(Instant now);
  // A STUN datagram came. False if it answers nothing we asked.
  bool OnStun(Instant now, const net::Endpoint& from, Bytes datagram);
  // One came through kPortMapSocket. False if it is not the router's, or not
  // understood.
  bool OnPortMapping(Instant now, const net::Endpoint& from, Bytes datagram);
  // Somebody is about to be told where we are: begins a round unless what is
  // known is younger than `max_age`.
  void Refresh(Instant now, absl::Duration max_age);
  // Finds out all that can be, now.
  void Recheck(Instant now);
  void OnTimeout(Instant now);

  std::optional<netcheck::Probe> PollProbe() { return checker_.PollProbe(); }
  // Through kPortMapSocket, which the events so far have opened.
  std::optional<portmap::Datagram> PollPortMapping() {
    return port_mapping_.PollDatagram();
  }
  std::optional<Event> PollEvent();
  Instant Next() const;

  const std::vector<net::Endpoint>& endpoints() const { return endpoints_; }
  RelayId home() const { return home_.relay(); }
  // How the NATs before us behave, as far as is known.
  const net::NatBehavior& nat() const { return known_.nat; }
  // How STUN saw our main socket, IPv4.
  std::optional<net::Endpoint> mapped_v4() const { return known_.mapped_v4; }
  // A server to ask from other sockets; nullopt: none is known.
  std::optional<net::Endpoint> stun_server_v4() const;
  // Whether the last whole round had servers to ask and none answered.
  bool udp_blocked() const {
    return report_.complete && !report_.udp_works() && schedule_.any_server;
  }
  // Whether this network wants a sign-in first; looked at while UDP does not
  // get through.
  std::optional<bool> captive_portal() const;
  NetworkStatus Status() const;

 private:
  struct Schedule {
    Instant last_round = Instant::LongAgo();
    Instant last_full = Instant::LongAgo();
    Instant last_nat = Instant::LongAgo();
    Instant last_tcp = Instant::LongAgo();
    netcheck::Depth depth = netcheck::Depth::kNat;  // of the last round
    bool nat_due = true;
    Instant next_round = Instant::Never();
    Instant active_until = Instant::LongAgo();
    bool any_server = false;    // to ask in the last round
    bool sockets_open = false;  // those of the checker
  };
  // What holds until the link changes, however old the last round is.
  struct Known {
    std::optional<net::Endpoint> mapped_v4;
    std::optional<net::Endpoint> mapped_v6;
    std::vector<net::Endpoint> others_v4;
    net::NatBehavior nat;
  };
  std::vector<netcheck::Server> Servers() const;
  // Whether IPv4 can be reached by a NAT64 alone.
  bool UsesNat64() const;
  // Begins a round, at least as deep as one under way.
  void Begin(Instant now, netcheck::Depth depth);
  // As deep as is due.
  netcheck::Depth DueDepth(Instant now) const;
  void OnComplete(Instant now, const netcheck::Report& report);
  // What the parts have to say, and what follows.
  void Drain(Instant now);
  void OnReport(Instant now, const netcheck::Report& report);
  // Whether rounds go on by themselves.
  bool Watching(Instant now) const;
  void UpdateEndpoints();

  Rng& rng_;
  RelayServers servers_;
  LinkState link_;
  Known known_;
  netcheck::Checker checker_;
  TcpCheck tcp_;
  HomeChoice home_;
  PortMapping port_mapping_;
  netcheck::Report report_;  // the last one; complete ones only, if any
  Schedule schedule_;
  std::vector<net::Endpoint> endpoints_;
  std::deque<Event> events_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_SELF_NETWORK_H_
