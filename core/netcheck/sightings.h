#ifndef WARREN_CORE_NETCHECK_SIGHTINGS_H_
#define WARREN_CORE_NETCHECK_SIGHTINGS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/net/ip.h"
#include "core/net/nat_behavior.h"

// What follows from how servers saw us. Pure.
//
// A server may lie, or a middlebox for it. So each server address has one
// voice, whatever it says from however many ports, and what it says counts only
// as far as others do not outvote it:
//   - what no NAT could have made of us is ignored (CouldBeOurs);
//   - our address is the one with the most voices; at a tie the one known
//     before, else the first told;
//   - the mapping is called endpoint-independent or not by the majority.
// So with three servers or more, one liar changes nothing. With two it can make
// an easy NAT look hard, which costs a search for ports within its budget, and
// at most be the first to tell our address in a new network. With one server
// there is nobody else to ask.
namespace warren::netcheck {

// A server saw our main socket so.
struct Sighting {
  net::Endpoint server;
  net::Endpoint seen;
  size_t order = 0;  // of the request among all that were sent
};

// Whether `server` can have seen us as `seen`: an address that peers could
// reach, and no private one from a server that is public, unless it is `own`.
bool CouldBeOurs(const net::Endpoint& seen, const net::Endpoint& server,
                 std::span<const net::IpAddress> own);

struct MappingVerdict {
  std::optional<net::Endpoint> mapped;  // as most see us
  // Other ones that two servers at least agree on: several uplinks.
  std::vector<net::Endpoint> others;
  // With all servers at one address, kAddressDependent cannot be told from
  // kEndpointIndependent; it is rare, and called so, too.
  net::Dependence mapping = net::Dependence::kUnknown;
  size_t voices = 0;
};

// RFC 5780 §4.3, over sightings of one family that could be ours. `known`: our
// mapped endpoint as believed before.
MappingVerdict JudgeMapping(std::span<const Sighting> sightings,
                            const std::optional<net::Endpoint>& known);

struct PortVerdict {
  net::PortAllocation allocation = net::PortAllocation::kUnknown;
  int16_t step = 0;
};

// How a NAT chose `ports` for mappings made one soon after the other, in this
// order. Others behind the NAT may have made mappings between ours. kUnknown
// with less than three.
PortVerdict JudgePorts(std::span<const uint16_t> ports);

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_SIGHTINGS_H_
