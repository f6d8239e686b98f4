#include "client/daemon/interface_config.h"

#include <algorithm>
#include <iterator>

#include "core/base/status_macros.h"

namespace warren::client {
namespace {

int FullLength(const net::IpAddress& address) {
  return address.is_v4() ? 32 : 128;
}

template <class T>
std::vector<T> Missing(const std::set<T>& from, const std::set<T>& in) {
  std::vector<T> out;
  std::set_difference(from.begin(), from.end(), in.begin(), in.end(),
                      std::back_inserter(out));
  return out;
}

}  // namespace

absl::Status InterfaceConfig::Apply(const netmap::Netmap& netmap) {
  if (!up_) {
    LinkChange change;
    change.up = true;
    WARREN_RETURN_IF_ERROR(netlink_.ChangeLink(ifindex_, change));
    up_ = true;
  }
  std::set<net::IpPrefix> routes;
  for (const auto& [id, peer] : netmap.peers) {
    routes.insert(peer.allowed_ips.begin(), peer.allowed_ips.end());
  }
  return Change({netmap.self.addresses.begin(), netmap.self.addresses.end()},
                routes);
}

absl::Status InterfaceConfig::Clear() { return Change({}, {}); }

absl::Status InterfaceConfig::Change(const std::set<net::IpAddress>& addresses,
                                     const std::set<net::IpPrefix>& routes) {
  absl::Status first;
  for (const net::IpPrefix& prefix : Missing(routes_, routes)) {
    first.Update(netlink_.DeleteRoute({ifindex_, prefix}));
    routes_.erase(prefix);
  }
  // New addresses first: with the last IPv4 address of an interface the kernel
  // takes its IPv4 routes.
  for (const net::IpAddress& address : Missing(addresses, addresses_)) {
    const absl::Status added =
        netlink_.AddAddress({ifindex_, address, FullLength(address)});
    if (added.ok()) addresses_.insert(address);
    first.Update(added);
  }
  for (const net::IpAddress& address : Missing(addresses_, addresses)) {
    first.Update(
        netlink_.DeleteAddress({ifindex_, address, FullLength(address)}));
    addresses_.erase(address);
  }
  if (std::none_of(addresses_.begin(), addresses_.end(),
                   [](const net::IpAddress& a) { return a.is_v4(); })) {
    std::erase_if(routes_, [](const net::IpPrefix& prefix) {
      return prefix.address().is_v4();
    });
  }
  for (const net::IpPrefix& prefix : Missing(routes, routes_)) {
    const absl::Status added = netlink_.AddRoute({ifindex_, prefix});
    if (added.ok()) routes_.insert(prefix);
    first.Update(added);
  }
  return first;
}

}  // namespace warren::client
