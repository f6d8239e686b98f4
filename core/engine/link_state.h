#ifndef WARREN_CORE_ENGINE_LINK_STATE_H_
#define WARREN_CORE_ENGINE_LINK_STATE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/net/ip.h"

namespace warren::engine {

// The network under the tunnel, as the link monitor sees it.
struct LinkState {
  // Of all interfaces that are up, except the tunnel's own. Which of them are
  // worth telling peers is decided here (specs 6.5).
  std::vector<net::IpAddress> addresses;
  uint16_t udp4_port = 0;  // our sockets' local ports; 0: no such socket
  uint16_t udp6_port = 0;
  // The router of the IPv4 default route, and our address on its link; not
  // set: there is no such route, or it names no router.
  struct Gateway {
    net::IpAddress router;
    net::IpAddress self;
    friend bool operator==(const Gateway&, const Gateway&) = default;
  };
  std::optional<Gateway> gateway = std::nullopt;
  // The interfaces of the default routes; 0: there is none. Another one is
  // another network, even with the same addresses.
  uint32_t default_v4_interface = 0;
  uint32_t default_v6_interface = 0;
  // How this network embeds IPv4 addresses (RFC 6052, a /96 found by RFC 7050);
  // not set: no NAT64.
  std::optional<net::IpAddress> nat64_prefix = std::nullopt;

  friend bool operator==(const LinkState&, const LinkState&) = default;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_LINK_STATE_H_
