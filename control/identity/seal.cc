#include "control/identity/seal.h"

#include <array>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/crypto/aead.h"
#include "core/crypto/blake2s.h"

namespace warren::control {
namespace {

constexpr uint8_t kVersion = 1;
constexpr size_t kHead = 1 + crypto::kXAeadNonceSize;

}  // namespace

SealKey DeriveSealKey(const crypto::MachinePrivateKey& server_key) {
  SealKey key;
  crypto::Blake2s(server_key.Expose(), SealKey::kSize)
      .Update(AsBytes("warren seal key 1"))
      .Finish(key.ExposeMutable());
  return key;
}

std::string SealPlace(absl::string_view column, int64_t row) {
  return absl::StrCat(column, ":", row);
}

Sealed Seal(const SealKey& key, absl::string_view place,
            absl::string_view secret, Rng& rng) {
  if (secret.empty()) return "";
  std::array<uint8_t, crypto::kXAeadNonceSize> nonce;
  rng.Fill(nonce);
  Sealed sealed(1, static_cast<char>(kVersion));
  sealed.append(nonce.begin(), nonce.end());
  sealed.append(secret.data(), secret.size());
  sealed.resize(sealed.size() + crypto::kAeadTagSize);
  crypto::XSeal(key.Expose(), nonce, AsBytes(place),
                reinterpret_cast<uint8_t*>(sealed.data()) + kHead,
                secret.size());
  return sealed;
}

absl::StatusOr<std::string> Unseal(const SealKey& key, absl::string_view place,
                                   absl::string_view sealed) {
  if (sealed.empty()) return "";
  const Bytes bytes = AsBytes(sealed);
  std::string text;
  bool good = false;
  if (bytes.size() >= kHead + crypto::kAeadTagSize && bytes[0] == kVersion) {
    text.assign(sealed.begin() + kHead, sealed.end());
    good = crypto::XOpen(
        key.Expose(), bytes.subspan<1, crypto::kXAeadNonceSize>(),
        AsBytes(place), reinterpret_cast<uint8_t*>(text.data()), text.size());
  }
  if (!good) {
    return absl::DataLossError(absl::StrCat(
        "the secret at ", place,
        " cannot be read: it is damaged, or of a server with another "
        "control.key"));
  }
  text.resize(text.size() - crypto::kAeadTagSize);
  return text;
}

}  // namespace warren::control
