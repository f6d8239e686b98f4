#ifndef WARREN_CORE_CRYPTO_X25519_H_
#define WARREN_CORE_CRYPTO_X25519_H_

#include <optional>

#include "core/crypto/keys.h"
#include "core/crypto/secret.h"

namespace warren::crypto {

// The Diffie-Hellman secret of RFC 7748 §6.1, or nullopt if it is all zeros:
// `public_key` is then of low order, its owner an attacker, and the handshake
// must be dropped.
std::optional<SharedSecret> X25519(KeyBytes private_key, KeyBytes public_key);

template <class Role>
std::optional<SharedSecret> X25519(const PrivateKey<Role>& private_key,
                                   const PublicKey<Role>& public_key) {
  return X25519(private_key.Expose(), KeyBytes(public_key.bytes()));
}

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_X25519_H_
