#ifndef WARREN_CORE_NET_NAT_BEHAVIOR_H_
#define WARREN_CORE_NET_NAT_BEHAVIOR_H_

#include <cstdint>
#include <optional>

namespace warren::net {

// What of the remote end a NAT looks at, when it chooses the public port for a
// local socket (mapping, RFC 4787 §4.1) and when it lets a datagram in to that
// port (filtering, §5). RFC 5780 §4 says how to find out.
enum class Dependence : uint8_t {
  kUnknown = 0,
  kEndpointIndependent = 1,      // nothing: "full cone"; as a mapping, "easy"
  kAddressDependent = 2,         // its address
  kAddressAndPortDependent = 3,  // both: "symmetric", "port-restricted"
};

// How a NAT picks the port of a new mapping.
enum class PortAllocation : uint8_t {
  kUnknown = 0,
  kPreserving = 1,  // the local one, as long as it is free
  kSequential = 2,  // the previous one plus `port_step`
  kRandom = 3,
};

// How the IPv4 NATs before this node treat UDP, as seen from outside: several
// in a row count as one.
struct NatBehavior {
  // Whether there is any. False: the mapping is kEndpointIndependent.
  std::optional<bool> translates;
  Dependence mapping = Dependence::kUnknown;
  // Also of a firewall without a NAT. kAddressDependent: or looser.
  Dependence filtering = Dependence::kUnknown;
  PortAllocation ports = PortAllocation::kUnknown;
  int16_t port_step = 0;         // kSequential only, never 0 then
  std::optional<bool> hairpins;  // it reaches itself at its public address

  // Peers cannot tell the port that we will have towards them.
  bool hard() const {
    return mapping == Dependence::kAddressDependent ||
           mapping == Dependence::kAddressAndPortDependent;
  }
  bool easy() const { return mapping == Dependence::kEndpointIndependent; }

  friend bool operator==(const NatBehavior&, const NatBehavior&) = default;
};

}  // namespace warren::net

#endif  // WARREN_CORE_NET_NAT_BEHAVIOR_H_
