#ifndef WARREN_CONTROL_COORDINATOR_ORDER_H_
#define WARREN_CONTROL_COORDINATOR_ORDER_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/tailnet_state.h"
#include "control/identity/access.h"

namespace warren::control {

// Who orders a change, when, and with whose rights.
struct Order {
  std::string actor;  // for the audit log: "uid 0", "alice@example.com"
  int64_t now_ms = 0;
  // For the audit log: "socket", "203.0.113.7".
  std::string source = {};
  // Whose rights count, as they are when the order is carried out. 0: nobody's,
  // unless `is_operator`.
  UserId user = {};
  bool is_operator = false;  // may do everything
};

Order OrderOf(const Caller& caller, int64_t now_ms);

AuditRecord AuditOf(const Order& order, const TailnetState& tailnet,
                    const char* action, std::string target, std::string before,
                    std::string after);

// The role the order has in `tailnet` now: of an active user there. nullopt:
// none. The operator counts as owner.
std::optional<policy::Role> RoleIn(const TailnetState& tailnet,
                                   const Order& order);

// Whether the order comes from one who stands at least as high as `least`.
// PERMISSION_DENIED says which role is missing; `what`:
// "approve devices".
absl::Status RequireRole(const TailnetState& tailnet, const Order& order,
                         MinRole least, absl::string_view what);

// Whether the order may change this node: the operator, network admins and
// above, its owner while it has no tags, and who owns all of its tags by the
// policy in force.
absl::Status RequireNode(const TailnetState& tailnet, const Order& order,
                         const NodeRecord& node);

// Whether `role` is higher than `other`: member, auditor, network admin, admin,
// owner.
bool StandsAbove(policy::Role role, policy::Role other);

// Whether the order may change what belongs to `user`: the user itself, the
// operator, and admins who stand higher than the user (owners: also other
// owners). `what` is a verb: "suspend".
absl::Status RequireUser(const TailnetState& tailnet, const Order& order,
                         const UserRecord& user, absl::string_view what);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_ORDER_H_
