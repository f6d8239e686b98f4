#ifndef WARREN_CONTROL_COORDINATOR_TOPOLOGY_H_
#define WARREN_CONTROL_COORDINATOR_TOPOLOGY_H_

#include <cstdint>
#include <string>
#include <vector>

#include "control/coordinator/directory.h"
#include "core/policy/topology.h"

// A tailnet as its policy sees it.
namespace warren::control {

// Users that are active, and their nodes that may speak: approved (when the
// tailnet asks for that) and not expired. Guests of shared nodes come with
// their own nodes.
policy::Topology TopologyOf(Directory& directory, const TailnetState& tailnet,
                            int64_t now_ms);

// One node as policies see it.
policy::Node TopologyNodeOf(const NodeState& node);

// Whether a policy knows the node at all.
bool MaySpeak(const TailnetState& tailnet, const NodeState& node,
              int64_t now_ms);

// The groups that identity providers put the people of a tailnet into,
// ascending.
std::vector<std::string> ProviderGroupsOf(const TailnetState& tailnet);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_TOPOLOGY_H_
