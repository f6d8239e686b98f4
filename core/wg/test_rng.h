#ifndef WARREN_CORE_WG_TEST_RNG_H_
#define WARREN_CORE_WG_TEST_RNG_H_

#include <algorithm>
#include <deque>
#include <vector>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/base/rng.h"

namespace warren::wg {

// Gives the bytes it was given, in order, so that a vector can be met exactly.
class ScriptedRng final : public Rng {
 public:
  ScriptedRng& Then(Bytes bytes) {
    script_.insert(script_.end(), bytes.begin(), bytes.end());
    return *this;
  }
  // `size` bytes that count up from `first`: a key of specs 0.4.
  ScriptedRng& ThenRun(uint8_t first, size_t size = 32) {
    for (size_t i = 0; i < size; ++i) {
      script_.push_back(static_cast<uint8_t>(first + i));
    }
    return *this;
  }
  ScriptedRng& ThenIndex(uint32_t index) {
    uint8_t bytes[4];
    StoreLe32(bytes, index);
    return Then(bytes);
  }
  void Fill(MutableBytes out) override {
    WARREN_CHECK(out.size() <= script_.size());
    for (uint8_t& byte : out) {
      byte = script_.front();
      script_.pop_front();
    }
  }

 private:
  std::deque<uint8_t> script_;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_TEST_RNG_H_
