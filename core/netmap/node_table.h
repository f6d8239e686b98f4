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
    return IsAt(at, id) ? nodes_[at].get() : nullptr;
  }
  bool contains(NodeId id) const { return Find(id) != nullptr; }
  size_t size() const { return nodes_.size(); }
  // Ascending by id.
  auto begin() const { return nodes_.begin(); }
  auto end() const { return nodes_.end(); }

  void Put(Shared node) {
    const NodeId id = node->node.id;
    const size_t at = At(id);
    if (IsAt(at, id)) {
      nodes_[at] = std::move(node);
      return;
    }
    const auto offset = static_cast<std::ptrdiff_t>(at);
    nodes_.insert(nodes_.begin() + offset, std::move(node));
    ids_.insert(ids_.begin() + offset, id);
  }
  void Erase(NodeId id) {
    const size_t at = At(id);
    if (!IsAt(at, id)) return;
    const auto offset = static_cast<std::ptrdiff_t>(at);
    nodes_.erase(nodes_.begin() + offset);
    ids_.erase(ids_.begin() + offset);
  }

 private:
  // Of the first whose id is not less.
  size_t At(NodeId id) const {
    return static_cast<size_t>(std::ranges::lower_bound(ids_, id) -
                               ids_.begin());
  }
  bool IsAt(size_t at, NodeId id) const {
    return at < ids_.size() && ids_[at] == id;
  }

  std::vector<Shared> nodes_;
  // Of those: a search that had to look into each node would be slow.
  std::vector<NodeId> ids_;
};

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_NODE_TABLE_H_
