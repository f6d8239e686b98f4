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

// RFC 9293 §3.1: FIN, RST.
constexpr uint8_t kTcpEnds = 0x01 | 0x04;

bool HasFlows(uint8_t protocol) {
  return protocol == kUdp || protocol == kSctp;
}

bool BeginsTcp(const net::IpPacket& packet) {
  return (packet.tcp_flags & net::kTcpSyn) != 0 &&
         (packet.tcp_flags & net::kTcpAck) == 0;
}

Flow FlowOfInbound(const net::IpPacket& packet) {
  return {packet.protocol,
          {packet.destination, packet.destination_port},
          {packet.source, packet.source_port}};
}

Flow FlowOfOutbound(const net::IpPacket& packet) {
  return {packet.protocol,
          {packet.source, packet.source_port},
          {packet.destination, packet.destination_port}};
}

// A packet of the flow that comes in.
net::IpPacket PacketOf(const Flow& flow) {
  net::IpPacket packet;
  packet.protocol = flow.protocol;
  packet.source = flow.remote.address();
  packet.source_port = flow.remote.port();
  packet.destination = flow.local.address();
  packet.destination_port = flow.local.port();
  return packet;
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
  CutFlows();
}

void Filter::CutFlows() {
  const auto allowed = [this](const Flow& flow) {
    return local_.Contains(flow.local.address()) && AllowsPort(PacketOf(flow));
  };
  if (cut_) {
    for (const Flow& flow : cut_->All()) {
      if (allowed(flow)) cut_->Erase(flow);
    }
  }
  for (const Flow& flow : theirs_.All()) {
    if (allowed(flow)) continue;
    theirs_.Erase(flow);
    if (ours_.Has(flow)) continue;
    if (!cut_) cut_.emplace();
    cut_->Remember(latest_, flow);
  }
}

bool Filter::IsCut(Instant now, const Flow& flow) {
  if (!cut_->Has(flow)) return false;
  if (flow.protocol == kTcp) return true;
  return cut_->Admit(now, flow);
}

bool Filter::AdmitTcp(Instant now, const net::IpPacket& packet) {
  if (BeginsTcp(packet)) {
    if (!AllowsPort(packet)) return false;
    theirs_.Remember(latest_ = now, FlowOfInbound(packet));
    return true;
  }
  if ((packet.tcp_flags & kTcpEnds) != 0) {
    theirs_.Retire(FlowOfInbound(packet));
  }
  return !HasCuts() || !IsCut(now, FlowOfInbound(packet));
}

bool Filter::AdmitFlow(Instant now, const net::IpPacket& packet) {
  const Flow flow = FlowOfInbound(packet);
  if (HasCuts() && IsCut(now, flow)) return false;
  if (ours_.Admit(now, flow)) return true;
  if (!AllowsPort(packet)) return false;
  theirs_.Remember(latest_ = now, flow);
  return true;
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
      allowed = AdmitTcp(now, packet);
      break;
    case kUdp:
    case kSctp:
      allowed = AdmitFlow(now, packet);
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
  if (packet.later_fragment) return Verdict::kAccept;
  const bool has_flows = HasFlows(packet.protocol);
  if (!has_flows && (packet.protocol != kTcp || !HasCuts())) {
    return Verdict::kAccept;
  }
  const Flow flow = FlowOfOutbound(packet);
  if (packet.protocol == kTcp && BeginsTcp(packet)) {
    cut_->Erase(flow);  // ours from here on
  } else if (HasCuts() && IsCut(now, flow)) {
    return Verdict::kNoRule;
  }
  if (has_flows && !theirs_.Has(flow)) ours_.Remember(now, flow);
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
