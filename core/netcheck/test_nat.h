#ifndef WARREN_CORE_NETCHECK_TEST_NAT_H_
#define WARREN_CORE_NETCHECK_TEST_NAT_H_

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"

// For tests: a NAT before one node.
namespace warren::netcheck {

inline constexpr uint16_t kFirstSocket = 2;
inline constexpr uint16_t kLocalPort = 41641;
inline const net::IpAddress kInside = *net::IpAddress::Parse("192.168.1.2");
inline const net::IpAddress kPublic = *net::IpAddress::Parse("203.0.113.5");

struct NatKind {
  net::Dependence mapping = net::Dependence::kEndpointIndependent;
  net::Dependence filtering = net::Dependence::kAddressAndPortDependent;
  net::PortAllocation ports = net::PortAllocation::kPreserving;
  int step = 0;
  bool hairpins = false;
};

// A NAT's table, written for reading.
class Nat {
 public:
  explicit Nat(const NatKind& kind) : kind_(kind) {}

  // Our public endpoint, as `to` sees it.
  net::Endpoint Out(uint16_t socket, const net::Endpoint& to) {
    Mapping& mapping = mappings_[{socket, Part(kind_.mapping, to)}];
    if (mapping.port == 0) mapping.port = NewPort(socket);
    mapping.contacted.push_back(Part(kind_.filtering, to));
    return {kPublic, mapping.port};
  }
  // Whether a datagram `from` outside reaches us at `port`.
  bool In(const net::Endpoint& from, uint16_t port) const {
    for (const auto& [key, mapping] : mappings_) {
      if (mapping.port != port) continue;
      return std::ranges::count(mapping.contacted,
                                Part(kind_.filtering, from)) > 0;
    }
    return false;
  }

 private:
  struct Mapping {
    uint16_t port = 0;
    std::vector<net::Endpoint> contacted;
  };
  static net::Endpoint Part(net::Dependence depends,
                            const net::Endpoint& remote) {
    const net::Endpoint main = remote.Through(0);
    if (depends == net::Dependence::kEndpointIndependent) return {};
    return depends == net::Dependence::kAddressDependent
               ? net::Endpoint(main.address(), 0)
               : main;
  }
  uint16_t NewPort(uint16_t socket) {
    const auto local = static_cast<uint16_t>(kLocalPort + 1000 * socket);
    if (kind_.ports == net::PortAllocation::kPreserving && !used_[local]) {
      used_[local] = true;
      return local;
    }
    if (kind_.ports == net::PortAllocation::kRandom) {
      return static_cast<uint16_t>(1024 + rng_.Below(60000));
    }
    last_ = static_cast<uint16_t>(last_ + kind_.step);
    return last_;
  }

  NatKind kind_;
  SeededRng rng_{5};
  uint16_t last_ = 20000;
  std::map<uint16_t, bool> used_;
  std::map<std::pair<uint16_t, net::Endpoint>, Mapping> mappings_;
};

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_TEST_NAT_H_
