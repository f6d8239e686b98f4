#include "control/identity/auth_key.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "core/crypto/blake2s.h"

namespace warren::control {
namespace {

constexpr char kKind[] = "wauth";
constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
constexpr size_t kPrefixSize = 10;
constexpr size_t kSecretSize = 32;

// 5 random bits each.
std::string RandomText(size_t size, Rng& rng) {
  std::string text;
  while (text.size() < size) text += kAlphabet[rng.Below(32)];
  return text;
}

bool IsOfAlphabet(absl::string_view text) {
  return text.find_first_not_of(kAlphabet) == absl::string_view::npos;
}

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
  AuthKeyHash hash;
  crypto::Blake2s(hash_key.Expose(), hash.size())
      .Update(AsBytes(text))
      .Finish(hash);
  return hash;
}

NewAuthKey MakeAuthKey(const HashKey& hash_key, Rng& rng) {
  NewAuthKey key;
  key.prefix = RandomText(kPrefixSize, rng);
  key.text =
      absl::StrCat(kKind, "-", key.prefix, "-", RandomText(kSecretSize, rng));
  key.hash = HashAuthKey(hash_key, key.text);
  return key;
}

absl::StatusOr<std::string> AuthKeyPrefix(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  if (parts.size() == 3 && parts[0] == kKind &&
      parts[1].size() == kPrefixSize && parts[2].size() == kSecretSize &&
      IsOfAlphabet(parts[1]) && IsOfAlphabet(parts[2])) {
    return std::string(parts[1]);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("this is not an auth key: one looks like wauth-<",
                   kPrefixSize, " characters>-<", kSecretSize,
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
  return absl::OkStatus();
}

}  // namespace warren::control
