#ifndef WARREN_CORE_NETCHECK_OWN_ENDPOINTS_H_
#define WARREN_CORE_NETCHECK_OWN_ENDPOINTS_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/net/ip.h"

namespace warren::netcheck {

// What is known of where we are.
struct Whereabouts {
  std::vector<net::IpAddress> interface_addresses;  // of interfaces that are up
  uint16_t udp4_port = 0;                           // 0: no such socket
  uint16_t udp6_port = 0;
  std::optional<net::Endpoint> port_mapped;  // by the router, on request
  std::optional<net::Endpoint> mapped_v4;    // by STUN
  std::optional<net::Endpoint> mapped_v6;
  std::vector<net::Endpoint> others_v4;  // by STUN, too: further uplinks
  bool mapping_varies = false;
};

// At most this many are told: a machine with a hundred bridges has one address
// that matters, and it is among the first.
inline constexpr size_t kMaxOwnEndpoints = 24;

// Where peers may try to reach us, best first, each once. By the rules of
// specs 6.5: what the router maps; what STUN saw; for a NAT that maps by
// destination also its address with our own port (a forwarded port); then
// interface addresses, but never one of the tailnet or link-local IPv6;
// link-local IPv4 and private IPv6 only when there is nothing ordinary;
// loopback only when there is nothing else; at most two IPv6 addresses of a
// /64.
std::vector<net::Endpoint> OwnEndpoints(const Whereabouts& where);

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_OWN_ENDPOINTS_H_
