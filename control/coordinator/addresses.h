#ifndef WARREN_CONTROL_COORDINATOR_ADDRESSES_H_
#define WARREN_CONTROL_COORDINATOR_ADDRESSES_H_

#include <functional>
#include <optional>

#include "core/base/rng.h"
#include "core/net/ip.h"

// The addresses of nodes (specs/dataplane.md 10.2).
namespace warren::control {

// Whether a node may have `address`: in 100.64.0.0/10, but not the service
// address 100.100.100.100, not in 100.115.92.0/23 (ChromeOS), and neither .0
// nor .255, which some software takes for a network or a broadcast.
bool IsNodeIpv4(const net::IpAddress& address);

// A random address that is not taken; nullopt when there is none.
std::optional<net::IpAddress> PickIpv4(
    Rng& rng, const std::function<bool(const net::IpAddress&)>& taken);

// The IPv6 address that goes with `ipv4`: its last 24 bits after
// fd7a:115c:a1e0:ab12:4843:cd96:6200::/104. Different for different nodes.
net::IpAddress Ipv6For(const net::IpAddress& ipv4);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_ADDRESSES_H_
