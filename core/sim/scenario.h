#ifndef WARREN_CORE_SIM_SCENARIO_H_
#define WARREN_CORE_SIM_SCENARIO_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/sim/network.h"
#include "core/sim/oracle.h"

// What may happen to a few nodes, drawn from a seed. Values only: Play()
// (scenario_play.h) makes them true.
namespace warren::sim {

enum class Trouble : uint8_t {
  kRoam,          // to another site
  kRebind,        // the NAT forgets all its mappings
  kRenumber,      // the router gets another address outside
  kFlap,          // the interface goes down, and comes up
  kSleep,         // of the device
  kRelayRestart,  // all connections break; it is away for a while
  kLoseV6,        // the IPv6 address goes, and another one comes
  kPauseControl,  // the node roams, and nobody is told
  kLossBurst,     // half of the node's datagrams are lost
  kBlockUdp,      // the node's network lets no UDP through for a while
  kReboot,        // the node's process starts anew
  kStepClock,     // of the wall, by years
  kReplay,        // somebody sends from elsewhere what the node has sent
};
inline constexpr int kNumTroubles = 13;

struct SitePlan {
  SiteKind kind;
  int carrier = -1;  // index; none
};
struct NodePlan {
  size_t site = 0;
  Link link;
};
struct TroublePlan {
  Trouble what = Trouble::kRoam;
  size_t node = 0;   // or relay
  size_t where = 0;  // the site to roam to
  absl::Duration lasts;
};
struct Scenario {
  uint64_t seed = 0;
  std::vector<absl::Duration> relays;  // how far they are
  std::vector<NatKind> carriers;
  std::vector<SitePlan> sites;
  std::vector<NodePlan> nodes;
  std::vector<TroublePlan> troubles;  // one after the other, with calm between
};

// The same seed, the same scenario, on every machine.
Scenario Draw(uint64_t seed);

// A node that is at `site`, as the oracle wants it.
Place PlaceAt(const Scenario& scenario, size_t site);

// For people.
std::string Describe(const Scenario& scenario);
std::string Describe(const TroublePlan& trouble);
std::string NodeName(size_t node);  // a, b, ...

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_SCENARIO_H_
