#ifndef WARREN_CORE_WG_OUTBOX_H_
#define WARREN_CORE_WG_OUTBOX_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"

namespace warren::wg {

// A packet with memory of its own, for the few that do not live in a driver's
// batch: handshakes, keepalives, packets that wait for a session.
class OwnedPacket {
 public:
  // Room before the bytes for any header, and for a sealed packet behind them.
  static constexpr size_t kHeadroom = 64 + net::kSealHeadroom;

  explicit OwnedPacket(Bytes bytes);
  OwnedPacket(OwnedPacket&&) = default;  // The bytes stay where they are.
  OwnedPacket& operator=(OwnedPacket&&) = default;

  net::Packet& packet() { return packet_; }
  const net::Packet& packet() const { return packet_; }

 private:
  std::vector<uint8_t> buffer_;
  net::Packet packet_;
};

// What a device itself wants sent, until the driver takes it.
class Outbox {
 public:
  static constexpr size_t kMaxWaiting = 4096;

  // False, and nothing is added, when kMaxWaiting wait.
  bool Add(OwnedPacket packet);
  // Adds waiting packets to `to_send` until that is full. Their bytes stay
  // until Release().
  void Poll(net::PacketBatch& to_send);
  void Release() { polled_.clear(); }
  // Drops what waits for `peer`.
  void Drop(net::PeerIndex peer);
  bool full() const;

 private:
  std::deque<OwnedPacket> waiting_;
  std::vector<OwnedPacket> polled_;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_OUTBOX_H_
