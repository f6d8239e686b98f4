#include "core/crypto/system_rng.h"

#include "core/base/check.h"
#include "openssl/rand.h"

namespace warren::crypto {

void SystemRng::Fill(MutableBytes out) {
  WARREN_CHECK(RAND_bytes(out.data(), out.size()) == 1);
}

}  // namespace warren::crypto
