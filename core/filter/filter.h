#ifndef WARREN_CORE_FILTER_FILTER_H_
#define WARREN_CORE_FILTER_FILTER_H_

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/instant.h"
#include "core/filter/flow_table.h"
#include "core/filter/prefix_set.h"
#include "core/filter/rule.h"
#include "core/net/ip_packet.h"

namespace warren::filter {

// What becomes of a packet.
enum class Verdict : uint8_t {
  kAccept = 0,
  kMulticast,  // to a multicast address: a tailnet has none
  kLinkLocal,  // to a link-local address other than 169.254.169.254
  kNotLocal,   // inbound, and not to us
  kNoRule,     // no rule or flow of ours allows it (any more)
};

// The packet filter of one node: nothing comes in that no rule allows, except
// answers to what went out. Compiled when it is made, so that a check looks at
// few rules and allocates nothing. Source: specs 10.6.
//
// Inbound, to an address of ours:
//   ICMP     echo replies and errors pass; else some rule must match the
//            addresses, whatever its protocols
//   TCP      all but a bare SYN pass; a SYN needs a rule
//   UDP, SCTP  answers to a flow of ours pass (see FlowTable); else a rule
//   TSMP     passes
//   other    a rule that names the protocol itself, with all ports
// Later fragments pass: without the first, which is checked, they are useless.
// Outbound, everything but multicast and link-local passes.
//
// Unlike stock, what a rule let in ends with the rule: TCP, UDP and SCTP flows
// that a peer began pass no more in either direction once new rules do not
// allow them, until others do. It is known of the last FlowTable::kMaxFlows
// flows that peers began since this was made; of others, TCP goes on as above.
// A UDP or SCTP flow that was ended so and is quiet for FlowTable::kIdle is
// forgotten, and we may begin one with the same ports.
class Filter {
 public:
  // Accepts nothing inbound.
  Filter() = default;

  // Puts `rules` in place of the former ones; flows live on. `local` is what
  // counts as us: our addresses, and the routes we serve.
  void Compile(std::span<const Rule> rules,
               std::span<const net::IpPrefix> local);

  // The source must already be known to belong to the sending peer
  // (WireGuard's allowed-ips).
  Verdict CheckInbound(Instant now, const net::IpPacket& packet);
  // Remembers the UDP and SCTP flows that begin so.
  Verdict CheckOutbound(Instant now, const net::IpPacket& packet);

 private:
  struct Target {
    PrefixSet addresses;
    uint16_t first_port;
    uint16_t last_port;
  };
  struct CompiledRule {
    std::array<bool, 256> protocols{};
    bool lists_protocols = false;  // itself, not by default
    PrefixSet sources;
    std::vector<Target> targets;  // one for each range of ports
  };
  static CompiledRule CompileRule(const Rule& rule);
  // Finds what the rules end, and what they allow again.
  void CutFlows();
  bool HasCuts() const { return cut_ && cut_->size() > 0; }
  bool IsCut(Instant now, const Flow& flow);
  bool AdmitTcp(Instant now, const net::IpPacket& packet);
  bool AdmitFlow(Instant now, const net::IpPacket& packet);
  bool AllowsAddresses(const net::IpPacket& packet) const;
  bool AllowsPort(const net::IpPacket& packet) const;
  bool AllowsProtocol(const net::IpPacket& packet) const;

  PrefixSet local_;
  std::vector<CompiledRule> rules_;
  FlowTable ours_;    // UDP and SCTP: began by us, without need of a rule
  FlowTable theirs_;  // began by peers, by a rule
  std::optional<FlowTable> cut_;  // those whose rule is gone
  Instant latest_;                // use of `theirs_`
};

}  // namespace warren::filter

#endif  // WARREN_CORE_FILTER_FILTER_H_
