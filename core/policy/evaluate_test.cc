// Holds what is compiled against the slow evaluator of the policy's text, on
// random packets over random policies and topologies.

#include "core/policy/evaluate.h"

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/policy/compiled.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

using net::IpAddress;
using net::IpPrefix;
using Rng = std::mt19937;

constexpr int kWorlds = 400;
constexpr int kPacketsEach = 2500;  // a million in all

IpAddress Ip(const std::string& text) { return IpAddress::Parse(text).value(); }
IpPrefix Net(const std::string& text) { return IpPrefix::Parse(text).value(); }

uint32_t Below(uint32_t n, Rng& rng) {
  return std::uniform_int_distribution<uint32_t>(0, n - 1)(rng);
}
bool Chance(uint32_t percent, Rng& rng) { return Below(100, rng) < percent; }

template <class T>
const T& OneOf(const std::vector<T>& list, Rng& rng) {
  return list[Below(static_cast<uint32_t>(list.size()), rng)];
}

Texts SomeOf(const std::vector<std::string>& pool, uint32_t most, Rng& rng) {
  Texts texts;
  const uint32_t count = 1 + Below(most, rng);
  for (uint32_t i = 0; i < count; ++i) texts.push_back({OneOf(pool, rng), {}});
  return texts;
}

const std::vector<std::string>& Routes() {
  static const auto* const routes =
      new std::vector<std::string>{"10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16",
                                   "fd00:1::/64", "0.0.0.0/0",   "::/0"};
  return *routes;
}

Topology RandomTopology(Rng& rng) {
  Topology topology;
  const Role roles[] = {Role::kOwner, Role::kAdmin, Role::kMember,
                        Role::kAuditor};
  for (int i = 0; i < 5; ++i) {
    User user;
    user.id = UserId(i + 1);
    user.login = absl::StrCat("u", i, i % 2 == 0 ? "@a.test" : "@b.test");
    user.role = roles[i % 4];
    user.guest = i == 4;
    if (Chance(30, rng)) user.groups.push_back("idp");
    topology.users.push_back(std::move(user));
  }
  const uint32_t num_nodes = 3 + Below(10, rng);
  for (uint32_t i = 0; i < num_nodes; ++i) {
    Node node;
    node.id = NodeId(i + 1);
    node.name = absl::StrCat("n", i);
    if (Chance(95, rng)) node.ipv4 = Ip(absl::StrCat("100.64.0.", i + 1));
    if (Chance(80, rng))
      node.ipv6 = Ip(absl::StrCat("fd7a:115c:a1e0::", i + 1));
    if (Chance(50, rng)) {
      for (const char* tag : {"tag:x", "tag:y", "tag:z"}) {
        if (Chance(40, rng)) node.tags.push_back(tag);
      }
    }
    if (node.tags.empty()) node.user = UserId(1 + Below(5, rng));
    while (Chance(40, rng)) {
      node.routable_ips.push_back(Net(OneOf(Routes(), rng)));
    }
    for (const IpPrefix& route : node.routable_ips) {
      if (Chance(50, rng)) node.approved_routes.push_back(route);
    }
    if (Chance(60, rng)) node.attributes["node:os"] = "linux";
    if (Chance(20, rng)) node.shared_to.push_back(UserId(5));
    node.online = Chance(80, rng);
    topology.nodes.push_back(std::move(node));
  }
  return topology;
}

const std::vector<std::string>& Anyone() {
  static const auto* const pool =
      new std::vector<std::string>{"*",
                                   "u0@a.test",
                                   "u1@b.test",
                                   "u2@a.test",
                                   "group:ops",
                                   "group:all",
                                   "group:idp",
                                   "tag:x",
                                   "tag:y",
                                   "tag:z",
                                   "autogroup:member",
                                   "autogroup:tagged",
                                   "lab",
                                   "100.64.0.2",
                                   "10.1.2.0/24",
                                   "10.0.0.0/8",
                                   "autogroup:admin",
                                   "user:*@b.test",
                                   "ipset:some",
                                   "100.64.0.3-100.64.0.6",
                                   "fd7a:115c:a1e0::4",
                                   "nobody@a.test"};
  return *pool;
}

std::vector<std::string> With(std::vector<std::string> pool,
                              const std::vector<std::string>& more) {
  pool.insert(pool.end(), more.begin(), more.end());
  return pool;
}

