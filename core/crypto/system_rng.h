#ifndef WARREN_CORE_CRYPTO_SYSTEM_RNG_H_
#define WARREN_CORE_CRYPTO_SYSTEM_RNG_H_

#include "core/base/bytes.h"
#include "core/base/rng.h"

namespace warren::crypto {

// Secret randomness from the operating system, through BoringSSL. Without
// state of its own; usable on several threads at once. Only programs make one
// and hand it down.
class SystemRng final : public Rng {
 public:
  void Fill(MutableBytes out) override;
};

}  // namespace warren::crypto

#endif  // WARREN_CORE_CRYPTO_SYSTEM_RNG_H_
