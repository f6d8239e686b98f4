#ifndef WARREN_CORE_PATH_OWN_NODE_H_
#define WARREN_CORE_PATH_OWN_NODE_H_

#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/path/probe_budget.h"

namespace warren::path {

// Whether a peer could be at `endpoint` at all. Not: unset, relays, multicast,
// broadcast, loopback, 0.0.0.0/8, 240.0.0.0/4, IPv6 link-local (no zone is
// told), and addresses of the tailnet itself, which would put a tunnel into the
// tunnel.
bool IsPlausible(const net::Endpoint& endpoint);

// What the agents of one node share: where the node itself is, and what all
// peers together can make it send to addresses that have proven nothing. That
// bound holds for disco pings (124 bytes, so 62 kB/s) and pongs (110 bytes,
// so 55 kB/s), each beside the bound for a single peer (agent.h,
// ping_replies.h).
struct OwnNode {
  static constexpr double kProbeBurst = 2048;
  static constexpr double kProbesPerSecond = 500;
  static constexpr double kPongBurst = 2048;
  static constexpr double kPongsPerSecond = 500;

  // `shared_rng` must outlive it.
  explicit OwnNode(Rng& shared_rng, uint16_t tunnel_mtu_bytes = 1280)
      : rng(shared_rng), mtu_bytes(tunnel_mtu_bytes) {}

  // Our own address, by whatever socket, so never a peer's.
  bool IsOwn(const net::Endpoint& endpoint) const;
  // Whether a datagram can leave for it: a family we have, and not ourselves.
  bool CanSendTo(const net::Endpoint& endpoint) const;
  // Where to send what is for `endpoint`: on a network without IPv4 that has a
  // NAT64, its address behind that (RFC 6052 §2.2); else itself.
  net::Endpoint WayTo(const net::Endpoint& endpoint) const;
  // The inverse: whose datagram it is that came from `endpoint`.
  net::Endpoint Origin(const net::Endpoint& endpoint) const;

  Rng& rng;
  const uint16_t mtu_bytes;  // of the tunnel interface
  ProbeBudget probes{kProbeBurst, kProbesPerSecond};
  ProbeBudget pongs{kPongBurst, kPongsPerSecond};
  // Of our interfaces, as STUN sees us, and as port mappings make us.
  std::vector<net::Endpoint> endpoints;
  bool has_v4 = true;  // an address and a socket
  bool has_v6 = true;
  std::optional<net::IpAddress> nat64_prefix = std::nullopt;  // a /96
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_OWN_NODE_H_
