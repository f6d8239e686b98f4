#ifndef WARREN_CORE_NET_PACKET_BATCH_H_
#define WARREN_CORE_NET_PACKET_BATCH_H_

#include <array>
#include <cstddef>
#include <cstdint>

#include "core/base/bytes.h"
#include "core/base/check.h"
#include "core/net/ip.h"

namespace warren::net {

// Index of a peer in its wg::Device; kNoPeer where none is known. An index is
// never reused while the device lives, so a stale one names nobody.
using PeerIndex = uint32_t;
inline constexpr PeerIndex kNoPeer = UINT32_MAX;

// One packet of a batch. The bytes are somebody else's: the driver's arena (a
// TUN read, a GRO receive) or the batch owner's scratch. `headroom` bytes
// before `data` and `tailroom` bytes behind data+size are writable and belong
// to this packet alone, so that a header and a tag can be put around it in
// place.
struct Packet {
  uint8_t* data = nullptr;
  uint32_t size = 0;      // bytes
  uint16_t headroom = 0;  // bytes
  uint16_t tailroom = 0;  // bytes
  PeerIndex peer = kNoPeer;
  Endpoint endpoint;  // datagrams only: where it came from or goes to

  MutableBytes bytes() const { return {data, size}; }
  // Makes the first `n` bytes of the headroom's end part of the packet.
  void Prepend(uint16_t n) {
    WARREN_CHECK(headroom >= n);
    data -= n;
    size += n;
    headroom = static_cast<uint16_t>(headroom - n);
  }
  void Append(uint16_t n) {
    WARREN_CHECK(tailroom >= n);
    size += n;
    tailroom = static_cast<uint16_t>(tailroom - n);
  }
};

// What WireGuard transport needs around a plaintext: 16 header bytes before;
// behind, up to 15 bytes of padding and the 16-byte tag (specs 9.2).
inline constexpr uint16_t kSealHeadroom = 16;
inline constexpr uint16_t kSealTailroom = 31;

// A bounded list of packets, edited in place as it moves through the lanes.
// Holds no packet bytes and never allocates. Packets of one flow stay in
// order. When consecutive packets lie back to back in memory, have one size
// (the last may be shorter) and one endpoint, the UDP writer sends them as one
// UDP_SEGMENT train without copying; nothing else depends on that layout.
class PacketBatch {
 public:
  // One 64 KiB TUN super-packet or UDP_GRO receive splits into at most 64
  // packets at any usable MTU above 1040; small ones into more batches.
  static constexpr size_t kMaxPackets = 128;

  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  bool full() const { return size_ == kMaxPackets; }
  void clear() { size_ = 0; }
  // The batch must not be full.
  Packet& Add(const Packet& packet) {
    WARREN_CHECK(!full());
    packets_[size_] = packet;
    return packets_[size_++];
  }
  // Drops all packets but the first `n`.
  void Truncate(size_t n) {
    WARREN_CHECK(n <= size_);
    size_ = n;
  }
  Packet& operator[](size_t i) { return packets_[i]; }
  const Packet& operator[](size_t i) const { return packets_[i]; }
  Packet* begin() { return packets_.data(); }
  Packet* end() { return packets_.data() + size_; }
  const Packet* begin() const { return packets_.data(); }
  const Packet* end() const { return packets_.data() + size_; }

 private:
  std::array<Packet, kMaxPackets> packets_;
  size_t size_ = 0;
};

}  // namespace warren::net

#endif  // WARREN_CORE_NET_PACKET_BATCH_H_
