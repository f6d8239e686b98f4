#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status ListUsers(AdminCall& call, const v1::ListRequest&,
                       v1::ListUsersResponse& out) {
  for (const auto& [id, user] : call.tailnet().users) {
    *out.add_users() = ToMessage(call.tailnet(), user);
  }
  return absl::OkStatus();
}

absl::Status GetUser(AdminCall& call, const v1::GetRequest& request,
                     v1::User& out) {
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          SeenUser(call, request.ref()));
  out = ToMessage(call.tailnet(), *user);
  return absl::OkStatus();
}

absl::Status CreateUser(AdminCall& call, const v1::CreateUserRequest& request,
                        v1::User& out) {
  WARREN_ASSIGN_OR_RETURN(
      const UserRecord user,
      control::CreateUser(call.directory, call.order, call.tailnet(),
                          request.login(), request.display_name()));
  out = ToMessage(call.tailnet(), user);
  return absl::OkStatus();
}

absl::Status RenameUser(AdminCall& call, const v1::RenameRequest& request,
                        v1::User& out) {
  WARREN_ASSIGN_OR_RETURN(UserRecord * user,
                          FindUser(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(
      RequireUser(call.tailnet(), call.order, *user, "rename"));
  WARREN_RETURN_IF_ERROR(control::RenameUser(
      call.directory, call.order, call.tailnet(), *user, request.new_name()));
  out = ToMessage(call.tailnet(), *user);
  return absl::OkStatus();
}

absl::Status DeleteUser(AdminCall& call, const v1::DeleteRequest& request,
                        v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          FindUser(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(
      RequireUser(call.tailnet(), call.order, *user, "delete"));
  WARREN_RETURN_IF_ERROR(RequireAnotherOwner(call.tailnet(), *user));
  out.set_deleted(user->login);
  return control::DeleteUser(call.directory, call.order, call.tailnet(), *user,
                             request.force());
}

absl::Status SetUserRole(AdminCall& call, const v1::SetUserRoleRequest& request,
                         v1::User& out) {
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          FindUser(call.tailnet(), request.ref()));
  WARREN_ASSIGN_OR_RETURN(const policy::Role role, RoleFrom(request.role()));
  const UserId id = user->id;
  WARREN_RETURN_IF_ERROR(control::SetUserRole(call.directory, call.order,
                                              call.tailnet(), id, role));
  out = ToMessage(call.tailnet(), call.tailnet().users.at(id));
  return absl::OkStatus();
}

// One of the three that change the standing of a user.
template <absl::Status (*kCommand)(Directory&, const Order&, TailnetState&,
                                   UserId)>
absl::Status ChangeStatus(AdminCall& call, const v1::UserRequest& request,
                          v1::User& out) {
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          FindUser(call.tailnet(), request.ref()));
  const UserId id = user->id;
  WARREN_RETURN_IF_ERROR(
      kCommand(call.directory, call.order, call.tailnet(), id));
  out = ToMessage(call.tailnet(), call.tailnet().users.at(id));
  return absl::OkStatus();
}

absl::Status ResetLocalAccount(AdminCall& call,
                               const v1::ResetLocalAccountRequest& request,
                               v1::ResetLocalAccountResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          FindUser(call.tailnet(), request.ref()));
  InvitationParams params;
  params.kind = InvitationKind::kReset;
  params.user = user->id;
  WARREN_ASSIGN_OR_RETURN(
      const CreatedInvitation made,
      CreateInvitation(call.directory, call.order, call.tailnet(), params));
  out.set_url(made.url.empty() ? kInvitationPath + made.secret : made.url);
  return absl::OkStatus();
}

}  // namespace

void AddUserCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListUsersResponse>("ListUsers", &ListUsers);
  calls.Add<v1::GetRequest, v1::User>("GetUser", &GetUser);
  calls.Add<v1::CreateUserRequest, v1::User>("CreateUser", &CreateUser);
  calls.Add<v1::RenameRequest, v1::User>("RenameUser", &RenameUser);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteUser", &DeleteUser);
  calls.Add<v1::SetUserRoleRequest, v1::User>("SetUserRole", &SetUserRole);
  calls.Add<v1::UserRequest, v1::User>("ApproveUser",
                                       &ChangeStatus<&control::ApproveUser>);
  calls.Add<v1::UserRequest, v1::User>("SuspendUser",
                                       &ChangeStatus<&control::SuspendUser>);
  calls.Add<v1::UserRequest, v1::User>("RestoreUser",
                                       &ChangeStatus<&control::RestoreUser>);
  calls.Add<v1::ResetLocalAccountRequest, v1::ResetLocalAccountResponse>(
      "ResetLocalAccount", &ResetLocalAccount);
}

}  // namespace warren::control
