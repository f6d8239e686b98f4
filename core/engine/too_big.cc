#include "core/engine/too_big.h"

#include <algorithm>
#include <utility>

#include "core/net/checksum.h"

namespace warren::engine {
namespace {

constexpr uint8_t kIcmp = 1;
constexpr uint8_t kIcmpV6 = 58;
constexpr uint8_t kTtl = 64;
constexpr size_t kIpv6MinMtu = 1280;
// Of the error, with as much of the packet as fits (RFC 1812 §4.3.2.3, RFC 4443
// §3.2).
constexpr size_t kMaxV4 = 576;
constexpr size_t kMaxV6 = kIpv6MinMtu;

bool IsIcmpError(const net::IpPacket& packet) {
  const uint8_t type = packet.icmp_type;
  if (packet.protocol == kIcmpV6) return type < 128;
  // Unreachable, source quench, redirect, time exceeded, parameter problem.
  return packet.protocol == kIcmp &&
         (type == 3 || type == 4 || type == 5 || type == 11 || type == 12);
}

std::vector<uint8_t> V4(Bytes bytes, const net::IpPacket& packet,
                        uint16_t limit) {
  const Bytes quoted = bytes.first(std::min(bytes.size(), kMaxV4 - 28));
  ByteWriter w;
  w.U16(0x4500).U16(static_cast<uint16_t>(28 + quoted.size())).U32(0);
  w.U8(kTtl).U8(kIcmp).U16(0);
  w.Append(packet.destination.bytes()).Append(packet.source.bytes());
  w.U8(3).U8(4).U16(0).U16(0).U16(limit).Append(quoted);
  std::vector<uint8_t> error = std::move(w).Take();
  net::SetIpv4Checksum(error.data(), 20);
  const uint64_t sum = net::AddToChecksum(Bytes(error).subspan(20));
  net::StoreChecksum(error.data() + 22,
                     static_cast<uint16_t>(~net::FoldChecksum(sum)));
  return error;
}

std::vector<uint8_t> V6(Bytes bytes, const net::IpPacket& packet,
                        uint32_t limit) {
  const Bytes quoted = bytes.first(std::min(bytes.size(), kMaxV6 - 48));
  const auto size = static_cast<uint16_t>(8 + quoted.size());
  ByteWriter w;
  w.U32(0x60000000).U16(size).U8(kIcmpV6).U8(kTtl);
  w.Append(packet.destination.bytes()).Append(packet.source.bytes());
  w.U8(2).U8(0).U16(0).U32(limit).Append(quoted);
  std::vector<uint8_t> error = std::move(w).Take();
  const uint64_t sum =
      net::AddToChecksum(Bytes(error).subspan(40),
                         net::PseudoHeaderSum(error.data(), kIcmpV6, size));
  net::StoreChecksum(error.data() + 42,
                     static_cast<uint16_t>(~net::FoldChecksum(sum)));
  return error;
}

}  // namespace

std::vector<uint8_t> BuildTooBig(Bytes bytes, const net::IpPacket& packet,
                                 size_t limit) {
  if (packet.later_fragment || IsIcmpError(packet)) return {};
  if (packet.source.is_v6()) {
    const size_t least = std::max(limit, kIpv6MinMtu);
    if (bytes.size() <= least) return {};
    return V6(bytes, packet, static_cast<uint32_t>(least));
  }
  constexpr uint8_t kDontFragment = 0x40;
  if (bytes.size() <= limit || (bytes[6] & kDontFragment) == 0) return {};
  return V4(bytes, packet, static_cast<uint16_t>(limit));
}

}  // namespace warren::engine
