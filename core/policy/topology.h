#ifndef WARREN_CORE_POLICY_TOPOLOGY_H_
#define WARREN_CORE_POLICY_TOPOLOGY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/base/strong_id.h"
#include "core/net/ip.h"

// Whom and what a policy is about: the users and nodes of one tailnet.
namespace warren::policy {

// What a user may do in the tailnet; who may what is told by
// control/identity/access.h.
enum class Role : uint8_t {
  kMember,
  kAuditor,
  kNetworkAdmin,
  kAdmin,
  kOwner,
  kItAdmin,       // known to policies alone
  kBillingAdmin,  // known to policies alone
};

// Whether a user of role `has` is meant by autogroup:`wanted`: the owner is
// one of the administrators, else each is only what it is.
inline bool CountsAs(Role has, Role wanted) {
  return has == wanted || (has == Role::kOwner && wanted == Role::kAdmin);
}

struct User {
  UserId id;
  std::string login;  // "alice@example.com", or "alice" of a local account
  std::vector<std::string> emails;  // other names in a policy, verified ones
  Role role = Role::kMember;
  std::vector<std::string> groups;  // from its provider, without "group:"
  // Of another tailnet: has accepted a share, and is known to
  // autogroup:shared alone.
  bool guest = false;
};

// A device. Nodes that may not speak at all (expired, not approved, their user
// suspended) are not in a topology.
struct Node {
  NodeId id;
  std::string name;
  UserId user;  // 0 when tagged
  std::optional<net::IpAddress> ipv4;
  std::optional<net::IpAddress> ipv6;
  std::vector<std::string> tags;               // "tag:x"
  std::vector<net::IpPrefix> routable_ips;     // what it advertises
  std::vector<net::IpPrefix> approved_routes;  // by an administrator
  // For postures: "node:os" -> "linux", "custom:tier" -> "gold".
  std::map<std::string, std::string> attributes;
  // Guests who may reach this node, and nothing else (autogroup:shared).
  std::vector<UserId> shared_to;
  // For the choice of a primary router: the lowest wins. Nodes that advertise
  // the same prefix are ordered by it; 0 = by id.
  uint64_t route_seniority = 0;
  bool online = true;  // an offline router is primary only without another
  friend bool operator==(const Node&, const Node&) = default;
};

// Ids are unique; a node's user is among `users`.
struct Topology {
  std::vector<User> users;
  std::vector<Node> nodes;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_TOPOLOGY_H_
