#include "core/engine/outbox.h"

#include <utility>

namespace warren::engine {

bool Outbox::Push(Bytes bytes, const net::Endpoint& to, net::PeerIndex peer) {
  if (waiting_.size() == kMaxDatagrams) return false;
  Datagram& datagram = waiting_.emplace_back();
  datagram.storage.resize(kHeadroom);
  datagram.storage.insert(datagram.storage.end(), bytes.begin(), bytes.end());
  datagram.to = to;
  datagram.peer = peer;
  return true;
}

void Outbox::Poll(net::PacketBatch& to_send) {
  while (!waiting_.empty() && !to_send.full()) {
    polled_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
    Datagram& datagram = polled_.back();
    net::Packet packet;
    packet.data = datagram.storage.data() + kHeadroom;
    packet.size = static_cast<uint32_t>(datagram.storage.size() - kHeadroom);
    packet.headroom = kHeadroom;
    packet.peer = datagram.peer;
    packet.endpoint = datagram.to;
    to_send.Add(packet);
  }
}

}  // namespace warren::engine
