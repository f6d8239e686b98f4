#include "control/api/doorkeeper.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "control/identity/api_key.h"
#include "spdlog/spdlog.h"

namespace warren::control {
namespace {

constexpr int64_t kMinuteMs = 60'000;

absl::Status BadKey() {
  return absl::UnauthenticatedError(
      "this API key or access token is not good: it is not known here, has "
      "expired or was revoked");
}

// Best effort: that it was used is worth a write a minute, not a refusal.
void NoteUse(Directory& directory, ApiKeyRecord& key, int64_t now_ms) {
  if (now_ms - key.last_used_ms < kMinuteMs) return;
  const int64_t minute_ms = now_ms - now_ms % kMinuteMs;
  if (directory.store().access().TouchApiKey(key.id, minute_ms).ok()) {
    key.last_used_ms = minute_ms;
  }
}

}  // namespace

absl::StatusOr<Caller> Doorkeeper::CallerOf(Directory& directory,
                                            const Credential& credential,
                                            int64_t now_ms) {
  absl::StatusOr<Caller> caller = absl::UnauthenticatedError(
      "who are you? Send an API key as `Authorization: Bearer wapi-...`");
  switch (credential.kind) {
    case Credential::Kind::kNone:
      break;
    case Credential::Kind::kOperator: {
      Caller unbound;
      unbound.actor = credential.text;
      unbound.source = credential.source;
      return unbound;
    }
    case Credential::Kind::kBearer:
      caller = KeyCaller(directory, credential, now_ms);
      break;
    case Credential::Kind::kSession:
      if (sessions_) caller = sessions_(directory, credential, now_ms);
      break;
  }
  if (!caller.ok()) {
    ++num_bad_credentials_;
    return caller;
  }
  return Limit(std::move(caller), now_ms);
}

absl::StatusOr<Caller> Doorkeeper::KeyCaller(Directory& directory,
                                             const Credential& credential,
                                             int64_t now_ms) {
  const auto name = ParseApiKeyText(credential.text);
  if (!name) return BadKey();
  auto [tailnet, key] = directory.ApiKeyByPrefix(name->prefix);
  if (!IsGoodApiKey(key, directory.hash_key(), credential.text, now_ms) ||
      key->kind != name->kind) {
    return BadKey();
  }
  const auto user = tailnet->users.find(key->user);
  if (user == tailnet->users.end() ||
      user->second.status != UserStatus::kActive) {
    return BadKey();
  }
  if (credential.exposed) {
    return absl::UnauthenticatedError(absl::StrCat(
        "the key ", NameOf(*key),
        " came over plain HTTP, where others may have read it: use https:// "
        "and revoke this key"));
  }
  if (key->kind == ApiKeyKind::kOauthClient) {
    return absl::UnauthenticatedError(
        "this is the secret of an OAuth client: POST it to /oauth/token, and "
        "call with the access token that comes back");
  }
  NoteUse(directory, *key, now_ms);
  Caller caller;
  caller.actor = absl::StrCat("key ", NameOf(*key), " of ", user->second.login);
  caller.source = credential.source;
  caller.tailnet = tailnet->record.id;
  caller.user = key->user;
  caller.role = user->second.role;
  caller.scopes = key->scopes;
  caller.key = key->kind == ApiKeyKind::kAccessToken ? key->client : key->id;
  caller.tags = key->tags;
  return caller;
}

absl::StatusOr<Caller> Doorkeeper::Limit(absl::StatusOr<Caller> caller,
                                         int64_t now_ms) {
  // All access tokens of one client count as one.
  const std::string name = caller->scopes
                               ? absl::StrCat("key ", caller->key.value())
                               : absl::StrCat("user ", caller->user.value());
  const absl::Status taken = calls_.Take(name, now_ms);
  if (taken.ok()) return caller;
  ++num_limited_;
  return taken;
}

void Doorkeeper::OnRefused(Directory& directory, const Caller& caller,
                           absl::string_view method, int64_t now_ms) {
  ++num_refused_;
  if (caller.IsOperator()) return;
  if (!refusals_.Take(caller.actor, now_ms).ok()) return;
  AuditRecord audit;
  audit.tailnet = *caller.tailnet;
  audit.time_ms = now_ms;
  audit.actor = caller.actor;
  audit.action = "access.refused";
  audit.target = std::string(method);
  audit.source = caller.source;
  const absl::Status written = directory.store().audit_log().Append(audit);
  if (!written.ok()) {
    spdlog::warn("refusal not on record reason=\"{}\"",
                 std::string(written.message()));
  }
}

}  // namespace warren::control
