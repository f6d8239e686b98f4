#include "core/crypto/secret.h"

#include "openssl/mem.h"

namespace warren::crypto {

void Wipe(MutableBytes bytes) { OPENSSL_cleanse(bytes.data(), bytes.size()); }

bool ConstantTimeEqual(Bytes a, Bytes b) {
  return a.size() == b.size() &&
         CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace warren::crypto