Acl RandomAcl(Rng& rng) {
  const std::vector<std::string> ports = {"*", "22", "80-443", "22,8000-9000"};
  const std::vector<std::string> protocols = {"",     "",   "tcp", "udp",
                                              "sctp", "47", "icmp"};
  Acl acl;
  acl.proto.text = OneOf(protocols, rng);
  acl.src = SomeOf(With(Anyone(), {"autogroup:shared", "autogroup:danger-all"}),
                   3, rng);
  for (const Text& dst :
       SomeOf(With(Anyone(), {"autogroup:internet"}), 3, rng)) {
    acl.dst.push_back({absl::StrCat(dst.text, ":", OneOf(ports, rng)), {}});
  }
  if (Chance(15, rng)) {
    acl.src =
        SomeOf({"*", "u0@a.test", "group:all", "autogroup:member"}, 2, rng);
    acl.dst.push_back({"autogroup:self:22", {}});
  }
  if (Chance(15, rng)) acl.src_posture = {{"posture:linux", {}}};
  return acl;
}

Grant RandomGrant(Rng& rng) {
  Grant grant;
  grant.src = SomeOf(Anyone(), 3, rng);
  grant.dst = SomeOf(With(Anyone(), {"autogroup:internet"}), 3, rng);
  grant.ip = SomeOf({"*", "22", "tcp:443", "udp:*", "47:*", "80-90"}, 3, rng);
  if (Chance(25, rng)) {
    grant.via = SomeOf({"tag:x", "tag:y", "tag:z"}, 2, rng);
    grant.dst = SomeOf({"10.1.0.0/16", "10.1.2.0/24", "10.2.3.0/24", "lab",
                        "fd00:1::/64", "autogroup:internet", "ipset:some"},
                       2, rng);
  }
  return grant;
}

Policy RandomPolicy(Rng& rng) {
  Policy policy;
  policy.groups = {{{"group:ops", {}}, {{"u0@a.test", {}}, {"u1@b.test", {}}}},
                   {{"group:all", {}}, {{"group:ops", {}}, {"u2@a.test", {}}}},
                   {{"group:idp", {}}, {}}};
  policy.hosts = {{{"lab", {}}, {"10.1.2.0/24", {}}}};
  policy.ipsets = {{{"ipset:some", {}},
                    {{"10.0.0.0/8", {}},
                     {"remove 10.1.2.0/25", {}},
                     {"add 100.64.0.1", {}}}}};
  policy.postures = {{{"posture:linux", {}}, {{"node:os == 'linux'", {}}}}};
  policy.auto_approvers.routes = {{{"10.1.0.0/16", {}}, {{"tag:x", {}}}},
                                  {{"10.0.0.0/8", {}}, {{"group:ops", {}}}}};
  policy.auto_approvers.exit_node = {{"tag:y", {}}};
  if (Chance(10, rng)) policy.default_src_posture = {{"posture:linux", {}}};
  if (Chance(80, rng)) {
    policy.acls.emplace();
    for (uint32_t i = Below(4, rng); i > 0; --i) {
      policy.acls->push_back(RandomAcl(rng));
    }
  }
  if (Chance(70, rng)) {
    policy.grants.emplace();
    for (uint32_t i = Below(4, rng); i > 0; --i) {
      policy.grants->push_back(RandomGrant(rng));
    }
  }
  return policy;
}

// An address in `prefix`, or its first.
IpAddress Inside(const IpPrefix& prefix, Rng& rng) {
  if (prefix.address().is_v6()) return prefix.address();
  const uint32_t mask =
      prefix.bits() == 0 ? ~0u : (1u << (32 - prefix.bits())) - 1;
  return IpAddress::V4(prefix.address().v4() | (Below(~0u, rng) & mask));
}

IpAddress RandomAddress(const Topology& topology, Rng& rng) {
  const Node& node = OneOf(topology.nodes, rng);
  switch (Below(8, rng)) {
    case 0:
      return Inside(Net("10.1.2.0/24"), rng);
    case 1:
      return Inside(Net("10.0.0.0/14"), rng);
    case 2:
      return Ip(OneOf<std::string>(
          {"8.8.8.8", "fd00:1::7", "2600::1", "100.115.92.7", "100.99.0.1",
           "192.168.1.1", "fd7a:115c:a1e0::99"},
          rng));
    case 3:
    case 4:
      if (node.ipv6.has_value()) return *node.ipv6;
      [[fallthrough]];
    default:
      return node.ipv4.value_or(Ip("100.64.0.1"));
  }
}

