#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/api_key_commands.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/names.h"
#include "control/identity/api_key.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

v1::ApiKey ToMessage(const TailnetState& tailnet, const ApiKeyRecord& key) {
  v1::ApiKey out;
  out.set_id(key.id.value());
  out.set_prefix(NameOf(key));
  out.set_kind(key.kind == ApiKeyKind::kOauthClient ? "oauth-client"
                                                    : "api-key");
  const auto user = tailnet.users.find(key.user);
  if (user != tailnet.users.end()) out.set_user_login(user->second.login);
  for (const std::string& scope : key.scopes) out.add_scopes(scope);
  for (const std::string& tag : key.tags) out.add_tags(tag);
  out.set_description(key.description);
  out.set_created_ms(key.created_ms);
  out.set_expires_ms(key.expires_ms);
  out.set_revoked_ms(key.revoked_ms);
  out.set_last_used_ms(key.last_used_ms);
  return out;
}

// Whether the caller may know of it. Access tokens come and go by themselves.
bool IsListed(const AdminCall& call, const ApiKeyRecord& key) {
  if (key.kind == ApiKeyKind::kAccessToken) return false;
  return SeesAll(call) ||
         (key.user == call.caller.user && key.user != UserId());
}

absl::Status ListApiKeys(AdminCall& call, const v1::ListRequest& request,
                         v1::ListApiKeysResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserId only, ListedUser(call, request.user()));
  for (const auto& [id, key] : call.tailnet().access.api_keys) {
    if (!IsListed(call, key) || (only != UserId() && key.user != only)) {
      continue;
    }
    *out.add_keys() = ToMessage(call.tailnet(), key);
  }
  return absl::OkStatus();
}

// By id, by its name "wapi-0123456789", or by the whole text of the key, which
// does not come back in the message.
absl::StatusOr<const ApiKeyRecord*> SeenApiKey(const AdminCall& call,
                                               const std::string& ref) {
  const auto parsed = ParseApiKeyText(ref);
  int64_t id = 0;
  const bool is_id = absl::SimpleAtoi(ref, &id);
  for (const auto& [key_id, key] : call.tailnet().access.api_keys) {
    const bool is_meant = NameOf(key) == ref || key.prefix == ref ||
                          (parsed && parsed->prefix == key.prefix) ||
                          (is_id && key_id.value() == id);
    if (is_meant && IsListed(call, key)) return &key;
  }
  return absl::NotFoundError(
      absl::StrCat("no API key \"", parsed ? parsed->prefix : Printable(ref),
                   SeesAll(call) ? "\"" : "\" of yours"));
}

absl::StatusOr<UserId> OwnerOf(AdminCall& call, const std::string& ref) {
  if (call.caller.IsOperator()) {
    if (ref.empty()) {
      return absl::InvalidArgumentError(
          "user: say whose rights the key is to have");
    }
    WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                            FindUser(call.tailnet(), ref));
    return user->id;
  }
  if (ref.empty()) return call.caller.user;
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user, SeenUser(call, ref));
  if (user->id == call.caller.user) return user->id;
  return absl::PermissionDeniedError(
      "user: a key can be made for oneself only");
}

// No scope that is unknown, or more than a caller with a key of its own has.
absl::StatusOr<std::vector<std::string>> ScopesOf(
    const AdminCall& call, const v1::CreateApiKeyRequest& request) {
  std::vector<std::string> scopes(request.scopes().begin(),
                                  request.scopes().end());
  if (scopes.empty()) {
    scopes = call.caller.scopes.value_or(std::vector<std::string>{"all"});
  }
  std::sort(scopes.begin(), scopes.end());
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  for (const std::string& scope : scopes) {
    if (!KnownScopes().contains(scope)) {
      return absl::InvalidArgumentError(
          absl::StrCat("scopes: there is no scope \"", Printable(scope),
                       "\"; there are: ", absl::StrJoin(KnownScopes(), ", ")));
    }
    if (call.caller.scopes && !CoversScope(*call.caller.scopes, scope)) {
      return absl::PermissionDeniedError(
          absl::StrCat("scopes: ", call.caller.actor, " has not ", scope,
                       " itself and cannot give it away"));
    }
  }
  return scopes;
}

absl::Status CreateApiKey(AdminCall& call,
                          const v1::CreateApiKeyRequest& request,
                          v1::CreateApiKeyResponse& out) {
  ApiKeyParams params;
  if (request.kind() == "oauth-client") {
    params.kind = ApiKeyKind::kOauthClient;
  } else if (!request.kind().empty() && request.kind() != "api-key") {
    return absl::InvalidArgumentError(
        "kind: there are api-key and oauth-client");
  }
  WARREN_ASSIGN_OR_RETURN(params.user, OwnerOf(call, request.user()));
  WARREN_ASSIGN_OR_RETURN(params.scopes, ScopesOf(call, request));
  params.tags = {request.tags().begin(), request.tags().end()};
  if (params.kind == ApiKeyKind::kApiKey && !params.tags.empty()) {
    return absl::InvalidArgumentError(
        "tags: only an OAuth client has some, for the auth keys it makes");
  }
  WARREN_RETURN_IF_ERROR(CheckGivenTags(call, params.tags));
  params.description = request.description();
  params.lifetime_ms = request.lifetime_ms();
  WARREN_ASSIGN_OR_RETURN(CreatedApiKey made,
                          control::CreateApiKey(call.directory, call.order,
                                                call.tailnet(), params));
  *out.mutable_key() = ToMessage(call.tailnet(), made.record);
  out.set_secret(std::move(made.secret));
  return absl::OkStatus();
}

absl::Status DeleteApiKey(AdminCall& call, const v1::DeleteRequest& request,
                          v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const ApiKeyRecord* key,
                          SeenApiKey(call, request.ref()));
  const auto user = call.tailnet().users.find(key->user);
  const bool is_own =
      key->user == call.caller.user && !call.caller.IsOperator();
  if (!is_own && user != call.tailnet().users.end()) {
    WARREN_RETURN_IF_ERROR(RequireUser(call.tailnet(), call.order, user->second,
                                       "delete a key of"));
  }
  out.set_deleted(NameOf(*key));
  return control::DeleteApiKey(call.directory, call.order, call.tailnet(),
                               *key);
}

}  // namespace

void AddApiKeyCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListApiKeysResponse>("ListApiKeys",
                                                      &ListApiKeys);
  calls.Add<v1::CreateApiKeyRequest, v1::CreateApiKeyResponse>("CreateApiKey",
                                                               &CreateApiKey);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteApiKey",
                                                   &DeleteApiKey);
}

}  // namespace warren::control
