#include "core/filter/filter.h"

#include <algorithm>
#include <map>
#include <utility>

namespace warren::filter {
namespace {

// Cloud metadata service: some nodes are subnet routers for it.
const net::IpAddress& MetadataAddress() {
  static const net::IpAddress kAddress = net::IpAddress::V4(0xa9fea9fe);
  return kAddress;
}

// What no tailnet carries, in either direction.
Verdict PreCheck(const net::IpPacket& packet) {
  const net::IpAddress& to = packet.destination;
  if (to.IsMulticast()) return Verdict::kMulticast;
  if (to.IsLinkLocal() && to != MetadataAddress()) return Verdict::kLinkLocal;
  return Verdict::kAccept;
}

// RFC 792, RFC 4443: what answers or reports on a packet that we sent.
bool IsIcmpAnswer(const net::IpPacket& packet) {
  switch (packet.icmp_type) {
    case 0:   // echo reply
    case 11:  // time exceeded
    case 12:  // parameter problem
      return packet.protocol == kIcmp;
    case 3:  // unreachable; time exceeded of ICMPv6
      return true;
    case 1:    // unreachable
    case 2:    // packet too big
    case 4:    // parameter problem
    case 129:  // echo reply
      return packet.protocol == kIcmpV6;
    default:
      return false;
  }
}

bool HasFlows(uint8_t protocol) {
  return protocol == kUdp || protocol == kSctp;
}

}  // namespace

Filter::CompiledRule Filter::CompileRule(const Rule& rule) {
  CompiledRule out;
  out.lists_protocols = !rule.protocols.empty();
  for (const uint8_t protocol : rule.protocols) out.protocols[protocol] = true;
  if (!out.lists_protocols) {
    for (const uint8_t protocol : {kTcp, kUdp, kIcmp, kIcmpV6}) {
      out.protocols[protocol] = true;
    }
  }
  out.sources = PrefixSet(rule.sources);
  std::map<std::pair<uint16_t, uint16_t>, std::vector<net::IpPrefix>> by_ports;
  for (const Destination& to : rule.destinations) {
    by_ports[{to.first_port, to.last_port}].push_back(to.prefix);
  }
  for (const auto& [ports, prefixes] : by_ports) {
    out.targets.push_back({PrefixSet(prefixes), ports.first, ports.second});
  }
  return out;
}

void Filter::Compile(std::span<const Rule> rules,
                     std::span<const net::IpPrefix> local) {
  local_ = PrefixSet(local);
  rules_.clear();
  for (const Rule& rule : rules) rules_.push_back(CompileRule(rule));
}

Verdict Filter::CheckInbound(Instant now, const net::IpPacket& packet) {
  if (const Verdict v = PreCheck(packet); v != Verdict::kAccept) return v;
  if (!local_.Contains(packet.destination)) return Verdict::kNotLocal;
  if (packet.later_fragment) return Verdict::kAccept;
  bool allowed = false;
  switch (packet.protocol) {
    case kIcmp:
    case kIcmpV6:
      allowed = IsIcmpAnswer(packet) || AllowsAddresses(packet);
      break;
    case kTcp:
      allowed = (packet.tcp_flags & net::kTcpSyn) == 0 ||
                (packet.tcp_flags & net::kTcpAck) != 0 || AllowsPort(packet);
      break;
    case kUdp:
    case kSctp:
      allowed =
          flows_.Admit(now, {packet.protocol,
                             {packet.destination, packet.destination_port},
                             {packet.source, packet.source_port}}) ||
          AllowsPort(packet);
      break;
    case kTsmp:
      allowed = true;
      break;
    default:
      allowed = AllowsProtocol(packet);
  }
  return allowed ? Verdict::kAccept : Verdict::kNoRule;
}

Verdict Filter::CheckOutbound(Instant now, const net::IpPacket& packet) {
  if (const Verdict v = PreCheck(packet); v != Verdict::kAccept) return v;
  if (HasFlows(packet.protocol) && !packet.later_fragment) {
    flows_.Remember(now, {packet.protocol,
                          {packet.source, packet.source_port},
                          {packet.destination, packet.destination_port}});
  }
  return Verdict::kAccept;
}

bool Filter::AllowsAddresses(const net::IpPacket& packet) const {
  return std::ranges::any_of(rules_, [&](const CompiledRule& rule) {
    return rule.sources.Contains(packet.source) &&
           std::ranges::any_of(rule.targets, [&](const Target& target) {
             return target.addresses.Contains(packet.destination);
           });
  });
}

bool Filter::AllowsPort(const net::IpPacket& packet) const {
  return std::ranges::any_of(rules_, [&](const CompiledRule& rule) {
    return rule.protocols[packet.protocol] &&
           rule.sources.Contains(packet.source) &&
           std::ranges::any_of(rule.targets, [&](const Target& target) {
             return target.first_port <= packet.destination_port &&
                    packet.destination_port <= target.last_port &&
                    target.addresses.Contains(packet.destination);
           });
  });
}

bool Filter::AllowsProtocol(const net::IpPacket& packet) const {
  return std::ranges::any_of(rules_, [&](const CompiledRule& rule) {
    return rule.lists_protocols && rule.protocols[packet.protocol] &&
           rule.sources.Contains(packet.source) &&
           std::ranges::any_of(rule.targets, [&](const Target& target) {
             return target.first_port == 0 && target.last_port == 65535 &&
                    target.addresses.Contains(packet.destination);
           });
  });
}

}  // namespace warren::filter
