#include "control/coordinator/topology.h"

#include <algorithm>
#include <set>
#include <utility>

#include "control/coordinator/tag_rights.h"

namespace warren::control {
namespace {

// The guests' users and nodes, and who of them may reach what.
void AddGuests(Directory& directory, const TailnetState& tailnet,
               int64_t now_ms, policy::Topology& topology) {
  std::set<UserId> guests;
  for (const auto& [id, share] : tailnet.access.shares) {
    if (share.owner_tailnet != tailnet.record.id) continue;
    const auto node = std::find_if(
        topology.nodes.begin(), topology.nodes.end(),
        [&](const policy::Node& other) { return other.id == share.node; });
    TailnetState* home = directory.Tailnet(share.guest_tailnet);
    if (node == topology.nodes.end() || home == nullptr) continue;
    const auto user = home->users.find(share.guest);
    if (user == home->users.end() ||
        user->second.status != UserStatus::kActive) {
      continue;
    }
    node->shared_to.push_back(share.guest);
    if (!guests.insert(share.guest).second) continue;
    policy::User& guest = topology.users.emplace_back();
    guest.id = share.guest;
    guest.login = user->second.login;
    guest.guest = true;
    for (const auto& [node_id, state] : home->nodes) {
      const bool own =
          state.record.owner == share.guest && state.record.grant.tags.empty();
      if (own && MaySpeak(*home, state, now_ms)) {
        topology.nodes.push_back(TopologyNodeOf(state));
      }
    }
  }
}

}  // namespace

bool MaySpeak(const TailnetState& tailnet, const NodeState& node,
              int64_t now_ms) {
  return !node.IsExpired(now_ms) && IsLetIn(tailnet, node.record);
}

policy::Node TopologyNodeOf(const NodeState& state) {
  const NodeRecord& record = state.record;
  policy::Node node;
  node.id = record.id;
  node.name = record.naming.name;
  node.tags = record.grant.tags;
  if (node.tags.empty()) node.user = record.owner;
  node.ipv4 = record.ipv4;
  node.ipv6 = record.ipv6;
  node.routable_ips = record.standing.routes.advertised;
  node.approved_routes = record.standing.routes.approved;
  node.route_seniority = static_cast<uint64_t>(
      std::max<int64_t>(record.standing.routes.since_ms, 0));
  node.online = state.online();
  node.attributes = record.standing.attributes;
  const std::pair<const char*, const std::string*> told[] = {
      {"node:os", &record.host.os},
      {"node:osVersion", &record.host.os_version},
      {"node:tsVersion", &record.host.client_version},
  };
  for (const auto& [name, value] : told) {
    if (!value->empty()) node.attributes[name] = *value;
  }
  return node;
}

policy::Topology TopologyOf(Directory& directory, const TailnetState& tailnet,
                            int64_t now_ms) {
  policy::Topology topology;
  for (policy::User& user : PolicyUsersOf(tailnet)) {
    if (tailnet.users.at(user.id).status != UserStatus::kActive) continue;
    topology.users.push_back(std::move(user));
  }
  for (const auto& [id, node] : tailnet.nodes) {
    if (!MaySpeak(tailnet, node, now_ms)) continue;
    topology.nodes.push_back(TopologyNodeOf(node));
  }
  AddGuests(directory, tailnet, now_ms, topology);
  return topology;
}

std::vector<std::string> ProviderGroupsOf(const TailnetState& tailnet) {
  std::set<std::string> groups;
  for (const auto& [id, identity] : tailnet.accounts.identities) {
    groups.insert(identity.groups.begin(), identity.groups.end());
  }
  return {groups.begin(), groups.end()};
}

}  // namespace warren::control
