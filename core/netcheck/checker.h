#ifndef WARREN_CORE_NETCHECK_CHECKER_H_
#define WARREN_CORE_NETCHECK_CHECKER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/netcheck/nat_check.h"
#include "core/netcheck/probe.h"
#include "core/netcheck/probe_plan.h"
#include "core/netcheck/probe_queue.h"
#include "core/netcheck/relay_round.h"
#include "core/netcheck/sightings.h"
#include "core/stun/stun.h"

namespace warren::netcheck {

// What STUN says about the network we are on.
struct Report {
  bool complete = false;  // the round is over; else more may follow
  bool udp_v4 = false;    // a server answered
  bool udp_v6 = false;
  // How servers see the main socket, by the rule of sightings.h.
  std::optional<net::Endpoint> mapped_v4;
  std::optional<net::Endpoint> mapped_v6;
  std::vector<net::Endpoint> others_v4;
  // kUnknown, nullopt: this round did not look, or could not tell.
  net::NatBehavior nat;
  // The fastest answer of each relay.
  std::map<RelayId, absl::Duration> latencies;

  bool udp_works() const { return udp_v4 || udp_v6; }
};

// How thoroughly to look.
enum class Depth : uint8_t {
  kIncremental,  // the fastest relays, and how they see us
  kFull,         // all relays, and their other ports
  kNat,          // also how our NAT filters, gives ports and hairpins
};

// What is known when a round begins.
struct Premises {
  std::vector<net::IpAddress> own;  // of our interfaces
  uint16_t port_v4 = 0;             // local, of the socket that reaches IPv4
  std::optional<net::Endpoint> mapped_v4;
  std::optional<net::Endpoint> mapped_v6;
};

// One round of STUN at a time, told as it is learned. Drain PollProbe and
// PollReport after each call that takes `now`. Source: specs 7, RFC 5780 §4.
class Checker {
 public:
  // However many questions are open.
  static constexpr absl::Duration kRoundTime = absl::Seconds(4);

  // `rng` must outlive it. `first_socket`: see NatCheck.
  Checker(Rng& rng, uint16_t first_socket)
      : queue_(rng), round_(queue_), nat_(queue_, first_socket) {}

  // Begins a round; one under way is abandoned. With an empty plan it ends at
  // once.
  void Start(Instant now, const std::vector<ProbeSet>& plan, Depth depth,
             Premises premises);
  // False if it answers nothing we asked in this round.
  bool OnResponse(Instant now, const net::Endpoint& from,
                  const stun::Response& response);
  // A request of ours came back to us. False if it is not ours.
  bool OnRequest(Instant now, const stun::TxId& txid);
  void OnTimeout(Instant now);

  bool running() const { return running_; }
  // Whether the sockets of NatCheck should be open.
  bool wants_sockets() const { return running_ && depth_ == Depth::kNat; }
  std::optional<Probe> PollProbe() { return queue_.Poll(); }
  // A report whenever something is new, and a complete one.
  std::optional<Report> PollReport();
  Instant Next() const;

 private:
  void OnAnswer(Instant now, const RelayRound::Answer& answer);
  // Asks the NAT what can be asked by now.
  void Follow(Instant now);
  void Update();
  Report Conclude() const;
  net::NatBehavior Behavior(const MappingVerdict& verdict,
                            const std::vector<Sighting>& sightings) const;

  ProbeQueue queue_;
  RelayRound round_;
  NatCheck nat_;
  bool running_ = false;
  Depth depth_ = Depth::kFull;
  Instant ends_at_ = Instant::Never();
  Premises premises_;
  std::vector<Sighting> seen_;  // the main socket, by servers' main ports
  // The first IPv4 server to answer, and how fast it was.
  std::optional<RelayRound::Answer> first_;
  Report report_;  // as last told
  std::deque<Report> reports_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_CHECKER_H_
