#include "core/crypto/box.h"

#include <algorithm>
#include <array>

#include "core/base/check.h"
#include "core/crypto/x25519.h"
#include "sodium.h"

namespace warren::crypto {

static_assert(kBoxNonceSize == crypto_box_NONCEBYTES);
static_assert(kBoxTagSize == crypto_box_MACBYTES);
static_assert(kKeySize == crypto_box_BEFORENMBYTES);

std::optional<BoxSharedKey> BoxSharedKey::Create(KeyBytes mine,
                                                 KeyBytes theirs) {
  std::optional<SharedSecret> shared = X25519(mine, theirs);
  if (!shared) return std::nullopt;
  static constexpr uint8_t kZeros[crypto_core_hsalsa20_INPUTBYTES] = {};
  SymmetricKey key;
  crypto_core_hsalsa20(key.ExposeMutable().data(), kZeros,
                       shared->Expose().data(), nullptr);
  return BoxSharedKey(std::move(key));
}

std::vector<uint8_t> BoxSharedKey::Seal(Rng& rng, Bytes plaintext) const {
  std::array<uint8_t, kBoxNonceSize> nonce;
  rng.Fill(nonce);
  return Seal(nonce, plaintext);
}

std::vector<uint8_t> BoxSharedKey::Seal(
    std::span<const uint8_t, kBoxNonceSize> nonce, Bytes plaintext) const {
  std::vector<uint8_t> box(kBoxOverhead + plaintext.size());
  std::copy(nonce.begin(), nonce.end(), box.begin());
  WARREN_CHECK(crypto_box_easy_afternm(
                   box.data() + kBoxNonceSize, plaintext.data(),
                   plaintext.size(), nonce.data(), key_.Expose().data()) == 0);
  return box;
}

std::optional<std::vector<uint8_t>> BoxSharedKey::Open(Bytes box) const {
  if (box.size() < kBoxOverhead) return std::nullopt;
  const Bytes nonce = box.first(kBoxNonceSize);
  const Bytes sealed = box.subspan(kBoxNonceSize);
  std::vector<uint8_t> plaintext(sealed.size() - kBoxTagSize);
  if (crypto_box_open_easy_afternm(plaintext.data(), sealed.data(),
                                   sealed.size(), nonce.data(),
                                   key_.Expose().data()) != 0) {
    return std::nullopt;
  }
  return plaintext;
}

}  // namespace warren::crypto
