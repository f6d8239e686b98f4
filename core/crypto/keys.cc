#include "core/crypto/keys.h"

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "openssl/curve25519.h"

namespace warren::crypto::internal {
namespace {

// -1 if `digit` is not hexadecimal.
int HexValue(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Fills `out` from exactly as many hex digits. Unlike warren::ParseHex it
// leaves no copy on the heap and no hint of the text in the error: the text
// may be a private key.
absl::Status FillKey(absl::string_view prefix, absl::string_view text,
                     std::span<uint8_t, kKeySize> out) {
  if (!absl::StartsWith(text, prefix)) {
    return absl::InvalidArgumentError(
        absl::StrCat("key: does not begin with `", prefix, "`; wanted `",
                     prefix, "` and 64 hexadecimal digits"));
  }
  text.remove_prefix(prefix.size());
  if (text.size() != 2 * kKeySize) {
    return absl::InvalidArgumentError(
        absl::StrCat("key: ", text.size(), " characters after `", prefix,
                     "`, wanted 64 hexadecimal digits"));
  }
  for (size_t i = 0; i < kKeySize; ++i) {
    const int high = HexValue(text[2 * i]);
    const int low = HexValue(text[2 * i + 1]);
    if (high < 0 || low < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("key: not a hexadecimal digit in the pair at ", 2 * i,
                       " after `", prefix, "`"));
    }
    out[i] = static_cast<uint8_t>(high << 4 | low);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::array<uint8_t, kKeySize>> ParseKey(absl::string_view prefix,
                                                       absl::string_view text) {
  std::array<uint8_t, kKeySize> key;
  WARREN_RETURN_IF_ERROR(FillKey(prefix, text, key));
  return key;
}

absl::StatusOr<SymmetricKey> ParsePrivate(absl::string_view text) {
  SymmetricKey key;
  WARREN_RETURN_IF_ERROR(FillKey(kPrivatePrefix, text, key.ExposeMutable()));
  return key;
}

std::array<uint8_t, kKeySize> PublicOf(KeyBytes private_key) {
  static_assert(X25519_PUBLIC_VALUE_LEN == kKeySize);
  std::array<uint8_t, kKeySize> out;
  X25519_public_from_private(out.data(), private_key.data());
  return out;
}

SymmetricKey GeneratePrivate(Rng& rng) {
  SymmetricKey key;
  const auto bytes = key.ExposeMutable();
  rng.Fill(bytes);
  bytes[0] &= 0xf8;
  bytes[31] = static_cast<uint8_t>((bytes[31] & 0x7f) | 0x40);
  return key;
}

std::string NodeShortString(KeyBytes key) {
  const std::string base64 = absl::Base64Escape(AsText(key));
  return absl::StrCat("[", base64.substr(0, 5), "]");
}

std::string DiscoShortString(KeyBytes key) {
  return absl::StrCat("d:", ToHex(key.first(8)));
}

}  // namespace warren::crypto::internal
