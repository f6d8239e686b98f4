#include "control/identity/api_key.h"

#include "absl/strings/str_cat.h"

namespace warren::control {

absl::string_view ApiKeyTextKind(ApiKeyKind kind) {
  switch (kind) {
    case ApiKeyKind::kApiKey:
      return "wapi";
    case ApiKeyKind::kOauthClient:
      return "woauth";
    case ApiKeyKind::kAccessToken:
      return "wtok";
  }
  return "";
}

std::optional<ApiKeyName> ParseApiKeyText(absl::string_view text) {
  for (const ApiKeyKind kind : {ApiKeyKind::kApiKey, ApiKeyKind::kOauthClient,
                                ApiKeyKind::kAccessToken}) {
    auto prefix = KeyTextPrefix(ApiKeyTextKind(kind), text);
    if (prefix) return ApiKeyName{kind, *std::move(prefix)};
  }
  return std::nullopt;
}

std::string NameOf(const ApiKeyRecord& key) {
  return absl::StrCat(ApiKeyTextKind(key.kind), "-", key.prefix);
}

bool IsGoodApiKey(const ApiKeyRecord* key, const HashKey& hash_key,
                  absl::string_view text, int64_t now_ms) {
  const SecretHash hash = HashKeyText(hash_key, text);
  if (key == nullptr) return false;
  return crypto::ConstantTimeEqual(hash, key->hash) && key->revoked_ms == 0 &&
         (key->expires_ms == 0 || now_ms < key->expires_ms);
}

}  // namespace warren::control
