#include "core/policy/routes.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>

#include "core/policy/hash.h"

namespace warren::policy {
namespace {

using net::IpPrefix;

bool Listed(Resolver& resolver, Index node, const Texts& approvers) {
  const Directory& directory = resolver.directory();
  const std::optional<Index> owner = directory.UserOf(node);
  return std::ranges::any_of(approvers, [&](const Text& approver) {
    const Resolved& who = resolver.Resolve(approver.text);
    if (who.kind == Resolved::Kind::kEverything) return true;
    if (std::ranges::binary_search(who.devices, node)) return true;
    return owner.has_value() &&
           std::ranges::binary_search(resolver.Users(approver.text), *owner);
  });
}

bool MayServe(Resolver& resolver, Index node, const IpPrefix& route) {
  const AutoApprovers& approvers = resolver.policy().auto_approvers;
  if (IsExitRoute(route)) return Listed(resolver, node, approvers.exit_node);
  return std::ranges::any_of(approvers.routes, [&](const Definition& entry) {
    const auto prefix = IpPrefix::Parse(entry.name.text);
    return prefix.ok() && !IsExitRoute(*prefix) && prefix->Contains(route) &&
           Listed(resolver, node, entry.members);
  });
}

}  // namespace

bool IsExitRoute(const IpPrefix& prefix) { return prefix.bits() == 0; }

std::vector<IpPrefix> AutoApproved(Resolver& resolver, Index node) {
  std::vector<IpPrefix> approved;
  for (const IpPrefix& route : resolver.directory().node(node).routable_ips) {
    if (MayServe(resolver, node, route)) approved.push_back(route);
  }
  return approved;
}

RouteTable::RouteTable(Resolver& resolver) {
  const Directory& directory = resolver.directory();
  of_node_.resize(directory.nodes().size());
  exits_.resize(directory.nodes().size());
  for (const Index i : directory.devices()) {
    const Node& node = directory.node(i);
    if (node.routable_ips.empty()) continue;
    std::vector<IpPrefix> in_force = AutoApproved(resolver, i);
    for (const IpPrefix& route : node.approved_routes) {
      if (std::ranges::find(node.routable_ips, route) !=
          node.routable_ips.end()) {
        in_force.push_back(route);
      }
    }
    std::ranges::sort(in_force);
    in_force.erase(std::unique(in_force.begin(), in_force.end()),
                   in_force.end());
    for (const IpPrefix& route : in_force) {
      if (IsExitRoute(route)) {
        exits_[i].push_back(route);
      } else {
        of_node_[i].push_back(static_cast<uint32_t>(subnets_.size()));
        subnets_.push_back({i, route, RangeOf(route), false, 0});
      }
    }
    if (!exits_[i].empty()) exit_nodes_.push_back(i);
  }
  Elect(directory);
}

void RouteTable::Elect(const Directory& directory) {
  std::map<IpPrefix, std::vector<uint32_t>> by_prefix;
  for (uint32_t r = 0; r < subnets_.size(); ++r) {
    by_prefix[subnets_[r].prefix].push_back(r);
  }
  const auto rank = [&](uint32_t r) {
    const Node& node = directory.node(subnets_[r].router);
    return std::tuple(!node.online, node.route_seniority, node.id);
  };
  group_of_.resize(subnets_.size());
  for (auto& [prefix, routes] : by_prefix) {
    std::ranges::sort(routes, {}, rank);
    subnets_[routes.front()].primary = true;
    for (const uint32_t r : routes) {
      group_of_[r] = static_cast<uint32_t>(groups_.size());
    }
    groups_.push_back(routes);
    texts_.push_back(TextOf(prefix));
  }
  std::ranges::sort(texts_);
  for (ServedRoute& route : subnets_) {
    const auto router = directory.node(route.router).id.value();
    route.hash = Mix(Mix(static_cast<uint64_t>(router), route.primary),
                     HashOf(route.prefix.ToString()));
  }
}

void RouteTable::AppendOverlapping(const AddressRange& range,
                                   std::vector<uint32_t>& out) const {
  for (uint32_t r = 0; r < subnets_.size(); ++r) {
    if (Overlap(subnets_[r].range, range)) out.push_back(r);
  }
}

}  // namespace warren::policy
