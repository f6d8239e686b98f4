#include "core/relay/send_queue.h"

#include <utility>

namespace warren::relay {

FrameBytes SendQueue::Fifo::PopFront() {
  FrameBytes frame = std::move(frames.front());
  frames.pop_front();
  bytes -= frame.size();
  return frame;
}

size_t SendQueue::Push(PacketKind kind, FrameBytes frame) {
  Fifo& fifo = Of(kind);
  size_t dropped = 0;
  while (fifo.full()) {
    fifo.PopFront();
    ++dropped;
  }
  fifo.bytes += frame.size();
  fifo.frames.push_back(std::move(frame));
  return dropped;
}

bool SendQueue::PushPong(const std::array<uint8_t, derp::kPingSize>& payload) {
  if (pong_) return false;
  pong_ = payload;
  return true;
}

std::optional<FrameBytes> SendQueue::Pop() {
  if (!control_.empty()) {
    FrameBytes frame = std::move(control_.front());
    control_.pop_front();
    return frame;
  }
  if (pong_) {
    const auto payload = *std::exchange(pong_, std::nullopt);
    return derp::BuildFrame(derp::FrameType::kPong, payload);
  }
  for (size_t i = 0; i < packets_.size(); ++i) {
    Fifo& fifo = packets_[turn_];
    turn_ = (turn_ + 1) % packets_.size();
    if (!fifo.frames.empty()) return fifo.PopFront();
  }
  return std::nullopt;
}

bool SendQueue::full() const {
  return packets_[0].full() || packets_[1].full();
}

bool SendQueue::empty() const {
  return control_.empty() && !pong_ && packets_[0].frames.empty() &&
         packets_[1].frames.empty();
}

}  // namespace warren::relay
