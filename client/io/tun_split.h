#ifndef WARREN_CLIENT_IO_TUN_SPLIT_H_
#define WARREN_CLIENT_IO_TUN_SPLIT_H_

#include <cstddef>
#include <cstdint>

#include "client/io/packet_arena.h"
#include "client/io/vnet_header.h"
#include "core/base/bytes.h"
#include "core/net/packet_batch.h"

namespace warren::client {

// Cuts a super-packet of the kernel (TSO, USO) into the IP packets that the
// network sees, with checksums complete. Pure: bytes in, bytes out.
//
// Each packet is laid into an arena with room for sealing:
//
//   [16 B header room][IP packet][padding to 16, not beyond the MTU][16 B tag]
//
// back to back, so that full packets sealed in place form one UDP_SEGMENT
// train.
class TunSplitter {
 public:
  // Takes up a packet as read from the TUN, behind its header. The bytes must
  // live until Cut() is done with them. False: it is malformed, or of a kind
  // we did not ask for; nothing is taken up.
  bool Start(const VnetHeader& header, MutableBytes packet);

  // True when there is nothing to cut.
  bool done() const { return offset_ >= size_; }

  // Appends packets to `out` until done(), `out` is full or the arena has no
  // room for one more.
  void Cut(uint16_t mtu, PacketArena& arena, net::PacketBatch& out);

 private:
  bool StartWhole(const VnetHeader& header);
  bool StartSegments(const VnetHeader& header);
  void CopyWhole(uint8_t* to) const;
  void CopySegment(uint8_t* to, size_t payload_size) const;

  uint8_t* packet_ = nullptr;
  size_t size_ = 0;         // of packet_
  size_t offset_ = 0;       // of the next payload byte; size_ when done
  size_t header_size_ = 0;  // IP and L4; 0: one whole packet, no segments
  size_t segment_size_ = 0;
  size_t l4_offset_ = 0;
  size_t checksum_offset_ = 0;  // from l4_offset_; 0: nothing to complete
  bool is_tcp_ = false;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_TUN_SPLIT_H_
