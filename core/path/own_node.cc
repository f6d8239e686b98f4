#include "core/path/own_node.h"

#include <algorithm>
#include <array>

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
  std::array<uint8_t, 16> bytes = nat64_prefix->Mapped16();
  std::ranges::copy(endpoint.address().bytes(), bytes.begin() + 12);
  return net::Endpoint(net::IpAddress::V6(bytes), endpoint.port())
      .Through(endpoint.socket());
}

net::Endpoint OwnNode::Origin(const net::Endpoint& endpoint) const {
  const Bytes bytes = endpoint.address().bytes();
  if (endpoint.address().is_v4() || has_v4 || !nat64_prefix ||
      !std::ranges::equal(bytes.first<12>(),
                          Bytes(nat64_prefix->Mapped16()).first<12>())) {
    return endpoint;
  }
  return net::Endpoint(net::IpAddress::V4(bytes.last<4>()), endpoint.port())
      .Through(endpoint.socket());
}

}  // namespace warren::path
