#ifndef WARREN_CLIENT_DAEMON_INTERFACE_CONFIG_H_
#define WARREN_CLIENT_DAEMON_INTERFACE_CONFIG_H_

#include <cstdint>
#include <set>
#include <vector>

#include "absl/status/status.h"
#include "client/io/netlink.h"
#include "core/net/ip.h"
#include "core/netmap/netmap.h"

namespace warren::client {

// The addresses and routes of the tunnel's interface, kept as a netmap says.
// They go away with the interface, so a crash leaves none behind. Not
// thread-safe.
class InterfaceConfig {
 public:
  // `netlink` must outlive this object. `ifindex` is the tunnel's.
  InterfaceConfig(Netlink& netlink, uint32_t ifindex)
      : netlink_(netlink), ifindex_(ifindex) {}

  // Brings the interface up with the addresses of `netmap.self` and a route to
  // each peer's allowed-ips. Only what differs is touched. Goes on after an
  // error and returns the first; what the kernel refused is tried again by the
  // next call.
  absl::Status Apply(const netmap::Netmap& netmap);
  // Takes all of it away again; the interface stays, up and without routes.
  absl::Status Clear();

 private:
  absl::Status Change(const std::set<net::IpAddress>& addresses,
                      const std::set<net::IpPrefix>& routes);

  Netlink& netlink_;
  const uint32_t ifindex_;
  bool up_ = false;
  std::set<net::IpAddress> addresses_;
  std::set<net::IpPrefix> routes_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_INTERFACE_CONFIG_H_
