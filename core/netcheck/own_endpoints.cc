#include "core/netcheck/own_endpoints.h"

#include <algorithm>
#include <map>

namespace warren::netcheck {
namespace {

constexpr int kMaxPerSubnet = 2;

// What an interface address is worth to a peer. Lower is better.
enum class Worth { kOrdinary, kLastButOne, kLast, kNone };

Worth WorthOf(const net::IpAddress& address) {
  if (address.IsUnspecified() || address.IsMulticast() || address.IsTailnet()) {
    return Worth::kNone;
  }
  if (address.IsLoopback()) return Worth::kLast;
  if (address.IsLinkLocal()) {
    return address.is_v6() ? Worth::kNone : Worth::kLastButOne;
  }
  if (address.is_v6() && address.IsPrivate()) return Worth::kLastButOne;
  return Worth::kOrdinary;
}

// Those of the best worth there is.
std::vector<net::IpAddress> Usable(std::vector<net::IpAddress> addresses) {
  std::ranges::sort(addresses);
  Worth best = Worth::kNone;
  for (const net::IpAddress& a : addresses) best = std::min(best, WorthOf(a));
  if (best == Worth::kNone) return {};
  std::erase_if(addresses,
                [best](const net::IpAddress& a) { return WorthOf(a) != best; });
  std::map<net::IpPrefix, int> per_subnet;
  std::erase_if(addresses, [&per_subnet](const net::IpAddress& a) {
    return a.is_v6() && ++per_subnet[net::IpPrefix(a, 64)] > kMaxPerSubnet;
  });
  return addresses;
}

}  // namespace

std::vector<net::Endpoint> OwnEndpoints(const Whereabouts& where) {
  std::vector<net::Endpoint> endpoints;
  const auto add = [&endpoints](const net::Endpoint& endpoint) {
    if (endpoint.IsSet() && endpoints.size() < kMaxOwnEndpoints &&
        std::ranges::find(endpoints, endpoint) == endpoints.end()) {
      endpoints.push_back(endpoint);
    }
  };
  if (where.port_mapped) add(*where.port_mapped);
  if (where.mapped_v4) add(*where.mapped_v4);
  if (where.mapped_v6) add(*where.mapped_v6);
  for (const net::Endpoint& other : where.others_v4) add(other);
  if (where.mapped_v4 && where.mapping_varies) {
    add({where.mapped_v4->address(), where.udp4_port});
  }
  for (const net::IpAddress& address : Usable(where.interface_addresses)) {
    add({address, address.is_v4() ? where.udp4_port : where.udp6_port});
  }
  return endpoints;
}

}  // namespace warren::netcheck
