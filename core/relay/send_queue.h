#ifndef WARREN_CORE_RELAY_SEND_QUEUE_H_
#define WARREN_CORE_RELAY_SEND_QUEUE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "core/derp/frame.h"

namespace warren::relay {

// Of each kind of packet, per client, as stock relays (specs §2.9).
inline constexpr size_t kMaxQueuedPackets = 32;
// Of each kind too: only packets far beyond any MTU reach it.
inline constexpr size_t kMaxQueuedBytes = 128 * 1024;

// Frames of the relay's own: one PeerGone per remembered sender, and some.
inline constexpr size_t kMaxControl = 600;

// One whole frame, header included.
using FrameBytes = std::vector<uint8_t>;

enum class PacketKind : uint8_t { kDisco, kOther };

// What waits to be written to one client. Packets are bounded, and the oldest
// of a kind makes room for a new one; disco and the rest do not displace each
// other. Control frames are few by the rules of who queues them.
class SendQueue {
 public:
  // Returns how many old packets of its kind it dropped.
  size_t Push(PacketKind kind, FrameBytes frame);
  // Kept in order, ahead of packets. Beyond kMaxControl the new one is dropped:
  // its reader is hardly reading, and will be cut off.
  void PushControl(FrameBytes frame) {
    if (control_.size() < kMaxControl) control_.push_back(std::move(frame));
  }
  // The mailbox of one: false, and nothing happens, when a pong waits already.
  bool PushPong(const std::array<uint8_t, derp::kPingSize>& payload);

  // The next frame: control, the pong, then the two kinds in turn.
  std::optional<FrameBytes> Pop();

  // Whether a packet more of either kind might displace one.
  bool full() const;
  bool empty() const;

 private:
  struct Fifo {
    std::deque<FrameBytes> frames;
    size_t bytes = 0;
    bool full() const {
      return frames.size() >= kMaxQueuedPackets || bytes >= kMaxQueuedBytes;
    }
    FrameBytes PopFront();
  };
  Fifo& Of(PacketKind kind) { return packets_[static_cast<size_t>(kind)]; }

  std::deque<FrameBytes> control_;
  std::optional<std::array<uint8_t, derp::kPingSize>> pong_;
  std::array<Fifo, 2> packets_;  // by PacketKind
  size_t turn_ = 0;              // which of them is asked first
};

}  // namespace warren::relay

#endif  // WARREN_CORE_RELAY_SEND_QUEUE_H_
