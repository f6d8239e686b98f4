#include "control/coordinator/api_key_commands.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/names.h"
#include "control/identity/api_key.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kDefaultLifetimeMs = 90 * kDayMs;
constexpr int64_t kMaxLifetimeMs = 3650 * kDayMs;

const char* WordOf(ApiKeyKind kind) {
  return kind == ApiKeyKind::kOauthClient ? "oauth-client" : "api-key";
}

absl::Status Check(const TailnetState& tailnet, const ApiKeyParams& params) {
  if (params.lifetime_ms < 0 || params.lifetime_ms > kMaxLifetimeMs) {
    return absl::InvalidArgumentError("lifetime_ms: at most 10 years");
  }
  if (params.scopes.size() > kMaxKeyScopes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "scopes: ", params.scopes.size(), ", at most ", kMaxKeyScopes));
  }
  if (params.tags.size() > kMaxKeyTags) {
    return absl::InvalidArgumentError(
        absl::StrCat("tags: ", params.tags.size(), ", at most ", kMaxKeyTags));
  }
  for (const std::string& tag : params.tags) {
    WARREN_RETURN_IF_ERROR(CheckTag(tag));
  }
  if (tailnet.access.api_keys.size() >= kMaxApiKeys) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", kMaxApiKeys, " API keys: delete old ones"));
  }
  return absl::OkStatus();
}

absl::StatusOr<CreatedApiKey> Issue(Directory& directory, const Order& order,
                                    TailnetState& tailnet, ApiKeyRecord key,
                                    const char* action) {
  NewKeyText made = MakeKeyText(ApiKeyTextKind(key.kind), directory.hash_key(),
                                directory.rng());
  key.id = ApiKeyId(directory.NewId());
  key.tailnet = tailnet.record.id;
  key.prefix = made.prefix;
  key.hash = made.hash;
  key.created_ms = order.now_ms;
  const std::string what =
      absl::StrCat("user ", tailnet.users.at(key.user).login, ", scopes ",
                   absl::StrJoin(key.scopes, " "), key.tags.empty() ? "" : ", ",
                   absl::StrJoin(key.tags, " "));
  WARREN_RETURN_IF_ERROR(directory.store().access().PutApiKey(
      key, AuditOf(order, tailnet, action, absl::StrCat("key ", NameOf(key)),
                   "", what)));
  directory.PutApiKey(tailnet, key);
  return CreatedApiKey{std::move(key), std::move(made.text)};
}

}  // namespace

absl::StatusOr<CreatedApiKey> CreateApiKey(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet,
                                           const ApiKeyParams& params) {
  WARREN_RETURN_IF_ERROR(Check(tailnet, params));
  WARREN_RETURN_IF_ERROR(CheckLine("description", params.description));
  const bool is_client = params.kind == ApiKeyKind::kOauthClient;
  const int64_t lifetime_ms = params.lifetime_ms == 0 && !is_client
                                  ? kDefaultLifetimeMs
                                  : params.lifetime_ms;
  ApiKeyRecord key;
  key.user = params.user;
  key.kind = params.kind;
  key.scopes = params.scopes;
  key.tags = params.tags;
  key.description = params.description;
  key.expires_ms = lifetime_ms == 0 ? 0 : order.now_ms + lifetime_ms;
  return Issue(directory, order, tailnet, std::move(key),
               is_client ? "oauth-client.create" : "api-key.create");
}

absl::StatusOr<CreatedApiKey> CreateAccessToken(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const ApiKeyRecord& client, const std::vector<std::string>& scopes) {
  auto& keys = tailnet.access.api_keys;
  // The store forgets them by itself.
  std::erase_if(keys, [&order](const auto& entry) {
    return entry.second.kind == ApiKeyKind::kAccessToken &&
           entry.second.expires_ms <= order.now_ms;
  });
  const auto alive =
      std::count_if(keys.begin(), keys.end(), [&client](const auto& entry) {
        return entry.second.client == client.id;
      });
  if (alive >= static_cast<std::ptrdiff_t>(kMaxAccessTokens) ||
      keys.size() >= kMaxApiKeys) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "the client has ", alive, " access tokens: use one until it expires"));
  }
  ApiKeyRecord token;
  token.user = client.user;
  token.kind = ApiKeyKind::kAccessToken;
  token.client = client.id;
  token.scopes = scopes;
  token.tags = client.tags;
  token.expires_ms = order.now_ms + kAccessTokenLifetimeMs;
  return Issue(directory, order, tailnet, std::move(token),
               "access-token.create");
}

absl::Status DeleteApiKey(Directory& directory, const Order& order,
                          TailnetState& tailnet, const ApiKeyRecord& key) {
  const ApiKeyId id = key.id;
  WARREN_RETURN_IF_ERROR(directory.store().access().DeleteApiKey(
      id,
      AuditOf(order, tailnet, absl::StrCat(WordOf(key.kind), ".delete").c_str(),
              absl::StrCat("key ", NameOf(key)), key.description, "")));
  std::erase_if(tailnet.access.api_keys, [id](const auto& entry) {
    return entry.first == id || entry.second.client == id;
  });
  return absl::OkStatus();
}

}  // namespace warren::control
