#ifndef WARREN_CORE_NET_NAT64_H_
#define WARREN_CORE_NET_NAT64_H_

#include <optional>

#include "core/net/ip.h"

// How a network without IPv4 names IPv4 hosts: by an IPv6 address with theirs
// in its last 32 bits (RFC 6052 §2.2, for a prefix of 96 bits). A NAT64 behind
// that address carries the datagrams on.
namespace warren::net {

// The name of `v4` there. Both arguments must be of the family their names say.
IpAddress BehindNat64(const IpAddress& prefix, const IpAddress& v4);

// Whom `address` names; nullopt: nobody, it is not behind `prefix`.
std::optional<IpAddress> FromNat64(const IpAddress& prefix,
                                   const IpAddress& address);

}  // namespace warren::net

#endif  // WARREN_CORE_NET_NAT64_H_
