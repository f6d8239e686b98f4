#ifndef WARREN_CORE_ENGINE_OUTBOX_H_
#define WARREN_CORE_ENGINE_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"

namespace warren::engine {

// Datagrams the engine itself wants sent, in order: disco, STUN, TSMP. Bounded:
// a new one is refused when full.
class Outbox {
 public:
  static constexpr size_t kMaxDatagrams = 4096;
  static constexpr uint16_t kHeadroom = 64;  // for the driver's framing

  // Copies `bytes`. False when full.
  bool Push(Bytes bytes, const net::Endpoint& to, net::PeerIndex peer);
  // Adds datagrams to `to_send` until it is full. Their bytes live until
  // Recycle().
  void Poll(net::PacketBatch& to_send);
  // What was polled has been sent.
  void Recycle() { polled_.clear(); }

 private:
  struct Datagram {
    std::vector<uint8_t> storage;  // headroom, then the bytes
    net::Endpoint to;
    net::PeerIndex peer;
  };
  std::deque<Datagram> waiting_;
  std::deque<Datagram> polled_;  // a deque does not move its elements
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_OUTBOX_H_
