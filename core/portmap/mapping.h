#ifndef WARREN_CORE_PORTMAP_MAPPING_H_
#define WARREN_CORE_PORTMAP_MAPPING_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"

// The words of port mapping: asking the home router for a public UDP port that
// leads to ours.
namespace warren::portmap {

// How the router was asked; best first.
enum class Protocol : uint8_t {
  kPcp,     // RFC 6887
  kNatPmp,  // RFC 6886
  kUpnp,    // UPnP InternetGatewayDevice 1 or 2
};
// "PCP", "NAT-PMP", "UPnP"
const char* NameOf(Protocol protocol);

// The router of the IPv4 default route, and our address on its link.
struct Gateway {
  net::IpAddress router;
  net::IpAddress self;

  // Both are private IPv4: nobody else is ever asked for a port.
  bool Mappable() const {
    return router.is_v4() && self.is_v4() && router.IsPrivate() &&
           self.IsPrivate();
  }
  friend bool operator==(const Gateway&, const Gateway&) = default;
};

// What the router says it does for us. Nothing proves that it does: it is a
// candidate like any other, for peers to probe.
struct Mapping {
  Protocol protocol = Protocol::kPcp;
  net::Endpoint external;
  Instant valid_until;

  // The router's address is one of the Internet's. False: it is itself behind
  // a NAT, so that only peers behind that one may get in.
  bool Public() const;
  friend bool operator==(const Mapping&, const Mapping&) = default;
};

// What the router offers. Not set: not known yet.
struct Services {
  std::optional<bool> pcp;
  std::optional<bool> nat_pmp;
  std::optional<bool> upnp;
  friend bool operator==(const Services&, const Services&) = default;
};

// ---- What the mapper wants done. ----

// To be sent through the socket that is for port mapping alone.
struct Datagram {
  net::Endpoint to;
  std::vector<uint8_t> bytes;
};

// To be sent by TCP: see engine::ExchangeWanted.
struct Exchange {
  uint64_t id = 0;
  net::Endpoint to;
  std::string request;
  size_t max_bytes = 0;
  absl::Duration timeout;
};

// What we ask for. The router may grant less; more is not believed.
inline constexpr absl::Duration kRequestedLifetime = absl::Hours(2);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_MAPPING_H_
