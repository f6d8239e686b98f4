#include "control/identity/auth_key.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/crypto/blake2s.h"

namespace warren::control {
namespace {

constexpr char kKind[] = "wauth";

std::string DateOf(int64_t ms) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixMillis(ms),
                          absl::UTCTimeZone());
}

}  // namespace

HashKey DeriveHashKey(const crypto::MachinePrivateKey& server_key) {
  HashKey key;
  crypto::Blake2s(server_key.Expose(), HashKey::kSize)
      .Update(AsBytes("warren auth key hash 1"))
      .Finish(key.ExposeMutable());
  return key;
}

AuthKeyHash HashAuthKey(const HashKey& hash_key, absl::string_view text) {
  return HashKeyText(hash_key, text);
}

NewAuthKey MakeAuthKey(const HashKey& hash_key, Rng& rng) {
  return MakeKeyText(kKind, hash_key, rng);
}

absl::StatusOr<std::string> AuthKeyPrefix(absl::string_view text) {
  auto prefix = KeyTextPrefix(kKind, text);
  if (prefix) return *std::move(prefix);
  return absl::InvalidArgumentError(
      absl::StrCat("this is not an auth key: one looks like wauth-<",
                   kKeyPrefixSize, " characters>-<", kKeySecretSize,
                   " characters>, what came has ", text.size(), " characters"));
}

bool KnowsAuthKey(const AuthKeyRecord& key, const HashKey& hash_key,
                  absl::string_view text) {
  return crypto::ConstantTimeEqual(HashAuthKey(hash_key, text), key.hash);
}

absl::Status CheckAuthKey(const AuthKeyRecord* key, const HashKey& hash_key,
                          absl::string_view text, int64_t now_ms) {
  // Who does not know the whole key learns nothing of it.
  if (key == nullptr || !KnowsAuthKey(*key, hash_key, text)) {
    return absl::PermissionDeniedError(
        "this server does not know the auth key: was it deleted, or made on "
        "another server?");
  }
  const std::string name = absl::StrCat("auth key ", key->prefix, " ");
  if (key->revoked_ms != 0) {
    return absl::PermissionDeniedError(
        absl::StrCat(name, "was revoked on ", DateOf(key->revoked_ms)));
  }
  if (key->expires_ms != 0 && key->expires_ms <= now_ms) {
    return absl::PermissionDeniedError(
        absl::StrCat(name, "expired on ", DateOf(key->expires_ms)));
  }
  if (!key->grant.reusable && key->num_uses > 0) {
    return absl::PermissionDeniedError(absl::StrCat(
        name, "was for one machine and has been used: make a new one"));
  }
  if (key->grant.max_uses > 0 && key->num_uses >= key->grant.max_uses) {
    return absl::PermissionDeniedError(
        absl::StrCat(name, "was for ", key->grant.max_uses,
                     " uses, and all are used: make a new one"));
  }
  return absl::OkStatus();
}

}  // namespace warren::control
