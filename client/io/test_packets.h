#ifndef WARREN_CLIENT_IO_TEST_PACKETS_H_
#define WARREN_CLIENT_IO_TEST_PACKETS_H_

#include <algorithm>
#include <cstdint>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/checksum.h"

namespace warren::client {

using PacketBytes = std::vector<uint8_t>;

// An IP packet to be, for tests: the fields that coalescing looks at.
struct TestPacket {
  bool v4 = true;
  bool tcp = true;
  uint8_t source = 1;  // last byte of the source address
  uint16_t source_port = 1000;
  uint8_t tos = 0;
  uint8_t ttl = 64;
  uint16_t id = 0;
  bool dont_fragment = true;
  uint32_t sequence = 0;
  uint32_t acknowledgement = 77;
  uint16_t window = 500;
  uint8_t flags = 0x10;  // TCP; ACK
  size_t options = 12;   // bytes of TCP options; a multiple of 4
  PacketBytes payload = {};
};

inline PacketBytes Build(const TestPacket& p) {
  const size_t ip_size = p.v4 ? 20 : 40;
  const size_t l4_header = p.tcp ? 20 + p.options : 8;
  const size_t size = ip_size + l4_header + p.payload.size();
  PacketBytes out(size, 0);
  uint8_t* ip = out.data();
  uint8_t* l4 = ip + ip_size;
  if (p.v4) {
    ip[0] = 0x45;
    ip[1] = p.tos;
    StoreBe16(ip + 2, static_cast<uint16_t>(size));
    StoreBe16(ip + 4, p.id);
    StoreBe16(ip + 6, p.dont_fragment ? 0x4000 : 0);
    ip[8] = p.ttl;
    ip[9] = p.tcp ? 6 : 17;
    StoreBe32(ip + 12, 0x0a000000u | p.source);
    StoreBe32(ip + 16, 0x0a000102u);
    net::SetIpv4Checksum(ip, 20);
  } else {
    ip[0] = static_cast<uint8_t>(0x60 | p.tos >> 4);
    ip[1] = static_cast<uint8_t>(p.tos << 4);
    StoreBe16(ip + 4, static_cast<uint16_t>(size - 40));
    ip[6] = p.tcp ? 6 : 17;
    ip[7] = p.ttl;
    ip[8] = ip[24] = 0xfd;
    ip[23] = p.source;
    ip[39] = 2;
  }
  StoreBe16(l4, p.source_port);
  StoreBe16(l4 + 2, 443);
  if (p.tcp) {
    StoreBe32(l4 + 4, p.sequence);
    StoreBe32(l4 + 8, p.acknowledgement);
    l4[12] = static_cast<uint8_t>((5 + p.options / 4) << 4);
    l4[13] = p.flags;
    StoreBe16(l4 + 14, p.window);
    for (size_t i = 0; i < p.options; ++i) l4[20 + i] = 1;  // NOP
  } else {
    StoreBe16(l4 + 4, static_cast<uint16_t>(8 + p.payload.size()));
  }
  std::copy(p.payload.begin(), p.payload.end(), l4 + l4_header);
  const size_t l4_size = size - ip_size;
  const uint64_t sum = net::AddToChecksum(
      {l4, l4_size},
      net::PseudoHeaderSum(ip, p.tcp ? 6 : 17, static_cast<uint32_t>(l4_size)));
  uint16_t checksum = static_cast<uint16_t>(~net::FoldChecksum(sum));
  if (!p.tcp && checksum == 0) checksum = 0xffff;
  net::StoreChecksum(l4 + (p.tcp ? 16 : 6), checksum);
  return out;
}

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_TEST_PACKETS_H_
