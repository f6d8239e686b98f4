#ifndef WARREN_CORE_NETCHECK_RELAY_ROUND_H_
#define WARREN_CORE_NETCHECK_RELAY_ROUND_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/netcheck/probe_plan.h"
#include "core/netcheck/probe_queue.h"
#include "core/stun/stun.h"

namespace warren::netcheck {

// Asks relays by a plan from the main socket, and measures how fast they are.
// Source: specs 7.4.
class RelayRound {
 public:
  static constexpr absl::Duration kTime = absl::Seconds(3);
  // With so many relays measured, slower ones cannot be the best.
  static constexpr size_t kEnoughRelays = 3;

  // `queue` must outlive it.
  explicit RelayRound(ProbeQueue& queue) : queue_(queue) {}

  // Abandons the round under way. `full`: waits twice as long for the slow, and
  // asks over IPv4 also for the servers' other ports.
  void Start(Instant now, const std::vector<ProbeSet>& plan, bool full);

  struct Answer {
    net::Endpoint server;
    net::Endpoint seen;
    uint16_t other_port;  // 0: none told
    absl::Duration latency;
    size_t order;  // of the request
    bool first;    // of this server: what it says later is no news
  };
  // nullopt: it answers nothing we asked in this round.
  std::optional<Answer> OnResponse(Instant now, const stun::Response& response);
  void OnTimeout(Instant now);

  bool running() const { return running_; }
  // The fastest answer of each relay.
  const std::map<RelayId, absl::Duration>& latencies() const {
    return latencies_;
  }
  Instant Next() const;

 private:
  struct Asked {
    ProbeSet set;
    size_t num_tries = 0;
    bool over = false;  // answered, or another try would tell nothing
  };
  struct Transaction {
    SentProbe sent;
    size_t set;
    net::Endpoint server;
  };
  void SendDue(Instant now);
  // Whether an answer would tell what is not known yet.
  bool WouldHelp(const ProbeSet& set) const;
  void EndIfDone();
  void End();

  ProbeQueue& queue_;
  bool running_ = false;
  bool full_ = false;
  Instant started_at_;
  Instant ends_at_ = Instant::Never();
  std::vector<Asked> asked_;
  std::vector<Transaction> transactions_;
  std::map<RelayId, absl::Duration> latencies_;
  std::set<net::Endpoint> answered_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_RELAY_ROUND_H_
