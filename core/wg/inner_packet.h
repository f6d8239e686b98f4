#ifndef WARREN_CORE_WG_INNER_PACKET_H_
#define WARREN_CORE_WG_INNER_PACKET_H_

#include <cstddef>
#include <optional>

#include "core/base/bytes.h"
#include "core/net/ip.h"

// The few fields of an inner IP packet that WireGuard looks at (specs 9.7). No
// more is checked: that is the packet filter's.
namespace warren::wg {

// The length that an IPv4 or IPv6 header states, or nullopt if there is no
// whole header, or the length is less than that or more than `packet` has.
inline std::optional<size_t> InnerLength(Bytes packet) {
  if (packet.empty()) return std::nullopt;
  const int version = packet[0] >> 4;
  const size_t header = version == 4 ? 20 : 40;
  if ((version != 4 && version != 6) || packet.size() < header) {
    return std::nullopt;
  }
  const size_t length = version == 4 ? size_t{LoadBe16(packet.data() + 2)}
                                     : header + LoadBe16(packet.data() + 4);
  if (length < header || length > packet.size()) return std::nullopt;
  return length;
}

namespace internal {
inline net::IpAddress InnerAddress(const uint8_t* packet, size_t v4_offset,
                                   size_t v6_offset) {
  if (packet[0] >> 4 == 4) {
    return net::IpAddress::V4(
        std::span<const uint8_t, 4>(packet + v4_offset, 4));
  }
  return net::IpAddress::V6(
      std::span<const uint8_t, 16>(packet + v6_offset, 16));
}
}  // namespace internal

// Of a packet that has an InnerLength().
inline net::IpAddress InnerSource(Bytes packet) {
  return internal::InnerAddress(packet.data(), 12, 8);
}
inline net::IpAddress InnerDestination(Bytes packet) {
  return internal::InnerAddress(packet.data(), 16, 24);
}

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_INNER_PACKET_H_
