#include "core/netmap/compile.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "core/netmap/filter_rules.h"
#include "core/policy/policy_text.h"

namespace warren::netmap {
namespace {

constexpr int64_t kNodes = 8;

// Each relates other nodes: by user, tag, route, capability, login.
constexpr const char* kPolicies[] = {
    R"({"grants": [{"src": ["autogroup:member"], "dst": ["autogroup:self"],
                    "ip": ["*"]}]})",
    R"({"acls": [{"action": "accept", "src": ["alice@example.com"],
                  "dst": ["tag:db:5432"]}],
        "tagOwners": {"tag:db": ["alice@example.com"]}})",
    R"({"grants": [{"src": ["autogroup:member"], "dst": ["10.0.0.0/8"],
                    "ip": ["tcp:22"]},
                   {"src": ["bob@example.com"], "dst": ["autogroup:internet"],
                    "ip": ["*"]}]})",
    R"({"grants": [{"src": ["bob@example.com"], "dst": ["tag:db"],
                    "app": {"example.com/cap/x": [{"a": 1}]}}],
        "tagOwners": {"tag:db": ["bob@example.com"]},
        "ssh": [{"action": "accept", "src": ["bob@example.com"],
                 "dst": ["tag:db"], "users": ["root"]}],
        "nodeAttrs": [{"target": ["tag:db"], "attr": ["disable-ipv4"]}]})",
    R"({"acls": []})",
};

std::shared_ptr<const policy::Policy> PolicyNumber(uint64_t n) {
  const policy::ParsedPolicy parsed = policy::ParsePolicy(kPolicies[n]);
  EXPECT_TRUE(parsed.ok()) << policy::Describe(parsed.problems);
  return std::make_shared<policy::Policy>(parsed.policy);
}

void AddUser(policy::Topology& topology, int64_t id, const char* login) {
  policy::User& user = topology.users.emplace_back();
  user.id = UserId(id);
  user.login = login;
}

// A tailnet of few nodes, in which anything may be another way the next time.
class World {
 public:
  explicit World(uint64_t seed) : rng_(seed) {
    for (int64_t id = 1; id <= kNodes; ++id) Redo(id);
  }

  void Edit() {
    for (uint64_t n = rng_.Below(3); n > 0; --n) {
      Redo(static_cast<int64_t>(1 + rng_.Below(kNodes)));
    }
    if (rng_.Below(6) == 0) policy_ = rng_.Below(std::size(kPolicies));
    ++version_;
  }

  Snapshot Take() {
    Snapshot out;
    out.version = version_;
    out.policy_version = policy_;
    auto topology = std::make_shared<policy::Topology>();
    AddUser(*topology, 1, "alice@example.com");
    AddUser(*topology, 2, "bob@example.com");
    for (const auto& [node, about] : nodes_) {
      if (node == nullptr) continue;
      out.own.nodes.Put(node);
      if (!node->waits_for_approval) topology->nodes.push_back(about);
    }
    out.own.policy = policy::Compiled::Make(PolicyNumber(policy_), topology);
    return out;
  }

 private:
  void Redo(int64_t id) {
    auto& [node, about] = nodes_[static_cast<size_t>(id - 1)];
    node = nullptr;
    if (rng_.Below(5) == 0) return;
    auto made = std::make_shared<SnapshotNode>();
    made->waits_for_approval = rng_.Below(6) == 0;
    made->node.id = NodeId(id);
    made->node.online = rng_.Below(2) != 0;
    made->node.addresses = {
        net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(id)),
        *net::IpAddress::Parse(absl::StrCat("fd7a:115c:a1e0::", id))};
    for (const auto& address : made->node.addresses) {
      made->node.allowed_ips.push_back(net::IpPrefix::Single(address));
    }
    about = policy::Node();
    about.id = NodeId(id);
    about.ipv4 = made->node.addresses[0];
    about.ipv6 = made->node.addresses[1];
    if (rng_.Below(3) == 0) {
      about.tags = {"tag:db"};
    } else {
      about.user = UserId(static_cast<int64_t>(1 + rng_.Below(2)));
    }
    if (rng_.Below(4) == 0) {
      about.routable_ips = {*net::IpPrefix::Parse("10.1.0.0/16"),
                            *net::IpPrefix::Parse("0.0.0.0/0"),
                            *net::IpPrefix::Parse("::/0")};
      about.approved_routes = about.routable_ips;
    }
    node = std::move(made);
  }

  SeededRng rng_;
  uint64_t version_ = 1;
  uint64_t policy_ = 0;
  std::array<std::pair<std::shared_ptr<const SnapshotNode>, policy::Node>,
             kNodes>
      nodes_;
};

