#include "core/netmap/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/base/rng.h"

namespace warren::netmap {
namespace {

void Add(Snapshot& snapshot, std::shared_ptr<const SnapshotNode> node) {
  auto& owned = snapshot.by_owner[node->owner];
  owned.push_back(node);
  std::sort(owned.begin(), owned.end(), [](const auto& a, const auto& b) {
    return a->node.id < b->node.id;
  });
  snapshot.nodes[node->node.id] = std::move(node);
}

std::shared_ptr<const SnapshotNode> RandomNode(int id, Rng& rng) {
  auto out = std::make_shared<SnapshotNode>();
  out->owner = UserId(static_cast<int64_t>(1 + rng.Below(2)));
  out->expired = rng.Below(5) == 0;
  out->node.id = NodeId(id);
  out->node.online = rng.Below(2) != 0;
  out->node.addresses = {
      net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(id * 4) +
                         static_cast<uint32_t>(rng.Below(2)))};
  out->node.allowed_ips = {net::IpPrefix::Single(out->node.addresses[0])};
  return out;
}

// Eight nodes, of which some are left out and some are those of `base`.
Snapshot RandomSnapshot(const Snapshot& base, Rng& rng) {
  Snapshot out;
  out.version = base.version + 1;
  out.tailnet = rng.Below(4) == 0 ? "renamed" : "calm-otter";
  if (rng.Below(4) == 0) out.relay_map.regions.resize(1);
  for (int id = 1; id <= 8; ++id) {
    const auto old = base.nodes.find(NodeId(id));
    if (old != base.nodes.end() && rng.Below(2)) {
      Add(out, old->second);
    } else if (id == 1 || rng.Below(4) != 0) {
      Add(out, RandomNode(id, rng));
    }
  }
  return out;
}

TEST(CompileDiff, IsTheDiffOfWhatCompileMakes) {
  SeededRng rng(1);
  Snapshot from = RandomSnapshot(Snapshot(), rng);
  for (int step = 0; step < 2000; ++step) {
    SCOPED_TRACE(step);
    const Snapshot to = RandomSnapshot(from, rng);
    for (const auto& [id, node] : from.nodes) {
      if (!to.nodes.contains(id)) continue;
      ASSERT_EQ(CompileDiff(from, to, id),
                Diff(*Compile(from, id), *Compile(to, id)));
    }
    from = to;
  }
}

// Two tailnets' worth of owners: nobody ever sees what is another's.
TEST(Compile, ShowsEveryLiveNodeOfTheOwnerAndNoOther) {
  SeededRng rng(2);
  for (int step = 0; step < 500; ++step) {
    const Snapshot snapshot = RandomSnapshot(Snapshot(), rng);
    for (const auto& [id, self] : snapshot.nodes) {
      const Netmap netmap = *Compile(snapshot, id);
      for (const auto& [other_id, other] : snapshot.nodes) {
        const bool visible = other_id != id && !self->expired &&
                             !other->expired && other->owner == self->owner;
        ASSERT_EQ(netmap.peers.contains(other_id), visible);
      }
      ASSERT_EQ(netmap.filter.empty(), netmap.peers.empty());
    }
  }
  EXPECT_FALSE(Compile(Snapshot(), NodeId(1)).has_value());
}

}  // namespace
}  // namespace warren::netmap
