#ifndef WARREN_CORE_SIM_ORACLE_H_
#define WARREN_CORE_SIM_ORACLE_H_

#include <cstdint>
#include <optional>

#include "core/sim/nat.h"
#include "core/sim/site.h"

// What physics allows two nodes: the simulator's judge. It knows places and RFC
// 4787, and nothing of the engine.
namespace warren::sim {

enum class Reach : uint8_t {
  // By telling each other the addresses that third parties see, and pinging.
  kDirect,
  // One side's port towards the other is unknown, and the other lets in exact
  // ports only; or both ports are unknown, and one side lets in any port: many
  // ports on one side, many guesses on the other.
  kDirectByBirthday,
  // Both sides' ports are unknown, and both come by a rule.
  kDirectByPrediction,
  kRelayOnly,
};
const char* NameOf(Reach reach);

// Where a node is. Nodes with one `site_id` share a LAN, those with one
// `carrier_id` the carrier's NAT.
struct Place {
  SiteKind site;
  int site_id = 0;
  std::optional<NatKind> carrier = std::nullopt;
  int carrier_id = 0;
};

Reach ReachOf(const NatKind& a, const NatKind& b);
Reach ReachOf(const Place& a, const Place& b);

// False: the verdict may prove wrong, by a race (a NAT remembers strangers) or
// by luck (the port that a hard NAT preserves may be the right one).
bool IsSure(const Place& a, const Place& b);

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_ORACLE_H_
