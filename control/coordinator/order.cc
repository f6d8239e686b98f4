#include "control/coordinator/order.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/tag_rights.h"

namespace warren::control {
namespace {

using policy::Role;

// "network-admin" and such, for messages.
const char* NameOf(MinRole role) {
  switch (role) {
    case MinRole::kMember:
      return "member";
    case MinRole::kAuditor:
      return "auditor";
    case MinRole::kNetworkAdmin:
      return "network-admin";
    case MinRole::kAdmin:
      return "admin";
    case MinRole::kOwner:
      return "owner";
    case MinRole::kOperator:
      return "operator of the server";
  }
  return "operator of the server";
}

// How high a role stands; roles that policies alone know are members.
MinRole RankOf(Role role) {
  switch (role) {
    case Role::kAuditor:
      return MinRole::kAuditor;
    case Role::kNetworkAdmin:
      return MinRole::kNetworkAdmin;
    case Role::kAdmin:
      return MinRole::kAdmin;
    case Role::kOwner:
      return MinRole::kOwner;
    case Role::kMember:
    case Role::kItAdmin:
    case Role::kBillingAdmin:
      break;
  }
  return MinRole::kMember;
}

}  // namespace

Order OrderOf(const Caller& caller, int64_t now_ms) {
  return {caller.actor, now_ms, caller.source, caller.user,
          caller.IsOperator()};
}

AuditRecord AuditOf(const Order& order, const TailnetState& tailnet,
                    const char* action, std::string target, std::string before,
                    std::string after) {
  return {tailnet.record.id, order.now_ms,      order.actor,      action,
          std::move(target), std::move(before), std::move(after), order.source};
}

std::optional<Role> RoleIn(const TailnetState& tailnet, const Order& order) {
  if (order.is_operator) return Role::kOwner;
  const auto user = tailnet.users.find(order.user);
  if (user == tailnet.users.end()) return std::nullopt;
  if (user->second.status != UserStatus::kActive) return std::nullopt;
  return user->second.role;
}

bool StandsAbove(Role role, Role other) { return RankOf(role) > RankOf(other); }

absl::Status RequireRole(const TailnetState& tailnet, const Order& order,
                         MinRole least, absl::string_view what) {
  if (order.is_operator) return absl::OkStatus();
  const auto role = RoleIn(tailnet, order);
  if (role && RankOf(*role) >= least) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat("only ", NameOf(least),
                                                  " and above may ", what,
                                                  " in ", tailnet.record.name));
}

absl::Status RequireNode(const TailnetState& tailnet, const Order& order,
                         const NodeRecord& node) {
  if (RequireRole(tailnet, order, MinRole::kNetworkAdmin, "").ok()) {
    return absl::OkStatus();
  }
  const auto user = tailnet.users.find(order.user);
  const bool active = RoleIn(tailnet, order).has_value();
  const bool owns =
      active &&
      (node.grant.tags.empty()
           ? node.owner == order.user
           : std::ranges::all_of(node.grant.tags, [&](const std::string& tag) {
               return CheckMayTag(tailnet, user->second, tag).ok();
             }));
  if (owns) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("node ", node.naming.name,
                   " is not yours: its owner and network admins may do this"));
}

absl::Status RequireUser(const TailnetState& tailnet, const Order& order,
                         const UserRecord& user, absl::string_view what) {
  const auto role = RoleIn(tailnet, order);
  if (role && (order.is_operator || order.user == user.id)) {
    return absl::OkStatus();
  }
  if (role && RankOf(*role) >= MinRole::kAdmin &&
      (*role == Role::kOwner || StandsAbove(*role, user.role))) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(
      absl::StrCat("to ", what, " user ", user.login,
                   " takes an admin of a higher role than theirs"));
}

}  // namespace warren::control
