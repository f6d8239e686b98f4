#ifndef WARREN_CORE_NETCHECK_PROBE_PLAN_H_
#define WARREN_CORE_NETCHECK_PROBE_PLAN_H_

#include <map>
#include <vector>

#include "absl/time/time.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/netcheck/probe.h"

// Whom to ask in a round of STUN, and when. Pure. Source: specs 7.3.
namespace warren::netcheck {

// The tries for one relay over one family; an answer ends them.
struct ProbeSet {
  struct Try {
    net::Endpoint server;
    absl::Duration delay;  // after the start of the round

    friend bool operator==(const Try&, const Try&) = default;
  };
  RelayId relay;
  net::Family family = net::Family::kV4;
  std::vector<Try> tries;  // by rising delay
};

inline constexpr size_t kMaxProbeSets = 64;  // further relays are not asked

// Every relay, three tries of each family.
std::vector<ProbeSet> FullPlan(const std::vector<Server>& servers);

// What the last round found.
struct LastRound {
  std::map<RelayId, absl::Duration> latencies;
  RelayId home;
  bool v4 = false;  // somebody answered over it
  bool v6 = false;
};

// The three fastest relays and home, with as few packets as still tell whether
// they are there.
std::vector<ProbeSet> IncrementalPlan(const std::vector<Server>& servers,
                                      const LastRound& last);

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_PROBE_PLAN_H_
