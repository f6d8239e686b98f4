#include "core/base/rng.h"

#include "core/base/check.h"

namespace warren {

uint32_t Rng::U32() {
  uint8_t b[4];
  Fill(b);
  return LoadLe32(b);
}

uint64_t Rng::U64() {
  uint8_t b[8];
  Fill(b);
  return LoadLe64(b);
}

uint64_t Rng::Below(uint64_t bound) {
  WARREN_CHECK(bound != 0);
  const uint64_t reject_under = (0 - bound) % bound;  // 2^64 mod bound
  uint64_t value = U64();
  while (value < reject_under) value = U64();
  return value % bound;
}

absl::Duration Rng::Jitter(absl::Duration limit) {
  const int64_t nanos = absl::ToInt64Nanoseconds(limit);
  if (nanos <= 0) return absl::ZeroDuration();
  return absl::Nanoseconds(
      static_cast<int64_t>(Below(static_cast<uint64_t>(nanos))));
}

void SeededRng::Fill(MutableBytes out) {
  size_t i = 0;
  while (i < out.size()) {
    state_ += 0x9e3779b97f4a7c15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    for (int byte = 0; byte < 8 && i < out.size(); ++byte, ++i) {
      out[i] = static_cast<uint8_t>(z >> (8 * byte));
    }
  }
}

}  // namespace warren
