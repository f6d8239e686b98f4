#ifndef WARREN_CORE_NETMAP_COMPILE_H_
#define WARREN_CORE_NETMAP_COMPILE_H_

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong_id.h"
#include "core/derp/relay_map.h"
#include "core/netmap/netmap.h"

namespace warren::netmap {

// One node as the control server knows it.
struct SnapshotNode {
  Node node;
  UserId owner;  // who let it in; also of a tagged node, where node.user
                 // is 0
  bool expired = false;  // its key has expired: it is nobody's peer
};

// A whole tailnet at one version. Immutable once published; snapshots share
// the nodes that did not change between them.
struct Snapshot {
  TailnetId id;
  uint64_t version = 0;
  std::string tailnet;  // its display name
  std::map<NodeId, std::shared_ptr<const SnapshotNode>> nodes;
  // The same nodes, those of one owner together, ascending by id.
  std::map<UserId, std::vector<std::shared_ptr<const SnapshotNode>>> by_owner;
  derp::RelayMap relay_map;
};

// What `node` may know and receive. The rule, until there is a policy: the
// devices of one user see and reach each other on every port; those of another
// user do not exist. A node whose key has expired has no peers and lets
// nothing in, and is nobody's peer. nullopt: there is no such node.
std::optional<Netmap> Compile(const Snapshot& snapshot, NodeId node);

// Diff(*Compile(from, node), *Compile(to, node)), without making either: it
// looks at each peer once, and copies only what changed between the snapshots.
// `node` must be in both.
NetmapDiff CompileDiff(const Snapshot& from, const Snapshot& to, NodeId node);

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_COMPILE_H_
