#ifndef WARREN_CORE_FILTER_RULE_H_
#define WARREN_CORE_FILTER_RULE_H_

#include <array>
#include <cstdint>
#include <vector>

#include "core/net/ip.h"

namespace warren::filter {

// IANA protocol numbers that the filter treats in a way of their own.
inline constexpr uint8_t kIcmp = 1;
inline constexpr uint8_t kTcp = 6;
inline constexpr uint8_t kUdp = 17;
inline constexpr uint8_t kIcmpV6 = 58;
inline constexpr uint8_t kTsmp = 99;  // specs 10.1
inline constexpr uint8_t kSctp = 132;

// What "*" stands for in a source or destination: every address of either
// family. A rule names both prefixes; there is no special value to forget.
inline std::array<net::IpPrefix, 2> AnyAddress() {
  constexpr std::array<uint8_t, 16> kZeros{};
  return {net::IpPrefix(net::IpAddress::V4(0), 0),
          net::IpPrefix(net::IpAddress::V6(kZeros), 0)};
}

// Where a rule lets packets go: an address block and a range of ports, both
// ends included. Ports mean nothing to protocols without them.
struct Destination {
  net::IpPrefix prefix;
  uint16_t first_port = 0;
  uint16_t last_port = 65535;

  friend bool operator==(const Destination&, const Destination&) = default;
};

// One permission: packets of any of `protocols` from any of `sources` to any
// of `destinations` may come in. There is no deny rule; what no rule allows is
// dropped. A default Rule allows nothing. Source: specs 10.6.
struct Rule {
  std::vector<uint8_t> protocols;  // empty: TCP, UDP, ICMPv4, ICMPv6
  std::vector<net::IpPrefix> sources;
  std::vector<Destination> destinations;

  friend bool operator==(const Rule&, const Rule&) = default;
};

}  // namespace warren::filter

#endif  // WARREN_CORE_FILTER_RULE_H_
