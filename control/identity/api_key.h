#ifndef WARREN_CONTROL_IDENTITY_API_KEY_H_
#define WARREN_CONTROL_IDENTITY_API_KEY_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/identity/key_text.h"
#include "control/store/access_records.h"

// What lets a program call the admin API, see key_text.h:
//
//   wapi-...    an API key, sent as a bearer token (RFC 6750 §2.1)
//   woauth-...  the secret of an OAuth client, good only at /oauth/token for
//   wtok-...    access tokens (RFC 6749 §4.4), bearer tokens of an hour
//
// Each belongs to a user, and can do no more than that user: not after a
// change of role, nothing once the user is suspended.
namespace warren::control {

inline constexpr int64_t kAccessTokenLifetimeMs = 3'600'000;

// "wapi", "woauth", "wtok".
absl::string_view ApiKeyTextKind(ApiKeyKind kind);
// What `text` looks like it is. nullopt: none of ours.
struct ApiKeyName {
  ApiKeyKind kind;
  std::string prefix;
};
std::optional<ApiKeyName> ParseApiKeyText(absl::string_view text);

// As people and the audit log name a key: "wapi-0123456789".
std::string NameOf(const ApiKeyRecord& key);

// Whether `key`, found by the prefix of `text`, is good at `now_ms`; null, a
// wrong secret, expired, revoked: all the same to who holds it. Constant time.
bool IsGoodApiKey(const ApiKeyRecord* key, const HashKey& hash_key,
                  absl::string_view text, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_API_KEY_H_
