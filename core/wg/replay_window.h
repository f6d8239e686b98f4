#ifndef WARREN_CORE_WG_REPLAY_WINDOW_H_
#define WARREN_CORE_WG_REPLAY_WINDOW_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::wg {

// Counters from here on are never sent nor accepted: 2^64 - 2^13 - 1 (specs
// 9.9, REJECT-AFTER-MESSAGES).
inline constexpr uint64_t kRejectAfterMessages =
    UINT64_MAX - (uint64_t{1} << 13);

// Which message counters of one session were used. It remembers the highest
// and the 8128 below it; what is older counts as used. Wide, because packets
// over several paths and a relay overtake each other (specs 9.8, trap 50; RFC
// 6479). A default window has seen nothing.
class ReplayWindow {
 public:
  static constexpr uint64_t kSize = 8128;  // (kBlocks - 1) * 64

  // Whether a message with this counter may still come. Changes nothing, so
  // that a forged packet, which is found out only later, leaves no trace.
  bool IsFresh(uint64_t counter) const {
    if (counter >= kRejectAfterMessages) return false;
    if (counter >= next_) return true;
    if (next_ - 1 - counter > kSize) return false;
    return (blocks_[Slot(counter)] & Bit(counter)) == 0;
  }

  // Marks an authentic counter as used. It must be fresh.
  void Mark(uint64_t counter) {
    if (counter >= next_) MoveTo(counter);
    blocks_[Slot(counter)] |= Bit(counter);
  }

 private:
  static constexpr size_t kBlocks = 128;
  static size_t Slot(uint64_t counter) { return (counter / 64) % kBlocks; }
  static uint64_t Bit(uint64_t counter) { return uint64_t{1} << counter % 64; }

  // Makes `counter` the highest: clears the blocks it enters anew.
  void MoveTo(uint64_t counter) {
    // Block numbers of the first block to clear and of the last. With nothing
    // seen yet all blocks are clear.
    uint64_t block = next_ == 0 ? 0 : (next_ - 1) / 64 + 1;
    const uint64_t last = counter / 64;
    if (last >= kBlocks && block < last - kBlocks + 1) {
      block = last - kBlocks + 1;
    }
    for (; block <= last; ++block) blocks_[block % kBlocks] = 0;
    next_ = counter + 1;
  }

  uint64_t next_ = 0;  // one above the highest counter used
  std::array<uint64_t, kBlocks> blocks_{};
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_REPLAY_WINDOW_H_
