#ifndef WARREN_CORE_POLICY_COMPILED_STATE_H_
#define WARREN_CORE_POLICY_COMPILED_STATE_H_

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/functional/function_ref.h"
#include "core/policy/attributes.h"
#include "core/policy/compiled.h"
#include "core/policy/directory.h"
#include "core/policy/flow.h"
#include "core/policy/resolve.h"
#include "core/policy/routes.h"
#include "core/policy/source_set.h"
#include "core/policy/ssh_rules.h"

// What a Compiled is made of; for compiled*.cc alone.
namespace warren::policy {

// A destination of a flow: flows[flow].to[destination].
struct Hit {
  uint32_t flow = 0;
  uint32_t destination = 0;
  friend auto operator<=>(const Hit&, const Hit&) = default;
};

// Which flows concern a node. Those that concern all are not listed by node.
struct FlowIndex {
  std::vector<Hit> at_all;                // any device is a destination
  std::vector<std::vector<Hit>> at;       // by node: it is a destination
  std::vector<uint32_t> by_all;           // flows that any device may use
  std::vector<std::vector<uint32_t>> by;  // by node: flows that it may use,
                                          // also for subnets behind it
  std::vector<Indices> shared_to;         // by user, a guest: nodes
};

struct CompiledState {
  CompiledState(std::shared_ptr<const Policy> policy,
                std::shared_ptr<const Topology> topology);

  std::shared_ptr<const Policy> policy;
  std::shared_ptr<const Topology> topology;
  Directory directory;
  Resolver resolver;
  std::vector<NodeAttributes> attributes;
  RouteTable routes;
  std::vector<uint64_t> identities;
  SourceBook book;
  std::vector<Flow> flows;
  FlowIndex index;
  SshRules ssh;
  std::vector<uint64_t> fingerprints;
};

// Calls for each device that `flow` reaches by `to`: itself, or what is
// behind it. May call twice for one. With kEverything for every device.
void ForEachTarget(const CompiledState& state, const Flow& flow,
                   const Destination& to,
                   absl::FunctionRef<void(Index)> target);

// Where `node` is a destination, ascending: by flow, then destination.
std::vector<Hit> HitsOf(const CompiledState& state, Index node);
// Flows that it may use, ascending.
std::vector<uint32_t> UsesOf(const CompiledState& state, Index node);

// Guests' devices included, on either side. Without `node` itself.
Indices PeersOf(const CompiledState& state, Index node);

NodeView ViewOf(const CompiledState& state, Index node);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_COMPILED_STATE_H_
