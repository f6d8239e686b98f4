#include "core/netmap/netmap.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::netmap {
namespace {

constexpr int64_t kMaxNodes = 6;

net::IpAddress RandomAddress(Rng& rng) {
  return net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(rng.Below(4)));
}

crypto::NodeKey RandomKey(Rng& rng) {
  std::array<uint8_t, 32> bytes{};
  bytes[0] = static_cast<uint8_t>(rng.Below(3));
  return crypto::NodeKey::FromBytes(bytes);
}

// Each field has few values, so that two nodes often agree in it.
Node RandomNode(NodeId id, Rng& rng) {
  Node node;
  node.id = id;
  node.name = absl::StrCat("node-", rng.Below(3));
  node.node_key = RandomKey(rng);
  node.addresses = {RandomAddress(rng)};
  node.allowed_ips = {net::IpPrefix::Single(node.addresses[0])};
  if (rng.Below(2) == 0) node.endpoints = {{RandomAddress(rng), 41641}};
  node.home_relay = RelayId(static_cast<uint16_t>(rng.Below(3)));
  node.online = rng.Below(2) == 0;
  if (rng.Below(3) == 0) node.tags = {"tag:server"};
  node.key_expiry = absl::Hours(static_cast<double>(rng.Below(2)));
  return node;
}

Netmap RandomNetmap(uint64_t version, Rng& rng) {
  Netmap netmap;
  netmap.version = version;
  netmap.tailnet = absl::StrCat("tailnet-", rng.Below(2));
  netmap.self = RandomNode(NodeId(100), rng);
  for (int64_t id = 1; id <= kMaxNodes; ++id) {
    if (rng.Below(2) == 0)
      netmap.peers[NodeId(id)] = RandomNode(NodeId(id), rng);
  }
  if (rng.Below(2) == 0) {
    netmap.filter = {{{filter::kTcp},
                      {net::IpPrefix::Single(RandomAddress(rng))},
                      {{net::IpPrefix(), 1, 2}}}};
  }
  if (rng.Below(2) == 0) {
    netmap.relay_map.regions.emplace_back().id = RelayId(900);
  }
  netmap.domain = absl::StrCat("domain-", rng.Below(2));
  if (rng.Below(2) == 0) netmap.cap_map["example.com/cap/x"] = {"1"};
  if (rng.Below(2) == 0) {
    netmap.cap_grants.emplace_back().capabilities = netmap.cap_map;
  }
  if (rng.Below(2) == 0) {
    netmap.ssh.emplace_back().users = {{"root", rng.Below(2) ? "root" : ""}};
  }
  netmap.policy_version = rng.Below(3);
  netmap.waits_for_approval = rng.Below(2) == 0;
  return netmap;
}

TEST(NetmapDiff, CarriesAnyNetmapToAnyOther) {
  for (uint64_t seed = 0; seed < 1000; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededRng rng(seed);
    Netmap mine = RandomNetmap(1, rng);
    const Netmap theirs = RandomNetmap(2, rng);
    ASSERT_TRUE(Apply(Diff(mine, theirs), mine).ok());
    ASSERT_EQ(mine, theirs);
  }
}

TEST(NetmapDiff, OfEqualNetmapsIsEmpty) {
  SeededRng rng(1);
  const Netmap netmap = RandomNetmap(1, rng);
  Netmap newer = netmap;
  newer.version = 2;
  EXPECT_TRUE(Diff(netmap, newer).Empty());
  newer.self.name = "another";
  EXPECT_FALSE(Diff(netmap, newer).Empty());
}

TEST(NetmapDiff, NamesOnlyThePeersThatChanged) {
  Netmap from;
  for (int64_t id = 1; id <= 3; ++id) from.peers[NodeId(id)].id = NodeId(id);
  Netmap to = from;
  to.peers.erase(NodeId(1));
  to.peers[NodeId(3)].online = true;
  to.peers[NodeId(4)].id = NodeId(4);
  const NetmapDiff diff = Diff(from, to);
  EXPECT_EQ(diff.removed_peers, std::vector{NodeId(1)});
  ASSERT_EQ(diff.upserted_peers.size(), 2u);
  EXPECT_EQ(diff.upserted_peers[0].id, NodeId(3));
  EXPECT_EQ(diff.upserted_peers[1].id, NodeId(4));
  EXPECT_FALSE(diff.self || diff.filter || diff.relay_map || diff.tailnet);
}

TEST(NetmapApply, LeavesTheNetmapAloneWhenTheDiffStartsElsewhere) {
  SeededRng rng(3);
  Netmap mine = RandomNetmap(7, rng);
  const Netmap before = mine;
  NetmapDiff diff = Diff(RandomNetmap(6, rng), RandomNetmap(8, rng));
  const absl::Status status = Apply(diff, mine);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(mine, before);
}

}  // namespace
}  // namespace warren::netmap