// One that WireGuard may deliver to `at`.
Probe RandomProbe(const Topology& topology, const Node& at, Rng& rng) {
  Probe packet;
  packet.src = RandomAddress(topology, rng);
  if (!at.routable_ips.empty() && Chance(50, rng)) {
    packet.dst = Inside(OneOf(at.routable_ips, rng), rng);
  } else if (Chance(80, rng)) {
    packet.dst = Chance(50, rng) || !at.ipv6.has_value()
                     ? at.ipv4.value_or(Ip("1.1.1.1"))
                     : *at.ipv6;
  } else {
    packet.dst = RandomAddress(topology, rng);
  }
  const uint8_t protocols[] = {6, 6, 6, 17, 17, 1, 58, 132, 47};
  packet.protocol = protocols[Below(9, rng)];
  const uint16_t ports[] = {22, 80, 443, 444, 8080, 0, 65535, 53};
  packet.port = ports[Below(8, rng)];
  return packet;
}

// A filter does not narrow a CIDR that concerns its node in part. At an exit
// node more of it is local than the node serves by its subnets; the evaluator
// goes by those. So of what goes out there only the Internet is compared.
bool IsCompared(const Probe& packet, const Node& at, const NodeView& view) {
  if (at.ipv4 == packet.dst || at.ipv6 == packet.dst) return true;
  const bool subnet =
      std::ranges::any_of(view.routes, [&](const IpPrefix& route) {
        return route.bits() > 0 && route.Contains(packet.dst);
      });
  return subnet || !(packet.dst.IsTailnet() || packet.dst.IsPrivate());
}

// What a client does with the filter it is given (spec 3.11).
bool Matches(const FilterRule& rule, const Probe& packet) {
  const auto has = [](const AddressText& text, const IpAddress& address) {
    return text.Overlaps({address, address});
  };
  const bool icmp = packet.protocol == 1 || packet.protocol == 58;
  const std::vector<uint8_t> defaults = {6, 17, 1, 58};
  const auto& listed = rule.protocols.empty() ? defaults : rule.protocols;
  if (!icmp && std::ranges::count(listed, packet.protocol) == 0) return false;
  const bool ports =
      packet.protocol == 6 || packet.protocol == 17 || packet.protocol == 132;
  return std::ranges::any_of(
             *rule.sources,
             [&](const auto& s) { return has(s, packet.src); }) &&
         std::ranges::any_of(rule.destinations, [&](const auto& to) {
           const bool open =
               icmp || (ports ? to.first_port <= packet.port &&
                                    packet.port <= to.last_port
                              : to.first_port == 0 && to.last_port == 65535);
           return open && has(to.address, packet.dst);
         });
}

bool Accepts(const NodeView& view, const Node& node, const Probe& packet) {
  const bool ours =
      node.ipv4 == packet.dst || node.ipv6 == packet.dst ||
      std::ranges::any_of(view.routes, [&](const IpPrefix& route) {
        return route.Contains(packet.dst);
      });
  return ours && std::ranges::any_of(view.filter, [&](const FilterRule& rule) {
           return Matches(rule, packet);
         });
}

std::string Describe(const Probe& p, const Node& at) {
  return absl::StrCat(p.src.ToString(), " -> ", p.dst.ToString(), " port ",
                      p.port, " protocol ", p.protocol, " at ", at.name);
}

std::string Describe(const Policy& policy) {
  std::string text;
  const auto add = [&](const char* name, const Texts& list) {
    absl::StrAppend(&text, " ", name);
    for (const Text& one : list) absl::StrAppend(&text, " ", one.text);
  };
  for (const Acl& acl : policy.acls.value_or(std::vector<Acl>())) {
    absl::StrAppend(&text, "\nacl ", acl.proto.text);
    add("src", acl.src);
    add("dst", acl.dst);
    add("posture", acl.src_posture);
  }
  for (const Grant& grant : policy.grants.value_or(std::vector<Grant>())) {
    absl::StrAppend(&text, "\ngrant");
    add("src", grant.src);
    add("dst", grant.dst);
    add("ip", grant.ip);
    add("via", grant.via);
  }
  add("\ndefault posture", policy.default_src_posture);
  return text;
}

