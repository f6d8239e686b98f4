#ifndef WARREN_CORE_POLICY_REACH_H_
#define WARREN_CORE_POLICY_REACH_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/net/ip.h"
#include "core/policy/compiled.h"
#include "core/policy/topology.h"

// What a packet filter does with packets (specs/control-ts2021.md 3.11).
namespace warren::policy {

inline constexpr uint8_t kIcmpProtocol = 1;
inline constexpr uint8_t kTcpProtocol = 6;
inline constexpr uint8_t kUdpProtocol = 17;
inline constexpr uint8_t kIcmpV6Protocol = 58;

// The first packet of a connection.
struct Packet {
  net::IpAddress source;
  net::IpAddress destination;
  uint8_t protocol = kTcpProtocol;
  // Unset: whatever port, of a question "is any open?".
  std::optional<uint16_t> port;
};

bool Covers(const AddressText& text, const net::IpAddress& address);

// Whether the rule is about this protocol at all.
bool IsFor(const FilterRule& rule, uint8_t protocol);

// Whether a node with this filter accepts the packet.
bool Accepts(const std::vector<FilterRule>& filter, const Packet& packet);

// The addresses of a node, IPv4 first.
std::vector<net::IpAddress> AddressesOf(const Node& node);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_REACH_H_
