#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/lookup.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status ListAuthKeys(AdminCall& call, const v1::ListRequest& request,
                          v1::ListAuthKeysResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserId only, ListedUser(call, request.user()));
  for (const auto& [id, key] : call.tailnet().auth_keys) {
    if (only != UserId() && key.user != only) continue;
    *out.add_keys() = ToMessage(call.tailnet(), key);
  }
  return absl::OkStatus();
}

// Whose devices the key makes: the caller's own, or those of somebody who does
// not stand above a network admin who makes it for them.
absl::StatusOr<UserId> OwnerOf(AdminCall& call, const std::string& ref) {
  if (ref.empty() && !call.caller.IsOperator()) return call.caller.user;
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user, SeenUser(call, ref));
  if (user->id == call.caller.user || call.caller.IsOperator()) return user->id;
  if (!HasRole(call.caller, MinRole::kNetworkAdmin)) {
    return OnlySeen(call, "user");
  }
  if (StandsAbove(user->role, call.caller.role)) {
    return absl::PermissionDeniedError(
        absl::StrCat("user: ", user->login, " has the role ",
                     RoleName(user->role), ", which is above yours"));
  }
  return user->id;
}

absl::Status CreateAuthKey(AdminCall& call,
                           const v1::CreateAuthKeyRequest& request,
                           v1::CreateAuthKeyResponse& out) {
  AuthKeyParams params;
  WARREN_ASSIGN_OR_RETURN(params.user, OwnerOf(call, request.user()));
  params.grant.reusable = request.reusable();
  params.grant.ephemeral = request.ephemeral();
  params.grant.tags = {request.tags().begin(), request.tags().end()};
  params.grant.max_uses = request.max_uses();
  params.grant.preapproved = request.preapproved();
  WARREN_RETURN_IF_ERROR(CheckGivenTags(call, params.grant.tags));
  if (!call.caller.tags.empty() && params.grant.tags.empty()) {
    return absl::InvalidArgumentError(
        "tags: the auth keys of this OAuth client carry one of its tags");
  }
  if (request.preapproved() && !HasRole(call.caller, MinRole::kNetworkAdmin)) {
    return absl::PermissionDeniedError(
        "preapproved: only network admins make keys that need no approval");
  }
  params.lifetime_ms = request.lifetime_ms();
  params.description = request.description();
  WARREN_ASSIGN_OR_RETURN(CreatedAuthKey made,
                          control::CreateAuthKey(call.directory, call.order,
                                                 call.tailnet(), params));
  *out.mutable_key() = ToMessage(call.tailnet(), made.record);
  out.set_secret(std::move(made.secret));
  return absl::OkStatus();
}

absl::Status ExpireAuthKey(AdminCall& call, const v1::ExpireRequest& request,
                           v1::AuthKey& out) {
  WARREN_ASSIGN_OR_RETURN(AuthKeyRecord * key,
                          ChangeableAuthKey(call, request.ref()));
  WARREN_RETURN_IF_ERROR(
      control::RevokeAuthKey(call.directory, call.order, call.tailnet(), *key));
  out = ToMessage(call.tailnet(), *key);
  return absl::OkStatus();
}

absl::Status DeleteAuthKey(AdminCall& call, const v1::DeleteRequest& request,
                           v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const AuthKeyRecord* key,
                          ChangeableAuthKey(call, request.ref()));
  out.set_deleted(key->prefix);
  return control::DeleteAuthKey(call.directory, call.order, call.tailnet(),
                                *key);
}

}  // namespace

void AddAuthKeyCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListAuthKeysResponse>("ListAuthKeys",
                                                       &ListAuthKeys);
  calls.Add<v1::CreateAuthKeyRequest, v1::CreateAuthKeyResponse>(
      "CreateAuthKey", &CreateAuthKey);
  calls.Add<v1::ExpireRequest, v1::AuthKey>("ExpireAuthKey", &ExpireAuthKey);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteAuthKey",
                                                   &DeleteAuthKey);
}

}  // namespace warren::control
