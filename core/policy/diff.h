#ifndef WARREN_CORE_POLICY_DIFF_H_
#define WARREN_CORE_POLICY_DIFF_H_

#include <string>
#include <vector>

#include "core/policy/compiled.h"
#include "core/policy/topology.h"

// What the step from one policy to another means for the devices of a
// topology, in words.
namespace warren::policy {

// Flows that open, or close, alike: from each of `sources` to each of
// `destinations`.
struct FlowChange {
  bool opens = false;
  // Who: "alice@example.com (2 devices)", "tag:web (laptop only)" ..., or
  // "every device".
  std::vector<std::string> sources;
  std::vector<std::string> destinations;  // the same, or "10.0.0.0/8"
  std::string what;                       // "tcp 22", "any protocol, 80-443"
  friend bool operator==(const FlowChange&, const FlowChange&) = default;
};

struct PolicyDiff {
  std::vector<FlowChange> flows;  // what closes first
  // Devices whose SSH rules, attributes or granted capabilities change.
  std::vector<std::string> ssh;
  std::vector<std::string> attributes;
  std::vector<std::string> capabilities;
  bool empty() const {
    return flows.empty() && ssh.empty() && attributes.empty() &&
           capabilities.empty();
  }
};

// Both on `topology`. Takes about O(nodes^2 / 64) steps for each range of
// ports that some filter tells apart.
PolicyDiff DiffPolicies(const Compiled& before, const Compiled& after,
                        const Topology& topology);

// One line for each change; "" if there is none.
std::string DescribeDiff(const PolicyDiff& diff);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_DIFF_H_
