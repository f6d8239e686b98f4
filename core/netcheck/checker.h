#ifndef WARREN_CORE_NETCHECK_CHECKER_H_
#define WARREN_CORE_NETCHECK_CHECKER_H_

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/stun/stun.h"

namespace warren::netcheck {

// A STUN server to ask, at one address.
struct Server {
  RelayId relay;
  net::Endpoint endpoint;

  friend bool operator==(const Server&, const Server&) = default;
};

// A Binding request to be sent from the WireGuard socket: from another, the
// mapping learned would be useless (specs trap 20).
struct Probe {
  net::Endpoint to;
  stun::TxId txid;
};

// What STUN says about the network we are on.
struct Report {
  bool complete = false;  // the round is over; else more may follow
  // How the first server to answer saw us, by family.
  std::optional<net::Endpoint> mapped_v4;
  std::optional<net::Endpoint> mapped_v6;
  // Whether another IPv4 server saw another address or port: a NAT that maps
  // by destination. nullopt until two servers have answered.
  std::optional<bool> mapping_varies;
  // The fastest answer of each relay.
  std::map<RelayId, absl::Duration> latencies;

  bool udp_works() const { return mapped_v4 || mapped_v6; }
};

// One round of STUN at a time: asks each server up to kTries times, and tells
// what was learned as it is learned. Drain PollProbe and PollReport after each
// call that takes `now`. Source: specs 7.
class Checker {
 public:
  static constexpr size_t kMaxServers = 32;  // further ones are not asked
  static constexpr int kTries = 3;
  static constexpr absl::Duration kTrySpacing = absl::Milliseconds(100);
  static constexpr absl::Duration kRoundTime = absl::Seconds(3);
  // With so many relays measured, slower ones cannot be the best.
  static constexpr size_t kEnoughRelays = 3;

  // `rng` must outlive the checker.
  explicit Checker(Rng& rng) : rng_(rng) {}

  // Begins a round; one under way is abandoned. Without servers the round ends
  // at once.
  void Start(Instant now, std::vector<Server> servers);
  // False if it answers nothing we asked in this round.
  bool OnResponse(Instant now, const stun::Response& response);
  void OnTimeout(Instant now);
  bool running() const { return running_; }

  std::optional<Probe> PollProbe();
  // A report after each answer that tells a new address, and a complete one.
  std::optional<Report> PollReport();
  Instant Next() const;

 private:
  struct Target {
    Server server;
    int num_tries = 0;
    Instant next_try;
    bool answered = false;
  };
  struct Transaction {
    stun::TxId txid;
    size_t target;
    Instant sent_at;
  };
  void SendDue(Instant now);
  void NoteMapped(const net::Endpoint& seen);
  void Finish();

  Rng& rng_;
  bool running_ = false;
  Instant ends_at_ = Instant::Never();
  Instant started_at_;
  std::vector<Target> targets_;
  std::vector<Transaction> transactions_;
  Report report_;
  std::deque<Probe> probes_;
  std::deque<Report> reports_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_CHECKER_H_
