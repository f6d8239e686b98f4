#include "core/crypto/x25519.h"

#include "core/base/check.h"
#include "sodium.h"

namespace warren::crypto {
namespace {

// Lets libsodium pick its fastest code for this CPU. Without it the results
// are the same, only later.
void StartSodium() {
  static const int result = sodium_init();
  WARREN_CHECK(result >= 0);
}

}  // namespace

std::optional<SharedSecret> X25519(KeyBytes private_key, KeyBytes public_key) {
  static_assert(crypto_scalarmult_BYTES == kKeySize);
  StartSodium();
  SharedSecret out;
  // Fails for a point of low order and for a result of zeros.
  if (crypto_scalarmult(out.ExposeMutable().data(), private_key.data(),
                        public_key.data()) != 0) {
    return std::nullopt;
  }
  return out;
}

}  // namespace warren::crypto
