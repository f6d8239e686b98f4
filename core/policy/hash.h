#ifndef WARREN_CORE_POLICY_HASH_H_
#define WARREN_CORE_POLICY_HASH_H_

#include <cstdint>

#include "absl/strings/string_view.h"

// Hashes that tell whether two compilations say the same. Not for input of an
// enemy's choice.
namespace warren::policy {

// Mixes `value` into `hash`; order counts.
inline uint64_t Mix(uint64_t hash, uint64_t value) {
  hash ^= value + 0x9e3779b97f4a7c15 + (hash << 6) + (hash >> 2);
  hash *= 0xff51afd7ed558ccd;
  return hash ^ (hash >> 33);
}

inline uint64_t HashOf(absl::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : text) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  }
  return hash;
}

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_HASH_H_
