#ifndef WARREN_CLIENT_IO_VNET_HEADER_H_
#define WARREN_CLIENT_IO_VNET_HEADER_H_

#include <cstdint>

namespace warren::client {

// Precedes each packet of a TUN opened with IFF_VNET_HDR; native byte order.
// Virtio 1.2 §5.1.6 (without num_buffers). <linux/virtio_net.h> has it too,
// with a member called `class`.
struct VnetHeader {
  static constexpr uint8_t kNeedsChecksum = 1;  // flags: csum_* are valid
  static constexpr uint8_t kDataValid = 2;      // flags: checksum was checked

  static constexpr uint8_t kGsoNone = 0;
  static constexpr uint8_t kGsoTcp4 = 1;
  static constexpr uint8_t kGsoTcp6 = 4;
  static constexpr uint8_t kGsoUdp = 5;     // USO: one UDP header a segment
  static constexpr uint8_t kGsoEcn = 0x80;  // or-ed in: CWR is set

  uint8_t flags = 0;
  uint8_t gso_type = kGsoNone;
  uint16_t header_size = 0;      // IP and TCP or UDP header, bytes
  uint16_t segment_size = 0;     // payload of each segment, bytes
  uint16_t checksum_start = 0;   // where summing starts, from the IP header
  uint16_t checksum_offset = 0;  // where the sum goes, from checksum_start
};
static_assert(sizeof(VnetHeader) == 10);

// Which super-packets a TUN may exchange with the kernel.
struct TunOffloads {
  bool vnet_header = false;  // IFF_VNET_HDR; needed by the others
  bool tcp = false;          // TSO for IPv4 and IPv6, and checksums
  bool udp = false;          // USO, since Linux 6.2
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_VNET_HEADER_H_