std::set<NodeId> Ids(const Snapshot& snapshot) {
  std::set<NodeId> ids;
  for (const auto& node : snapshot.own.nodes) ids.insert(node->node.id);
  return ids;
}

// Whether the filter of `netmap` lets in what the first source and destination
// of `rule` name.
bool LetsIn(const Netmap& netmap, const filter::Rule& rule) {
  return std::ranges::any_of(netmap.filter, [&](const filter::Rule& one) {
    return one.protocols == rule.protocols &&
           std::ranges::count(one.sources, rule.sources[0]) > 0 &&
           std::ranges::count(one.destinations, rule.destinations[0]) > 0;
  });
}

// Whether there is something in `before` that `after` lacks.
bool Loses(const Netmap& before, const Netmap& after) {
  for (const auto& [id, peer] : before.peers) {
    const auto still = after.peers.find(id);
    if (still == after.peers.end()) return true;
    for (const net::IpPrefix& prefix : peer.allowed_ips) {
      if (!std::ranges::count(still->second.allowed_ips, prefix)) return true;
    }
  }
  return std::ranges::any_of(before.filter, [&](const filter::Rule& rule) {
    return !rule.destinations.empty() && !LetsIn(after, rule);
  });
}

TEST(CompileDiff, IsTheDiffOfWhatCompileMakes) {
  World world(1);
  int pure = 0;
  Snapshot from = world.Take();
  for (int step = 0; step < 3000; ++step) {
    SCOPED_TRACE(step);
    world.Edit();
    const Snapshot to = world.Take();
    for (const NodeId id : Ids(from)) {
      if (!to.own.nodes.contains(id)) continue;
      const Netmap before = *Compile(from, id);
      const Netmap after = *Compile(to, id);
      Bearing bearing;
      ASSERT_EQ(CompileDiff(from, to, id, bearing), Diff(before, after));
      ASSERT_GE(bearing.takes, Loses(before, after));
      ASSERT_GE(bearing.gives, Loses(after, before));
      ASSERT_TRUE(bearing == Bearing() || !Diff(before, after).Empty());
      pure += bearing.takes != bearing.gives;
    }
    from = to;
  }
  EXPECT_GT(pure, 1000);
}

TEST(BearingOfFilters, TellsMoreFromLess) {
  const auto rules = [](std::vector<const char*> sources, uint16_t port) {
    filter::Rule rule;
    for (const char* source : sources) {
      rule.sources.push_back(*net::IpPrefix::Parse(source));
    }
    rule.destinations = {{*net::IpPrefix::Parse("100.64.0.1/32"), port, port}};
    return std::vector<filter::Rule>{rule};
  };
  const auto one = rules({"100.64.0.2/32"}, 22);
  const auto two = rules({"100.64.0.3/32", "100.64.0.2/32"}, 22);
  const auto other = rules({"100.64.0.2/32"}, 80);
  const std::vector<filter::Rule> none;
  EXPECT_EQ(BearingOf(one, one), Bearing());
  EXPECT_EQ(BearingOf(none, one), (Bearing{false, true}));
  EXPECT_EQ(BearingOf(one, none), (Bearing{true, false}));
  EXPECT_EQ(BearingOf(one, two), (Bearing{false, true}));
  EXPECT_EQ(BearingOf(two, one), (Bearing{true, false}));
  EXPECT_EQ(BearingOf(one, other), kTakesAndGives);
  // However it is cut into rules.
  auto both = one;
  both.push_back(other[0]);
  auto turned = other;
  turned.push_back(one[0]);
  EXPECT_EQ(BearingOf(both, turned), Bearing());
  EXPECT_EQ(BearingOf(turned, one), (Bearing{true, false}));
}

TEST(Affected, LeavesOutNobodyWhoSeesSomethingElse) {
  World world(2);
  Snapshot from = world.Take();
  size_t left_out = 0;
  for (int step = 0; step < 3000; ++step) {
    world.Edit();
    const Snapshot to = world.Take();
    const auto told = Affected(from, to, DifferingNodes(from, to));
    EXPECT_EQ(told.has_value(), from.policy_version == to.policy_version);
    for (const NodeId id : Ids(to)) {
      if (!told || std::ranges::binary_search(*told, id)) continue;
      ++left_out;
      Bearing bearing;
      ASSERT_TRUE(CompileDiff(from, to, id, bearing).Empty()) << step;
    }
    from = to;
  }
  EXPECT_GT(left_out, 3000u);
}

