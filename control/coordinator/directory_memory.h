#ifndef WARREN_CONTROL_COORDINATOR_DIRECTORY_MEMORY_H_
#define WARREN_CONTROL_COORDINATOR_DIRECTORY_MEMORY_H_

#include <map>
#include <vector>

#include "control/coordinator/directory.h"

// Test only: what a directory holds, to be compared with what its store does.
namespace warren::control {

template <class Map>
void Merge(const Map& from, Map& into) {
  into.insert(from.begin(), from.end());
}

template <class Map>
std::vector<typename Map::mapped_type> ValuesOf(const Map& map) {
  std::vector<typename Map::mapped_type> values;
  for (const auto& [id, value] : map) values.push_back(value);
  return values;
}

inline AccountContents AccountsOf(Directory& directory) {
  AccountState all;
  for (const auto& [id, tailnet] : directory.tailnets()) {
    Merge(tailnet.accounts.identities, all.identities);
    Merge(tailnet.accounts.local_accounts, all.local_accounts);
    Merge(tailnet.accounts.passkeys, all.passkeys);
    Merge(tailnet.accounts.providers, all.providers);
    Merge(tailnet.accounts.sessions, all.sessions);
    Merge(tailnet.accounts.invitations, all.invitations);
  }
  return {ValuesOf(all.identities), ValuesOf(all.local_accounts),
          ValuesOf(all.passkeys),   ValuesOf(all.providers),
          ValuesOf(all.sessions),   ValuesOf(all.invitations)};
}

inline AccessContents AccessOf(Directory& directory) {
  AccessState all;
  std::vector<PolicyRecord> policies;
  for (const auto& [id, tailnet] : directory.tailnets()) {
    const PolicyRecord& policy = tailnet.access.policy;
    if (policy.version > 0) policies.push_back(policy);
    Merge(tailnet.access.api_keys, all.api_keys);
    Merge(tailnet.access.shares, all.shares);
    Merge(tailnet.access.webhooks, all.webhooks);
  }
  return {policies, ValuesOf(all.api_keys), ValuesOf(all.shares),
          ValuesOf(all.webhooks)};
}

// In the order in which the store is read, for SameContents().
inline StoreContents MemoryOf(Directory& directory) {
  StoreContents all;
  std::map<UserId, UserRecord> users;
  std::map<AuthKeyId, AuthKeyRecord> auth_keys;
  std::map<NodeId, NodeRecord> nodes;
  for (const auto& [id, tailnet] : directory.tailnets()) {
    all.tailnets.push_back(tailnet.record);
    Merge(tailnet.users, users);
    Merge(tailnet.auth_keys, auth_keys);
    for (const auto& [node_id, node] : tailnet.nodes) {
      nodes.emplace(node_id, node.record);
    }
    for (const auto& region : tailnet.relays.regions) {
      all.relays.push_back({id, region});
    }
  }
  all.users = ValuesOf(users);
  all.auth_keys = ValuesOf(auth_keys);
  all.nodes = ValuesOf(nodes);
  all.accounts = AccountsOf(directory);
  all.access = AccessOf(directory);
  return all;
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_DIRECTORY_MEMORY_H_
