#include "core/policy/attributes.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/policy/hash.h"

namespace warren::policy {
namespace {

constexpr char kDisableIpv4[] = "disable-ipv4";
constexpr char kRandomizeClientPort[] = "randomize-client-port";
constexpr char kFunnel[] = "funnel";
// The ports that a device with `funnel` may publish; the key says them.
constexpr char kFunnelPorts[] =
    "https://tailscale.com/cap/funnel-ports?ports=443,8443,10000";

// Switches that hold for every node.
CapMap CapsOfAll(const Policy& policy) {
  CapMap caps;
  if (policy.randomize_client_port) caps[kRandomizeClientPort];
  if (policy.one_cgnat_route == "mac-always") caps["one-cgnat?v=true"];
  if (policy.one_cgnat_route == "mac-never") caps["one-cgnat?v=false"];
  return caps;
}

void AddTo(const NodeAttribute& rule, CapMap& caps) {
  for (const Text& attr : rule.attr) caps[attr.text];
  for (const AppCapability& app : rule.app) {
    auto& values = caps[app.name.text];
    values.insert(values.end(), app.values.begin(), app.values.end());
  }
}

NodeAttributes Finish(CapMap caps, bool disable_ipv4) {
  NodeAttributes attributes;
  attributes.hide_ipv4 = disable_ipv4 || caps.contains(kDisableIpv4);
  if (caps.contains(kFunnel)) caps[kFunnelPorts];
  uint64_t hash = attributes.hide_ipv4;
  for (const auto& [name, values] : caps) {
    hash = Mix(hash, HashOf(name));
    for (const std::string& value : values) hash = Mix(hash, HashOf(value));
  }
  attributes.hash = hash;
  attributes.caps = std::make_shared<const CapMap>(std::move(caps));
  return attributes;
}

}  // namespace

std::vector<NodeAttributes> CompileAttributes(Resolver& resolver) {
  const Policy& policy = resolver.policy();
  const size_t num_nodes = resolver.directory().nodes().size();
  // Nodes that the same rules name have the same attributes.
  std::vector<std::vector<uint32_t>> rules_of(num_nodes);
  for (uint32_t i = 0; i < policy.node_attributes.size(); ++i) {
    for (const Index node :
         resolver.Devices(policy.node_attributes[i].target)) {
      rules_of[node].push_back(i);
    }
  }
  const CapMap of_all = CapsOfAll(policy);
  std::map<std::vector<uint32_t>, NodeAttributes> by_rules;
  std::vector<NodeAttributes> attributes;
  attributes.reserve(num_nodes);
  for (const auto& rules : rules_of) {
    auto at = by_rules.find(rules);
    if (at == by_rules.end()) {
      CapMap caps = of_all;
      for (const uint32_t i : rules) AddTo(policy.node_attributes[i], caps);
      at = by_rules.emplace(rules, Finish(std::move(caps), policy.disable_ipv4))
               .first;
    }
    attributes.push_back(at->second);
  }
  return attributes;
}

std::vector<net::IpPrefix> IpPoolOf(const Policy& policy,
                                    const Topology& topology,
                                    const Node& node) {
  const bool any = std::ranges::any_of(
      policy.node_attributes,
      [](const NodeAttribute& rule) { return !rule.ip_pool.empty(); });
  if (!any) return {};
  Topology alone;
  alone.users = topology.users;
  alone.nodes = {node};
  const Directory directory(alone);
  Resolver resolver(policy, directory);
  for (const NodeAttribute& rule : policy.node_attributes) {
    if (rule.ip_pool.empty() || resolver.Devices(rule.target).empty()) continue;
    std::vector<net::IpPrefix> pool;
    for (const Text& text : rule.ip_pool) {
      const auto prefix = net::IpPrefix::Parse(text.text);
      if (prefix.ok()) pool.push_back(*prefix);
    }
    return pool;
  }
  return {};
}

}  // namespace warren::policy
