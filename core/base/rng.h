#ifndef WARREN_CORE_BASE_RNG_H_
#define WARREN_CORE_BASE_RNG_H_

#include <cstdint>

#include "absl/time/time.h"
#include "core/base/bytes.h"

namespace warren {

// A source of random bytes, handed to the core as an argument. Programs use
// crypto::SystemRng; the simulator and tests use SeededRng.
class Rng {
 public:
  virtual ~Rng() = default;
  // Overwrites all of `out`.
  virtual void Fill(MutableBytes out) = 0;

  uint32_t U32();
  uint64_t U64();
  // Uniform in [0, bound). `bound` must not be 0.
  uint64_t Below(uint64_t bound);
  // Uniform in [0, limit).
  absl::Duration Jitter(absl::Duration limit);
};

// Reproducible and NOT secret: the same seed gives the same bytes on every
// machine (SplitMix64).
class SeededRng final : public Rng {
 public:
  explicit SeededRng(uint64_t seed) : state_(seed) {}
  void Fill(MutableBytes out) override;

 private:
  uint64_t state_;
};

}  // namespace warren

#endif  // WARREN_CORE_BASE_RNG_H_
