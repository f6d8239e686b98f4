#ifndef WARREN_CORE_DERP_DERP_TEST_KEYS_H_
#define WARREN_CORE_DERP_DERP_TEST_KEYS_H_

#include <array>
#include <cstdint>

#include "core/base/rng.h"
#include "core/crypto/keys.h"

// The keys and nonces of specs/dataplane.md §0.4, for tests.
namespace warren::derp {

// 32 rising bytes from `first`, clamped.
inline crypto::NodePrivateKey TestKey(uint8_t first) {
  std::array<uint8_t, 32> raw{};
  for (size_t i = 0; i < raw.size(); ++i) {
    raw[i] = static_cast<uint8_t>(first + i);
  }
  raw[0] &= 0xf8;
  raw[31] = static_cast<uint8_t>((raw[31] & 0x7f) | 0x40);
  return crypto::NodePrivateKey::FromBytes(raw);
}
inline crypto::NodePrivateKey NodeA() { return TestKey(0x00); }
inline crypto::NodePrivateKey NodeB() { return TestKey(0x20); }
inline crypto::NodePrivateKey RelayServer() { return TestKey(0x80); }

// Gives rising bytes from `first`: nonce N1 from 0x01, N2 from 0x31.
class RisingRng final : public Rng {
 public:
  explicit RisingRng(uint8_t first) : next_(first) {}
  void Fill(MutableBytes out) override {
    for (uint8_t& byte : out) byte = next_++;
  }

 private:
  uint8_t next_;
};

}  // namespace warren::derp

#endif  // WARREN_CORE_DERP_DERP_TEST_KEYS_H_
