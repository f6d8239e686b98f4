#ifndef WARREN_CORE_NET_CHECKSUM_H_
#define WARREN_CORE_NET_CHECKSUM_H_

#include <cstdint>
#include <cstring>

#include "core/base/bytes.h"

namespace warren::net {

// Internet checksums (RFC 1071). A partial sum is a number to add further
// pieces to; each piece but the last must have even length. Sums are kept in
// the machine's byte order, which the algorithm allows (RFC 1071 §2.B), so a
// folded sum is stored and compared as it is: StoreChecksum().

// Adds `data` to `sum`.
uint64_t AddToChecksum(Bytes data, uint64_t sum = 0);

// Copies `from` to `to`, which do not overlap, and adds it to `sum`: one pass
// over memory instead of two.
uint64_t CopyAndAddToChecksum(uint8_t* to, Bytes from, uint64_t sum = 0);

// Adds a 16-bit number of the packet, given in host order.
inline uint64_t AddToChecksum16(uint16_t value, uint64_t sum) {
  uint8_t bytes[2];
  StoreBe16(bytes, value);
  uint16_t word;
  std::memcpy(&word, bytes, 2);
  return sum + word;
}

// The pseudo-header of TCP, UDP (RFC 9293 §3.1, RFC 8200 §8.1) and ICMPv6 for
// the IP header at `ip`, a whole header of 20 or 40 bytes.
uint64_t PseudoHeaderSum(const uint8_t* ip, uint8_t protocol, uint32_t l4_size);

// The 16-bit sum, not complemented. 0xffff over data that contains its correct
// checksum.
inline uint16_t FoldChecksum(uint64_t sum) {
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffffffff) + (sum >> 32);
  sum = (sum & 0xffff) + (sum >> 16);
  sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(sum);
}

// Writes a folded sum (or its complement) into a packet.
inline void StoreChecksum(uint8_t* to, uint16_t folded) {
  std::memcpy(to, &folded, 2);
}

// Sets the header checksum of the IPv4 header of `header_size` bytes at `ip`.
void SetIpv4Checksum(uint8_t* ip, size_t header_size);

}  // namespace warren::net

#endif  // WARREN_CORE_NET_CHECKSUM_H_
