#include "core/policy/reach.h"

#include <algorithm>

#include "core/policy/ports.h"

namespace warren::policy {
namespace {

bool MatchesPort(const FilterDestination& destination, const Packet& packet) {
  const bool all =
      destination.first_port == 0 && destination.last_port == 65535;
  if (!HasPorts(packet.protocol)) return all;
  if (!packet.port) return true;
  return destination.first_port <= *packet.port &&
         *packet.port <= destination.last_port;
}

}  // namespace

bool Covers(const AddressText& text, const net::IpAddress& address) {
  return std::any_of(text.ranges.begin(), text.ranges.end(),
                     [&](const AddressRange& range) {
                       return range.first.family() == address.family() &&
                              range.first <= address && address <= range.last;
                     });
}

bool IsFor(const FilterRule& rule, uint8_t protocol) {
  if (rule.protocols.empty()) {
    return protocol == kTcpProtocol || protocol == kUdpProtocol ||
           protocol == kIcmpProtocol || protocol == kIcmpV6Protocol;
  }
  return std::find(rule.protocols.begin(), rule.protocols.end(), protocol) !=
         rule.protocols.end();
}

bool Accepts(const std::vector<FilterRule>& filter, const Packet& packet) {
  for (const FilterRule& rule : filter) {
    if (rule.sources == nullptr || !IsFor(rule, packet.protocol)) continue;
    const bool from = std::any_of(
        rule.sources->begin(), rule.sources->end(),
        [&](const AddressText& text) { return Covers(text, packet.source); });
    if (!from) continue;
    for (const FilterDestination& destination : rule.destinations) {
      if (Covers(destination.address, packet.destination) &&
          MatchesPort(destination, packet)) {
        return true;
      }
    }
  }
  return false;
}

std::vector<net::IpAddress> AddressesOf(const Node& node) {
  std::vector<net::IpAddress> addresses;
  if (node.ipv4) addresses.push_back(*node.ipv4);
  if (node.ipv6) addresses.push_back(*node.ipv6);
  return addresses;
}

}  // namespace warren::policy
