#include "core/wg/outbox.h"

#include <algorithm>
#include <utility>

namespace warren::wg {

OwnedPacket::OwnedPacket(Bytes bytes)
    : buffer_(kHeadroom + bytes.size() + net::kSealTailroom) {
  std::copy(bytes.begin(), bytes.end(), buffer_.begin() + kHeadroom);
  packet_.data = buffer_.data() + kHeadroom;
  packet_.size = static_cast<uint32_t>(bytes.size());
  packet_.headroom = kHeadroom;
  packet_.tailroom = net::kSealTailroom;
}

bool Outbox::full() const { return waiting_.size() >= kMaxWaiting; }

bool Outbox::Add(OwnedPacket packet) {
  if (full()) return false;
  waiting_.push_back(std::move(packet));
  return true;
}

void Outbox::Poll(net::PacketBatch& to_send) {
  while (!waiting_.empty() && !to_send.full()) {
    polled_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    to_send.Add(polled_.back().packet());
  }
}

void Outbox::Drop(net::PeerIndex peer) {
  std::erase_if(waiting_, [peer](const OwnedPacket& waiting) {
    return waiting.packet().peer == peer;
  });
}

}  // namespace warren::wg
