#include "core/engine/relay_servers.h"

#include <utility>

namespace warren::engine {
namespace {

// The literal in a relay node's address field; nullopt for none and "none".
std::optional<net::IpAddress> Literal(const std::string& text) {
  const auto address = net::IpAddress::Parse(text);
  if (!address.ok()) return std::nullopt;
  return *address;
}

}  // namespace

bool RelayServers::OnResolved(absl::string_view hostname,
                              std::vector<net::IpAddress> addresses) {
  Resolution& known = resolved_[std::string(hostname)];
  known.asked = false;
  if (known.addresses == addresses) return false;
  known.addresses = std::move(addresses);
  return true;
}

void RelayServers::WantResolved() {
  for (const derp::RelayRegion& region : map_.regions) {
    for (const derp::RelayNode& node : region.nodes) {
      if (!node.ipv4.empty() || !node.ipv6.empty()) continue;
      if (node.hostname.empty() || Literal(node.hostname)) continue;
      Resolution& known = resolved_[node.hostname];
      if (known.asked || !known.addresses.empty()) continue;
      known.asked = true;
      wanted_.push_back(ResolveWanted{node.hostname});
    }
  }
}

std::optional<ResolveWanted> RelayServers::Poll() {
  if (wanted_.empty()) return std::nullopt;
  ResolveWanted wanted = std::move(wanted_.front());
  wanted_.pop_front();
  return wanted;
}

std::vector<netcheck::Server> RelayServers::Stun(bool v4, bool v6) const {
  std::vector<netcheck::Server> servers;
  for (const derp::RelayRegion& region : map_.regions) {
    if (region.no_measure_no_home) continue;
    for (const derp::RelayNode& node : region.nodes) {
      const uint16_t port = node.StunPort();
      if (port == 0) continue;
      for (const net::IpAddress& address : AddressesOf(node)) {
        if (address.is_v4() ? v4 : v6) {
          servers.push_back({region.id, {address, port}});
        }
      }
    }
  }
  return servers;
}

std::vector<net::IpAddress> RelayServers::AddressesOf(
    const derp::RelayNode& node) const {
  std::vector<net::IpAddress> addresses;
  for (const std::string& text : {node.ipv4, node.ipv6}) {
    if (const auto literal = Literal(text)) addresses.push_back(*literal);
  }
  if (node.ipv4.empty() && node.ipv6.empty()) {
    if (const auto literal = Literal(node.hostname)) {
      addresses.push_back(*literal);
    }
  }
  const auto it = resolved_.find(node.hostname);
  if (it == resolved_.end()) return addresses;
  for (const net::IpAddress& address : it->second.addresses) {
    const bool wanted = address.is_v4() ? node.ipv4.empty() : node.ipv6.empty();
    if (wanted) addresses.push_back(address);
  }
  return addresses;
}

}  // namespace warren::engine
