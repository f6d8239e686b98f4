#include "core/netmap/presence_only.h"

#include <algorithm>

namespace warren::netmap {
namespace {

bool SameButPresence(const NodeTable::Shared& from,
                     const NodeTable::Shared& to) {
  if (from == to) return true;
  SnapshotNode before = *from;
  before.node.online = to->node.online;
  before.node.last_seen = to->node.last_seen;
  return before == *to;
}

bool SameButPresence(const Shelf& from, const Shelf& to) {
  return from.policy == to.policy && from.nodes.size() == to.nodes.size() &&
         std::equal(from.nodes.begin(), from.nodes.end(), to.nodes.begin(),
                    [](const auto& before, const auto& after) {
                      return SameButPresence(before, after);
                    });
}

}  // namespace

bool OnlyPresenceDiffers(const Snapshot& from, const Snapshot& to) {
  return from.tailnet == to.tailnet && from.domain == to.domain &&
         from.policy_version == to.policy_version &&
         from.relay_map == to.relay_map && SameButPresence(from.own, to.own) &&
         std::ranges::equal(from.shared, to.shared,
                            [](const Shelf& before, const Shelf& after) {
                              return SameButPresence(before, after);
                            });
}

}  // namespace warren::netmap
