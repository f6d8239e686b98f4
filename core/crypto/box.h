#ifndef WARREN_CORE_CRYPTO_BOX_H_
#define WARREN_CORE_CRYPTO_BOX_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"

namespace warren::crypto {

inline constexpr size_t kBoxNonceSize = 24;
inline constexpr size_t kBoxTagSize = 16;
// What a sealed box is longer than its plaintext.
inline constexpr size_t kBoxOverhead = kBoxNonceSize + kBoxTagSize;

// The key of NaCl's crypto_box (X25519, XSalsa20-Poly1305) between two key
// pairs; the same from either side. Disco and DERP logins use it.
//
//   offset  size  field of a sealed box
//   0       24    nonce       random
//   24      16    tag         Poly1305
//   40      n     ciphertext  as long as the plaintext
class BoxSharedKey {
 public:
  // Costs one X25519, so keep the result. nullopt if `theirs` is of low order
  // (the absent key is): nothing can be said to such a peer.
  template <class Role>
  static std::optional<BoxSharedKey> Create(const PrivateKey<Role>& mine,
                                            const PublicKey<Role>& theirs) {
    return Create(mine.Expose(), KeyBytes(theirs.bytes()));
  }
  static std::optional<BoxSharedKey> Create(KeyBytes mine, KeyBytes theirs);

  // A box around `plaintext` under a random nonce.
  std::vector<uint8_t> Seal(Rng& rng, Bytes plaintext) const;
  // Under a nonce of the caller's, who must never use it twice.
  std::vector<uint8_t> Seal(std::span<const uint8_t, kBoxNonceSize> nonce,
                            Bytes plaintext) const;

  // The plaintext of `box`, or nullopt if it is shorter than kBoxOverhead or
  // was not sealed with this key.
  std::optional<std::vector<uint8_t>> Open(Bytes box) const;

 private:
  explicit BoxSharedKey(SymmetricKey key) : key_(std::move(key)) {}
  SymmetricKey key_;
};

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_BOX_H_
