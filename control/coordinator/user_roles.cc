#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "control/coordinator/people.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"

// The part of user_commands.h about roles and standing.
namespace warren::control {
namespace {

using policy::Role;

absl::StatusOr<UserRecord> UserOf(const TailnetState& tailnet, UserId id) {
  const auto found = tailnet.users.find(id);
  if (found == tailnet.users.end()) {
    return absl::NotFoundError("there is no such user");
  }
  return found->second;
}

// The user, if the order may change its standing.
absl::StatusOr<UserRecord> UserToChange(const TailnetState& tailnet,
                                        const Order& order, UserId id,
                                        absl::string_view what) {
  WARREN_RETURN_IF_ERROR(RequireRole(tailnet, order, MinRole::kAdmin,
                                     absl::StrCat(what, " users")));
  WARREN_ASSIGN_OR_RETURN(UserRecord user, UserOf(tailnet, id));
  WARREN_RETURN_IF_ERROR(RequireUser(tailnet, order, user, what));
  return user;
}

// Applies `user`, which is stored: its devices may lose or win their peers.
void Apply(Directory& directory, const Order& order, TailnetState& tailnet,
           const UserRecord& user) {
  tailnet.users[user.id] = user;
  for (const auto& [id, node] : tailnet.nodes) {
    if (node.record.owner != user.id) continue;
    directory.TouchNode(tailnet, id, order.now_ms);
  }
  directory.TouchTailnet(tailnet);
}

absl::Status SetStatus(Directory& directory, const Order& order,
                       TailnetState& tailnet, UserRecord user,
                       UserStatus status, const char* action) {
  const UserStatus before = std::exchange(user.status, status);
  if (before == status) return absl::OkStatus();
  NewPerson change{.user = user};
  if (status == UserStatus::kSuspended) change.ends_sessions_of = user.id;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutPerson(
      change,
      AuditOf(order, tailnet, action, absl::StrCat("user ", user.login),
              std::string(ToString(before)), std::string(ToString(status)))));
  if (status == UserStatus::kSuspended) {
    std::erase_if(tailnet.accounts.sessions, [&user](const auto& entry) {
      return entry.second.user == user.id;
    });
  }
  Apply(directory, order, tailnet, user);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Role> RoleFrom(absl::string_view text) {
  for (const Role role : {Role::kOwner, Role::kAdmin, Role::kNetworkAdmin,
                          Role::kAuditor, Role::kMember}) {
    if (text == RoleName(role)) return role;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("role \"", Printable(text),
                   "\": owner, admin, network-admin, auditor or member"));
}

absl::string_view ToString(UserStatus status) {
  switch (status) {
    case UserStatus::kActive:
      return "active";
    case UserStatus::kWaiting:
      return "waiting";
    case UserStatus::kSuspended:
      return "suspended";
  }
  return "waiting";
}

absl::Status RequireAnotherOwner(const TailnetState& tailnet,
                                 const UserRecord& user) {
  if (user.role != Role::kOwner || user.status != UserStatus::kActive) {
    return absl::OkStatus();
  }
  for (const auto& [id, other] : tailnet.users) {
    const bool owns =
        other.role == Role::kOwner && other.status == UserStatus::kActive;
    if (owns && id != user.id) return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      absl::StrCat(user.login, " is the last owner of ", tailnet.record.name,
                   ": make another user owner first"));
}

absl::Status SetUserRole(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId id, Role role) {
  WARREN_ASSIGN_OR_RETURN(UserRecord user, UserOf(tailnet, id));
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "change roles"));
  const Role own = *RoleIn(tailnet, order);
  if (own != Role::kOwner &&
      (!StandsAbove(own, user.role) || !StandsAbove(own, role))) {
    return absl::PermissionDeniedError(absl::StrCat(
        "an ", RoleName(own), " changes roles below its own; ", user.login,
        " is ", RoleName(user.role), " and would be ", RoleName(role)));
  }
  if (user.role == role) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(RequireAnotherOwner(tailnet, user));
  const Role before = std::exchange(user.role, role);
  WARREN_RETURN_IF_ERROR(directory.store().PutUser(
      user,
      AuditOf(order, tailnet, "user.role", absl::StrCat("user ", user.login),
              std::string(RoleName(before)), std::string(RoleName(role)))));
  Apply(directory, order, tailnet, user);
  return absl::OkStatus();
}

absl::Status ApproveUser(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId id) {
  WARREN_ASSIGN_OR_RETURN(UserRecord user,
                          UserToChange(tailnet, order, id, "approve"));
  if (user.status == UserStatus::kSuspended) {
    return absl::FailedPreconditionError(
        absl::StrCat(user.login, " is suspended: restore it instead"));
  }
  return SetStatus(directory, order, tailnet, std::move(user),
                   UserStatus::kActive, "user.approve");
}

absl::Status SuspendUser(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId id) {
  WARREN_ASSIGN_OR_RETURN(UserRecord user,
                          UserToChange(tailnet, order, id, "suspend"));
  WARREN_RETURN_IF_ERROR(RequireAnotherOwner(tailnet, user));
  return SetStatus(directory, order, tailnet, std::move(user),
                   UserStatus::kSuspended, "user.suspend");
}

absl::Status RestoreUser(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId id) {
  WARREN_ASSIGN_OR_RETURN(UserRecord user,
                          UserToChange(tailnet, order, id, "restore"));
  if (user.status == UserStatus::kWaiting) {
    return absl::FailedPreconditionError(
        absl::StrCat(user.login, " waits for approval: approve it instead"));
  }
  return SetStatus(directory, order, tailnet, std::move(user),
                   UserStatus::kActive, "user.restore");
}

}  // namespace warren::control
