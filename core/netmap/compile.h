#ifndef WARREN_CORE_NETMAP_COMPILE_H_
#define WARREN_CORE_NETMAP_COMPILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/strong_id.h"
#include "core/derp/relay_map.h"
#include "core/netmap/bearing.h"
#include "core/netmap/netmap.h"
#include "core/netmap/node_table.h"
#include "core/policy/compiled.h"

namespace warren::netmap {

// Nodes, and a policy that says how they stand to each other. It knows those
// alone that may speak; no policy: nobody sees or reaches anybody.
struct Shelf {
  NodeTable nodes;
  std::shared_ptr<const policy::Compiled> policy;
};

// A whole tailnet at one version. Immutable once published; snapshots share
// the nodes that did not change between them.
struct Snapshot {
  TailnetId id;
  uint64_t version = 0;
  std::string tailnet;  // its name, for people
  std::string domain;
  derp::RelayMap relay_map;
  uint64_t policy_version = 0;
  // Its nodes, and guests' nodes that may reach some of them (these are
  // shared_in()).
  Shelf own;
  // Of other tailnets that share nodes with people here: those nodes
  // (shared_in(), here), under the policies of their tailnets.
  std::vector<Shelf> shared;
};

// What `node` may know and receive. A node that the policy does not know
// (expired, not approved, its user suspended) has no peers and lets nothing
// in, and is nobody's peer. nullopt: there is no such node of this tailnet.
std::optional<Netmap> Compile(const Snapshot& snapshot, NodeId node);

// Diff(*Compile(from, node), *Compile(to, node)), without making either where
// the policy says that nothing has changed. `node` must be in both. `bearing`
// is set to what it does to the node.
NetmapDiff CompileDiff(const Snapshot& from, const Snapshot& to, NodeId node,
                       Bearing& bearing);

// The nodes to which `to` may look another way than `from`, ascending, with
// those that only one of them has: whoever is not among them needs not be
// told. `touched`: nodes of own and shared shelves that may differ in
// themselves. nullopt: everybody.
std::optional<std::vector<NodeId>> Affected(const Snapshot& from,
                                            const Snapshot& to,
                                            const std::set<NodeId>& touched);

// Nodes of any shelf that are not the same in both.
std::set<NodeId> DifferingNodes(const Snapshot& from, const Snapshot& to);

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_COMPILE_H_