// Whoever does not belong to the policy's nodes is alone.
TEST(Compile, ShowsPeersToEachOtherAndNobodyToThoseThatWait) {
  World world(3);
  size_t pairs = 0;
  for (int step = 0; step < 500; ++step) {
    world.Edit();
    const Snapshot snapshot = world.Take();
    for (const NodeId id : Ids(snapshot)) {
      const Netmap netmap = *Compile(snapshot, id);
      const SnapshotNode& self = *snapshot.own.nodes.Find(id);
      EXPECT_EQ(netmap.waits_for_approval, self.waits_for_approval);
      EXPECT_FALSE(netmap.peers.contains(id));
      if (self.waits_for_approval) {
        EXPECT_TRUE(netmap.peers.empty() && netmap.filter.empty() &&
                    netmap.ssh.empty() && netmap.cap_grants.empty());
      }
      for (const auto& [peer, node] : netmap.peers) {
        ASSERT_TRUE(Compile(snapshot, peer)->peers.contains(id));
        ++pairs;
      }
    }
  }
  EXPECT_GT(pairs, 1000u);
  EXPECT_FALSE(Compile(Snapshot(), NodeId(1)).has_value());
}

TEST(Compile, AGuestSeesTheSharedNodeAlone) {
  const auto node = [](int64_t id, const char* domain) {
    auto made = std::make_shared<SnapshotNode>();
    made->node.id = NodeId(id);
    made->node.addresses = {
        net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(id))};
    made->node.domain = domain;
    return made;
  };
  // Alice's nodes 1 and 2; 1 is shared to Bob of elsewhere, who has 3.
  auto topology = std::make_shared<policy::Topology>();
  AddUser(*topology, 1, "alice@example.com");
  AddUser(*topology, 2, "bob");
  topology->users[1].guest = true;
  for (int64_t id = 1; id <= 3; ++id) {
    policy::Node& added = topology->nodes.emplace_back();
    added.id = NodeId(id);
    added.user = UserId(id == 3 ? 2 : 1);
    added.ipv4 = net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(id));
  }
  topology->nodes[0].shared_to = {UserId(2)};
  const auto shared = std::make_shared<policy::Policy>(
      policy::ParsePolicy(
          R"({"grants": [{"src": ["autogroup:shared"], "dst": ["*"],
                          "ip": ["tcp:80"]}]})")
          .policy);
  Snapshot home;  // Alice's
  home.own.policy = policy::Compiled::Make(shared, topology);
  home.own.nodes.Put(node(1, ""));
  home.own.nodes.Put(node(2, ""));
  home.own.nodes.Put(node(3, "guests.example.com"));
  Snapshot away;  // Bob's
  away.own.nodes.Put(node(3, ""));
  Shelf& shelf = away.shared.emplace_back();
  shelf.policy = home.own.policy;
  shelf.nodes.Put(node(1, "alices.example.com"));

  const Netmap bobs = *Compile(away, NodeId(3));
  ASSERT_EQ(bobs.peers.size(), 1u);
  EXPECT_EQ(bobs.peers.at(NodeId(1)).domain, "alices.example.com");
  EXPECT_TRUE(bobs.filter.empty());  // inbound to what is shared, only
  const Netmap alices = *Compile(home, NodeId(1));
  EXPECT_EQ(alices.peers.at(NodeId(3)).domain, "guests.example.com");
  ASSERT_EQ(alices.filter.size(), 1u);
  EXPECT_FALSE(Compile(home, NodeId(2))->peers.contains(NodeId(3)));
  EXPECT_FALSE(Compile(home, NodeId(3)).has_value());  // not of this tailnet
}

TEST(PrefixesOf, CoversARangeWithTheFewest) {
  const auto texts = [](const char* first, const char* last) {
    std::string out;
    for (const net::IpPrefix& prefix : PrefixesOf(
             {*net::IpAddress::Parse(first), *net::IpAddress::Parse(last)})) {
      absl::StrAppend(&out, out.empty() ? "" : " ", prefix.ToString());
    }
    return out;
  };
  EXPECT_EQ(texts("10.0.0.0", "10.255.255.255"), "10.0.0.0/8");
  EXPECT_EQ(texts("10.0.0.1", "10.0.0.1"), "10.0.0.1/32");
  EXPECT_EQ(texts("0.0.0.0", "255.255.255.255"), "0.0.0.0/0");
  EXPECT_EQ(texts("10.0.0.1", "10.0.0.6"),
            "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32");
  EXPECT_EQ(texts("100.115.94.0", "100.127.255.255"),
            "100.115.94.0/23 100.115.96.0/19 100.115.128.0/17 100.116.0.0/14 "
            "100.120.0.0/13");
  EXPECT_EQ(texts("2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
            "2000::/3");
}

}  // namespace
}  // namespace warren::netmap
