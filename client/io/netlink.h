#ifndef WARREN_CLIENT_IO_NETLINK_H_
#define WARREN_CLIENT_IO_NETLINK_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/net/ip.h"

namespace warren::client {

// An interface of this host.
struct Link {
  uint32_t ifindex = 0;
  std::string name;
  uint32_t mtu = 0;  // bytes
  bool up = false;   // administratively
  // Its other end is there as well: a cable, an access point, a reader.
  bool running = false;
  bool loopback = false;
};

// An address of an interface, with the length of its network's prefix.
struct LinkAddress {
  uint32_t ifindex = 0;
  net::IpAddress address;
  int prefix_bits = 0;
  // Reading only. Not (yet) known to be nobody else's; not to be used for
  // anything new, because its network is about to take it back.
  bool tentative = false;
  bool deprecated = false;
  friend bool operator==(const LinkAddress&, const LinkAddress&) = default;
};

// What may be changed of an interface. Fields left 0 or false stay.
struct LinkChange {
  bool up = false;
  uint32_t mtu = 0;              // bytes
  uint32_t tx_queue_length = 0;  // packets
  // Most segments of a super-packet given to the interface, and kernels
  // before 4.16 ignore it.
  uint32_t gso_max_segments = 0;
};

struct Route {
  uint32_t ifindex = 0;
  net::IpPrefix destination;
  uint32_t metric = 0;
  uint32_t table = 0;  // 0: the main table
  // The router on the way; not set: the destination is on the link itself.
  std::optional<net::IpAddress> gateway = std::nullopt;
  // Which of our addresses to send from; not set: the kernel chooses.
  std::optional<net::IpAddress> source = std::nullopt;
};

// Asks the kernel about interfaces, addresses and routes, and changes them
// (RTNETLINK). Every call is one exchange and blocks for it, microseconds to a
// few milliseconds.
//
// Errors of all changes: PERMISSION_DENIED without CAP_NET_ADMIN; NOT_FOUND no
// such interface, address or route; INVALID_ARGUMENT the kernel refused it;
// the message names what was tried.
class Netlink {
 public:
  static absl::StatusOr<std::unique_ptr<Netlink>> Open();
  ~Netlink();

  absl::Status ChangeLink(uint32_t ifindex, const LinkChange& change);
  // Adding what is there, or deleting what is not, is OK: the wish is met.
  absl::Status AddAddress(const LinkAddress& address);
  absl::Status DeleteAddress(const LinkAddress& address);
  absl::Status AddRoute(const Route& route);
  absl::Status DeleteRoute(const Route& route);
  absl::StatusOr<std::vector<Link>> Links();
  absl::StatusOr<std::vector<LinkAddress>> Addresses();
  // The routes to everywhere of the main table, both families, in the order of
  // preference within each. Of a route over several links the first is named.
  absl::StatusOr<std::vector<Route>> DefaultRoutes();

 private:
  struct Socket;
  explicit Netlink(std::unique_ptr<Socket> socket);
  std::unique_ptr<Socket> socket_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_NETLINK_H_
