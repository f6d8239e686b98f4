#include "core/netmap/compile.h"

#include <algorithm>

#include "core/base/check.h"

namespace warren::netmap {
namespace {

// Everything `peers` send to `self`, whatever the port.
std::vector<filter::Rule> RulesFor(const Netmap& netmap) {
  filter::Rule rule;
  for (const auto& [id, peer] : netmap.peers) {
    rule.sources.insert(rule.sources.end(), peer.allowed_ips.begin(),
                        peer.allowed_ips.end());
  }
  if (rule.sources.empty()) return {};
  std::sort(rule.sources.begin(), rule.sources.end());
  for (const net::IpAddress& address : netmap.self.addresses) {
    rule.destinations.push_back({net::IpPrefix::Single(address), 0, 65535});
  }
  return {rule};
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
  if (self.expired) return out;
  for (NodeId id : snapshot.by_owner.at(self.owner)) {
    const SnapshotNode& other = *snapshot.nodes.at(id);
    // What is shown to the wrong person cannot be taken back.
    WARREN_CHECK(other.owner == self.owner);
    if (id != node && !other.expired) out.peers.emplace(id, other.node);
  }
  out.filter = RulesFor(out);
  return out;
}

}  // namespace warren::netmap
