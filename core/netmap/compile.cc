#include "core/netmap/compile.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace warren::netmap {
namespace {

using SharedNode = std::shared_ptr<const SnapshotNode>;

// The nodes that `self` may know, itself not among them, ascending by id.
std::vector<const SharedNode*> PeersOf(const Snapshot& snapshot,
                                       const SnapshotNode& self) {
  std::vector<const SharedNode*> peers;
  if (self.expired) return peers;
  for (const SharedNode& other : snapshot.by_owner.at(self.owner)) {
    // What is shown to the wrong person cannot be taken back.
    WARREN_CHECK(other->owner == self.owner);
    if (other->node.id != self.node.id && !other->expired) {
      peers.push_back(&other);
    }
  }
  return peers;
}

// Everything `peers` send to `self`, whatever the port.
std::vector<filter::Rule> RulesFor(
    const SnapshotNode& self, const std::vector<const SharedNode*>& peers) {
  filter::Rule rule;
  for (const SharedNode* peer : peers) {
    const Node& node = (*peer)->node;
    rule.sources.insert(rule.sources.end(), node.allowed_ips.begin(),
                        node.allowed_ips.end());
  }
  if (rule.sources.empty()) return {};
  std::sort(rule.sources.begin(), rule.sources.end());
  for (const net::IpAddress& address : self.node.addresses) {
    rule.destinations.push_back({net::IpPrefix::Single(address), 0, 65535});
  }
  return {rule};
}

// Puts the peers that went, came or changed into `diff`. Whether the rules may
// have changed with them.
bool DiffPeers(const std::vector<const SharedNode*>& from,
               const std::vector<const SharedNode*>& to, NetmapDiff& diff) {
  bool rules = false;
  auto old = from.begin();
  for (const SharedNode* peer : to) {
    const Node& node = (*peer)->node;
    for (; old != from.end() && (**old)->node.id < node.id; ++old) {
      diff.removed_peers.push_back((**old)->node.id);
    }
    const bool known = old != from.end() && (**old)->node.id == node.id;
    const SharedNode* before = known ? *old++ : nullptr;
    if (known && (*before == *peer || (*before)->node == node)) continue;
    diff.upserted_peers.push_back(node);
    rules = rules || !known || (*before)->node.allowed_ips != node.allowed_ips;
  }
  for (; old != from.end(); ++old) {
    diff.removed_peers.push_back((**old)->node.id);
  }
  return rules || !diff.removed_peers.empty();
}

}  // namespace

std::optional<Netmap> Compile(const Snapshot& snapshot, NodeId node) {
  const auto found = snapshot.nodes.find(node);
  if (found == snapshot.nodes.end()) return std::nullopt;
  const SnapshotNode& self = *found->second;
  Netmap out;
  out.version = snapshot.version;
  out.tailnet = snapshot.tailnet;
  out.self = self.node;
  out.relay_map = snapshot.relay_map;
  const auto peers = PeersOf(snapshot, self);
  for (const SharedNode* peer : peers) {
    out.peers.emplace_hint(out.peers.end(), (*peer)->node.id, (*peer)->node);
  }
  out.filter = RulesFor(self, peers);
  return out;
}

NetmapDiff CompileDiff(const Snapshot& from, const Snapshot& to, NodeId node) {
  const SharedNode& before = from.nodes.at(node);
  const SharedNode& after = to.nodes.at(node);
  NetmapDiff diff;
  diff.from_version = from.version;
  diff.to_version = to.version;
  if (from.tailnet != to.tailnet) diff.tailnet = to.tailnet;
  if (from.relay_map != to.relay_map) diff.relay_map = to.relay_map;
  if (before != after && before->node != after->node) diff.self = after->node;
  const auto old_peers = PeersOf(from, *before);
  const auto new_peers = PeersOf(to, *after);
  const bool addresses = before->node.addresses != after->node.addresses;
  if (DiffPeers(old_peers, new_peers, diff) || addresses) {
    auto rules = RulesFor(*after, new_peers);
    if (rules != RulesFor(*before, old_peers)) diff.filter = std::move(rules);
  }
  return diff;
}

}  // namespace warren::netmap
