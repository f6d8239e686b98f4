#ifndef WARREN_CORE_POLICY_TOPOLOGY_TEXT_H_
#define WARREN_CORE_POLICY_TOPOLOGY_TEXT_H_

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/policy/hujson.h"
#include "core/policy/topology.h"

// A topology in a file, so that policies can be tried without a server:
//
//   { "users": [{"id": 1, "name": "alice", "email": "alice@example.com"}],
//     "nodes": { "laptop": {"user": "alice", "ipv4": "100.64.0.1"},
//                "web": {"tags": ["tag:web"], "ipv4": "100.64.0.2",
//                        "routable_ips": ["10.0.0.0/8"],
//                        "approved_routes": ["10.0.0.0/8"]} } }
//
// Users may have "role" ("owner" ...; without any, the first is the owner),
// "groups" (of the identity provider) and "guest"; nodes "id", "hostname",
// "ipv6", "attributes" ({"node:os": "linux"}), "shared_to" (names of users)
// and "online". Ids that are not given, or 0, count from 1,
// nodes by name.
namespace warren::policy {

// INVALID_ARGUMENT names the place and what is wrong there. `value` is the
// object above, or one that has it as "topology" (a case of
// `warren-admin policy compile`).
absl::StatusOr<Topology> TopologyOf(const JsonValue& value);
absl::StatusOr<Topology> ParseTopology(absl::string_view text);

// "owner", "it-admin" ...; the name of autogroup:ROLE.
absl::string_view RoleName(Role role);
absl::StatusOr<Role> ParseRole(absl::string_view name);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_TOPOLOGY_TEXT_H_
