#include "control/identity/key_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/crypto/blake2s.h"

namespace warren::control {
namespace {

constexpr char kAlphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";

bool IsOfAlphabet(absl::string_view text) {
  return text.find_first_not_of(kAlphabet) == absl::string_view::npos;
}

}  // namespace

std::string RandomText(size_t size, Rng& rng) {
  std::string text;
  while (text.size() < size) text += kAlphabet[rng.Below(32)];
  return text;
}

SecretHash HashKeyText(const HashKey& hash_key, absl::string_view text) {
  SecretHash hash;
  crypto::Blake2s(hash_key.Expose(), hash.size())
      .Update(AsBytes(text))
      .Finish(hash);
  return hash;
}

NewKeyText MakeKeyText(absl::string_view kind, const HashKey& hash_key,
                       Rng& rng) {
  NewKeyText key;
  key.prefix = RandomText(kKeyPrefixSize, rng);
  key.text =
      absl::StrCat(kind, "-", key.prefix, "-", RandomText(kKeySecretSize, rng));
  key.hash = HashKeyText(hash_key, key.text);
  return key;
}

std::optional<std::string> KeyTextPrefix(absl::string_view kind,
                                         absl::string_view text) {
  if (text.size() != kind.size() + kKeyPrefixSize + kKeySecretSize + 2) {
    return std::nullopt;
  }
  const std::vector<absl::string_view> parts = absl::StrSplit(text, '-');
  if (parts.size() == 3 && parts[0] == kind &&
      parts[1].size() == kKeyPrefixSize && parts[2].size() == kKeySecretSize &&
      IsOfAlphabet(parts[1]) && IsOfAlphabet(parts[2])) {
    return std::string(parts[1]);
  }
  return std::nullopt;
}

}  // namespace warren::control
