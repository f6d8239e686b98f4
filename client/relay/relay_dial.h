#ifndef WARREN_CLIENT_RELAY_RELAY_DIAL_H_
#define WARREN_CLIENT_RELAY_RELAY_DIAL_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/relay/client_stream.h"
#include "client/relay/resolver.h"
#include "core/derp/relay_map.h"
#include "core/net/ip.h"

// How a relay server is reached by TCP (specs/dataplane.md §2.6).
namespace warren::client {

// Finds the addresses of `relay`: those of the map, else by DNS. `found` is
// called inside this call, or later as Resolver's answers are.
void FindRelayAddresses(Resolver& resolver, const derp::RelayNode& relay,
                        Resolver::Answer found);

// `addresses` as they are reached on an IPv6-only network that embeds IPv4
// addresses behind `prefix`, a /96 (RFC 6052 §2.2): the IPv6 ones first, then
// the others translated.
std::vector<net::IpAddress> ThroughNat64(
    const std::vector<net::IpAddress>& addresses, const net::IpAddress& prefix);

// Where to connect, and how to verify who answers. INVALID_ARGUMENT: the
// relay's certificate pin is malformed. FAILED_PRECONDITION: this machine has
// no root certificates to verify the relay by.
absl::StatusOr<StreamTarget> RelayTarget(
    const derp::RelayNode& relay, const std::vector<net::IpAddress>& addresses);

// The value of an HTTP request's Host header.
std::string RelayHostHeader(const derp::RelayNode& relay);

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RELAY_DIAL_H_
