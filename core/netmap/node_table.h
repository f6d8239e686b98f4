#ifndef WARREN_CORE_NETMAP_NODE_TABLE_H_
#define WARREN_CORE_NETMAP_NODE_TABLE_H_

#include <algorithm>
#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "core/base/strong_id.h"
#include "core/netmap/netmap.h"

namespace warren::netmap {

// One node as the control server knows it: node.allowed_ips are its own
// addresses alone.
struct SnapshotNode {
  Node node;
  bool waits_for_approval = false;

  friend bool operator==(const SnapshotNode&, const SnapshotNode&) = default;
};

// Nodes by id. Cheap to copy: copies share the nodes.
class NodeTable {
 public:
  using Shared = std::shared_ptr<const SnapshotNode>;

  // nullptr when there is none.
  const SnapshotNode* Find(NodeId id) const {
    const auto at = At(id);
    return IsAt(at, id) ? at->get() : nullptr;
  }
  bool contains(NodeId id) const { return Find(id) != nullptr; }
  size_t size() const { return nodes_.size(); }
  // Ascending by id.
  auto begin() const { return nodes_.begin(); }
  auto end() const { return nodes_.end(); }

  void Put(Shared node) {
    const NodeId id = node->node.id;
    const auto place = nodes_.begin() + (At(id) - nodes_.cbegin());
    if (IsAt(place, id)) {
      *place = std::move(node);
    } else {
      nodes_.insert(place, std::move(node));
    }
  }
  void Erase(NodeId id) {
    const auto at = At(id);
    if (IsAt(at, id)) nodes_.erase(at);
  }

 private:
  std::vector<Shared>::const_iterator At(NodeId id) const {
    return std::lower_bound(nodes_.begin(), nodes_.end(), id,
                            [](const Shared& node, NodeId wanted) {
                              return node->node.id < wanted;
                            });
  }
  bool IsAt(std::vector<Shared>::const_iterator at, NodeId id) const {
    return at != nodes_.end() && (*at)->node.id == id;
  }

  std::vector<Shared> nodes_;
};

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_NODE_TABLE_H_
