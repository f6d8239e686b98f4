#ifndef WARREN_CONTROL_COORDINATOR_TAILNET_STATE_H_
#define WARREN_CONTROL_COORDINATOR_TAILNET_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/store/records.h"
#include "core/netmap/compile.h"
#include "core/policy/policy.h"

namespace warren::control {

// Limits of one server. At a limit a new one is refused (RESOURCE_EXHAUSTED).
inline constexpr size_t kMaxTailnets = 1000;
inline constexpr size_t kMaxUsers = 100'000;     // of one tailnet
inline constexpr size_t kMaxNodes = 100'000;     // of one tailnet
inline constexpr size_t kMaxAuthKeys = 100'000;  // of one tailnet

// A node, with what is not worth storing.
struct NodeState {
  NodeRecord record;
  uint64_t stream = 0;  // generation of its live netmap stream; 0 = offline
  int64_t offline_since_ms = 0;  // when it went offline, or the server started
  uint64_t applied_version = 0;  // newest netmap version in force on it
  bool expired = false;          // as published last

  bool online() const { return stream != 0; }
  // What the store does not know, from the same node as it was in memory.
  void TakePresence(const NodeState& before) {
    stream = before.stream;
    offline_since_ms = before.offline_since_ms;
    applied_version = before.applied_version;
  }
  bool IsExpired(int64_t now_ms) const {
    return record.times.key_expiry_ms != 0 &&
           record.times.key_expiry_ms <= now_ms;
  }
};

// What has changed since the last snapshot.
struct Pending {
  bool any = false;
  bool tailnet = false;    // more than nodes: users, policy, shares, relays
  std::set<NodeId> nodes;  // to be made anew
  std::vector<NodeId> removed;
  bool guests = false;     // nodes of guests here
  bool shared_in = false;  // nodes shared with users here
};

// How the people of a tailnet prove who they are.
struct AccountState {
  std::map<IdentityId, IdentityRecord> identities;
  // (issuer, subject), compared byte by byte.
  std::map<std::pair<std::string, std::string>, IdentityId> by_subject;
  std::map<UserId, LocalAccountRecord> local_accounts;
  std::map<std::string, PasskeyRecord> passkeys;  // by credential id
  std::map<ProviderId, ProviderRecord> providers;
  std::map<SessionId, SessionRecord> sessions;
  std::map<InvitationId, InvitationRecord> invitations;
};

// What machines and packets may do.
struct AccessState {
  PolicyRecord policy;  // in force; version 0: the default, never set
  std::shared_ptr<const policy::Policy> parsed_policy;
  // The first netmap version made with it; 0 since a restart: every one.
  uint64_t policy_netmap = 0;
  std::map<ApiKeyId, ApiKeyRecord> api_keys;
  // Of nodes here, and of nodes elsewhere that users here may reach.
  std::map<ShareId, ShareRecord> shares;
  std::map<WebhookId, WebhookRecord> webhooks;
};

struct TailnetState {
  TailnetRecord record;  // record.version: the reserved one
  uint64_t version = 0;  // of `snapshot`
  std::map<UserId, UserRecord> users;
  std::map<AuthKeyId, AuthKeyRecord> auth_keys;
  std::map<NodeId, NodeState> nodes;
  std::map<std::string, NodeId> by_name;
  std::map<net::IpAddress, NodeId> by_ipv4;
  std::map<crypto::MachineKey, NodeId> by_machine;
  derp::RelayMap relays;
  AccountState accounts;
  AccessState access;
  std::shared_ptr<const netmap::Snapshot> snapshot;
  // Of the snapshot's policy; its nodes ascend.
  std::shared_ptr<const policy::Topology> topology;
  Pending pending;

  // nullptr when the machine has no node here.
  NodeState* NodeOf(const crypto::MachineKey& machine) {
    const auto found = by_machine.find(machine);
    return found == by_machine.end() ? nullptr : &nodes.at(found->second);
  }
};

// Whether the node waits for an administrator's approval.
bool WaitsForApproval(const TailnetState& tailnet, const NodeRecord& node);

// Whether the node may have peers, apart from the expiry of its key: it does
// not wait for approval, and its user, if it has no tags, is active.
bool IsLetIn(const TailnetState& tailnet, const NodeRecord& node);

// The node as netmaps show it: with its own addresses alone.
netmap::Node DescribeNode(const TailnetState& tailnet, const NodeState& node);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_TAILNET_STATE_H_
