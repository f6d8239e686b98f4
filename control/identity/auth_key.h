#ifndef WARREN_CONTROL_IDENTITY_AUTH_KEY_H_
#define WARREN_CONTROL_IDENTITY_AUTH_KEY_H_

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/identity/key_text.h"
#include "control/store/records.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"

// Auth keys: what lets a new machine into a tailnet without a person. A text
// of the kind "wauth", see key_text.h.
namespace warren::control {

// Derived from the server's private key, so that there is one secret to keep.
HashKey DeriveHashKey(const crypto::MachinePrivateKey& server_key);

using AuthKeyHash = SecretHash;
AuthKeyHash HashAuthKey(const HashKey& hash_key, absl::string_view text);

using NewAuthKey = NewKeyText;
NewAuthKey MakeAuthKey(const HashKey& hash_key, Rng& rng);

// The prefix of what looks like an auth key. INVALID_ARGUMENT, without the
// text, otherwise.
absl::StatusOr<std::string> AuthKeyPrefix(absl::string_view text);

// Whether `text` is the very key that `key` was made from. Constant time.
bool KnowsAuthKey(const AuthKeyRecord& key, const HashKey& hash_key,
                  absl::string_view text);

// Whether `key`, found by the prefix of `text`, lets a machine in at `now_ms`.
// PERMISSION_DENIED says why not: unknown (also when `key` is null or the
// secret is another), revoked, expired, used.
absl::Status CheckAuthKey(const AuthKeyRecord* key, const HashKey& hash_key,
                          absl::string_view text, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_AUTH_KEY_H_
