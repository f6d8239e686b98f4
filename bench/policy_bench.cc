// How long a policy takes to compile for a big tailnet, and a node's view.

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "benchmark/benchmark.h"
#include "core/policy/compiled.h"

namespace warren::policy {
namespace {

constexpr int64_t kUsers = 1000;
constexpr int64_t kTags = 50;
constexpr int64_t kRouters = 100;

net::IpAddress V4(int64_t n) {
  return net::IpAddress::V4(0x64400000u + static_cast<uint32_t>(n));
}
net::IpAddress V6(int64_t n) {
  return net::IpAddress::Parse(
             absl::StrCat("fd7a:115c:a1e0::", absl::Hex(n / 65536), ":",
                          absl::Hex(n % 65536)))
      .value();
}

// Half the nodes are people's, half have one of the tags.
std::shared_ptr<const Topology> BigTopology(int64_t num_nodes) {
  auto topology = std::make_shared<Topology>();
  for (int64_t i = 0; i < kUsers; ++i) {
    User user;
    user.id = UserId(i + 1);
    user.login = absl::StrCat("user", i, "@example.com");
    topology->users.push_back(std::move(user));
  }
  for (int64_t i = 0; i < num_nodes; ++i) {
    Node node;
    node.id = NodeId(i + 1);
    node.name = absl::StrCat("node", i);
    node.ipv4 = V4(i + 1);
    node.ipv6 = V6(i + 1);
    if (i % 2 == 0) {
      node.user = UserId((i / 2) % kUsers + 1);
    } else {
      node.tags = {absl::StrCat("tag:t", (i / 2) % kTags)};
    }
    if (i < kRouters) {
      const net::IpPrefix route(
          net::IpAddress::V4(0x0a000000u + (static_cast<uint32_t>(i) << 12)),
          20);
      node.routable_ips = {route};
      node.approved_routes = {route};
    }
    topology->nodes.push_back(std::move(node));
  }
  return topology;
}

// `num_rules` rules: a group of ten people to a tag, as most are; one in 20
// is of all people, one in 20 of own devices.
std::shared_ptr<const Policy> BigPolicy(int64_t num_rules) {
  auto policy = std::make_shared<Policy>();
  policy->acls.emplace();
  for (int64_t i = 0; i < num_rules; ++i) {
    Definition group = {{absl::StrCat("group:g", i), {}}, {}};
    for (int64_t m = 0; m < 10; ++m) {
      group.members.push_back(
          {absl::StrCat("user", (i * 10 + m) % kUsers, "@example.com"), {}});
    }
    Acl acl;
    acl.action.text = "accept";
    acl.src = {group.name};
    acl.dst = {{absl::StrCat("tag:t", i % kTags, ":22,443"), {}}};
    if (i % 20 == 0) acl.src = {{"autogroup:member", {}}};
    if (i % 20 == 1) acl.dst = {{"autogroup:self:*", {}}};
    if (i % 20 == 2)
      acl.dst = {{absl::StrCat("10.0.", i % 200, ".0/24:*"), {}}};
    policy->groups.push_back(std::move(group));
    policy->acls->push_back(std::move(acl));
  }
  return policy;
}

std::shared_ptr<const Policy> AllowAll() { return std::make_shared<Policy>(); }

void BM_Make(benchmark::State& state) {
  const auto topology = BigTopology(state.range(0));
  const auto policy = BigPolicy(state.range(1));
  for (auto _ : state) {
    benchmark::DoNotOptimize(Compiled::Make(policy, topology));
  }
}
BENCHMARK(BM_Make)
    ->Args({100, 20})
    ->Args({1000, 200})
    ->Args({10000, 200})
    ->Unit(benchmark::kMillisecond);

void BM_MakeAllowAll(benchmark::State& state) {
  const auto topology = BigTopology(state.range(0));
  const auto policy = AllowAll();
  for (auto _ : state) {
    benchmark::DoNotOptimize(Compiled::Make(policy, topology));
  }
}
BENCHMARK(BM_MakeAllowAll)->Arg(10000)->Unit(benchmark::kMillisecond);

// Of one node after the other.
void BM_View(benchmark::State& state) {
  const auto compiled =
      Compiled::Make(BigPolicy(200), BigTopology(state.range(0)));
  int64_t node = 0;
  int64_t peers = 0;
  for (auto _ : state) {
    node = node % state.range(0) + 1;
    peers += static_cast<int64_t>(compiled->View(NodeId(node)).peers.size());
  }
  state.counters["peers"] = benchmark::Counter(
      static_cast<double>(peers), benchmark::Counter::kAvgIterations);
}
BENCHMARK(BM_View)->Arg(1000)->Arg(10000)->Unit(benchmark::kMicrosecond);

// What is left to do after a change: which nodes does it touch?
void BM_Changed(benchmark::State& state) {
  const auto policy = BigPolicy(200);
  const auto before = Compiled::Make(policy, BigTopology(10000));
  auto moved = std::make_shared<Topology>(*BigTopology(10000));
  moved->nodes[7].tags = {"tag:t9"};
  const auto after = Compiled::Make(policy, moved);
  size_t changed = 0;
  for (auto _ : state) changed = Changed(*before, *after).size();
  state.counters["changed"] = static_cast<double>(changed);
}
BENCHMARK(BM_Changed)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace warren::policy