TEST(Evaluator, AgreesWithTheCompiledFilterOnAMillionPackets) {
  int allowed = 0;
  for (int seed = 0; seed < kWorlds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Rng rng(static_cast<uint32_t>(seed));
    const auto topology = std::make_shared<const Topology>(RandomTopology(rng));
    const auto policy = std::make_shared<const Policy>(RandomPolicy(rng));
    const auto compiled = Compiled::Make(policy, topology);
    const Evaluator evaluator(*policy, *topology);
    std::vector<NodeView> views;
    for (const Node& node : topology->nodes) {
      views.push_back(compiled->View(node.id));
    }
    for (int i = 0; i < kPacketsEach; ++i) {
      const size_t at =
          Below(static_cast<uint32_t>(topology->nodes.size()), rng);
      const Node& node = topology->nodes[at];
      const Probe packet = RandomProbe(*topology, node, rng);
      if (!IsCompared(packet, node, views[at])) continue;
      const bool want = evaluator.Allows(packet, node.id).has_value();
      ASSERT_EQ(want, Accepts(views[at], node, packet))
          << Describe(packet, node) << Describe(*policy);
      allowed += want;
    }
  }
  // Neither side says always the same.
  EXPECT_GT(allowed, kWorlds * kPacketsEach / 20);
  EXPECT_LT(allowed, kWorlds * kPacketsEach * 19 / 20);
}

// Who may send to a node is its peer, or no packet would arrive.
TEST(Evaluator, WhoMaySendIsAPeerOfTheReceiver) {
  for (int seed = 0; seed < kWorlds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Rng rng(static_cast<uint32_t>(seed));
    const auto topology = std::make_shared<const Topology>(RandomTopology(rng));
    const auto policy = std::make_shared<const Policy>(RandomPolicy(rng));
    const auto compiled = Compiled::Make(policy, topology);
    const Evaluator evaluator(*policy, *topology);
    for (int i = 0; i < 200; ++i) {
      const Node& from = OneOf(topology->nodes, rng);
      const Node& to = OneOf(topology->nodes, rng);
      const bool guest = from.tags.empty() && from.user == UserId(5);
      if (!from.ipv4.has_value() || !to.ipv4.has_value()) continue;
      if (from.id == to.id || guest) continue;
      const Probe packet = {*from.ipv4, *to.ipv4, 6, 22};
      if (!evaluator.Allows(packet, to.id).has_value()) continue;
      EXPECT_THAT(compiled->PeersOf(to.id), ::testing::Contains(from.id));
      EXPECT_THAT(compiled->PeersOf(from.id), ::testing::Contains(to.id));
    }
  }
}

TEST(Evaluator, PeersAreMutual) {
  for (int seed = 0; seed < kWorlds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Rng rng(static_cast<uint32_t>(seed));
    const auto topology = std::make_shared<const Topology>(RandomTopology(rng));
    const auto compiled = Compiled::Make(
        std::make_shared<const Policy>(RandomPolicy(rng)), topology);
    for (const NodeId node : compiled->Nodes()) {
      for (const NodeId peer : compiled->PeersOf(node)) {
        EXPECT_NE(peer, node);
        EXPECT_THAT(compiled->PeersOf(peer), ::testing::Contains(node));
      }
    }
  }
}

// What is not among Changed() has the view it had.
TEST(Compiled, ChangedMissesNothing) {
  size_t unchanged = 0;
  for (int seed = 0; seed < kWorlds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Rng rng(static_cast<uint32_t>(seed));
    Topology topology = RandomTopology(rng);
    const auto policy = std::make_shared<const Policy>(RandomPolicy(rng));
    const auto before =
        Compiled::Make(policy, std::make_shared<const Topology>(topology));
    const Topology other = RandomTopology(rng);
    const size_t at = Below(static_cast<uint32_t>(topology.nodes.size()), rng);
    const NodeId id = topology.nodes[at].id;
    topology.nodes[at] = OneOf(other.nodes, rng);
    topology.nodes[at].id = id;
    const auto after =
        Compiled::Make(policy, std::make_shared<const Topology>(topology));
    const std::vector<NodeId> changed = Changed(*before, *after);
    for (const NodeId node : after->Nodes()) {
      if (std::ranges::count(changed, node) > 0) continue;
      ++unchanged;
      EXPECT_EQ(before->View(node), after->View(node)) << node.value();
    }
  }
  EXPECT_GT(unchanged, 100u);
}

}  // namespace
}  // namespace warren::policy
