#include "core/path/own_node.h"

#include <algorithm>

#include "core/net/nat64.h"

namespace warren::path {

bool IsPlausible(const net::Endpoint& endpoint) {
  const net::IpAddress& address = endpoint.address();
  if (!endpoint.IsSet() || endpoint.IsRelay() || address.IsMulticast() ||
      address.IsLoopback() || address.IsUnspecified() || address.IsTailnet()) {
    return false;
  }
  if (address.is_v6()) return !address.IsLinkLocal();
  // "This network" (RFC 1122 §3.2.1.3) and reserved, broadcast among it.
  return address.bytes()[0] != 0 && address.bytes()[0] < 240;
}

bool OwnNode::IsOwn(const net::Endpoint& endpoint) const {
  return std::ranges::any_of(endpoints, [&](const net::Endpoint& own) {
    return own.address() == endpoint.address() && own.port() == endpoint.port();
  });
}

bool OwnNode::CanSendTo(const net::Endpoint& endpoint) const {
  return (endpoint.address().is_v4() ? has_v4 : has_v6) && !IsOwn(endpoint);
}

net::Endpoint OwnNode::WayTo(const net::Endpoint& endpoint) const {
  if (endpoint.address().is_v6() || has_v4 || !nat64_prefix) return endpoint;
  return net::Endpoint(net::BehindNat64(*nat64_prefix, endpoint.address()),
                       endpoint.port())
      .Through(endpoint.socket());
}

net::Endpoint OwnNode::Origin(const net::Endpoint& endpoint) const {
  if (has_v4 || !nat64_prefix) return endpoint;
  const auto v4 = net::FromNat64(*nat64_prefix, endpoint.address());
  if (!v4) return endpoint;
  return net::Endpoint(*v4, endpoint.port()).Through(endpoint.socket());
}

}  // namespace warren::path
