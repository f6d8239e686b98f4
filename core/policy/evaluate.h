#ifndef WARREN_CORE_POLICY_EVALUATE_H_
#define WARREN_CORE_POLICY_EVALUATE_H_

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/policy/policy.h"
#include "core/policy/ports.h"
#include "core/policy/posture.h"
#include "core/policy/selector.h"
#include "core/policy/topology.h"

// May this packet pass, and by which rule? Answered slowly and plainly from
// the tree of the policy, rule by rule and selector by selector: nothing here
// is shared with the compiler (compiled.h), so that each can be held against
// the other, and a person can be told why.
namespace warren::policy {

// The first packet of a connection.
struct Probe {
  net::IpAddress src;
  net::IpAddress dst;
  uint8_t protocol = 6;
  uint16_t port = 0;  // destination's; of no effect where there are none
};

// Keeps references to what it is made of.
class Evaluator {
 public:
  Evaluator(const Policy& policy, const Topology& topology);

  // The first rule that lets `packet` in at `receiver`, which is where
  // WireGuard delivers it; nullopt: none does, or the address is none of
  // receiver's. Line 0: there are no rules, so all is allowed.
  std::optional<Place> Allows(const Probe& packet, NodeId receiver) const;

  // Devices to whom `dst` belongs: its own; else those that serve the longest
  // prefix that has it; else exit nodes, for what is not of the tailnet.
  std::vector<NodeId> Receivers(const net::IpAddress& dst) const;

  // Whether the node is one of those that `selector` stands for: as a device,
  // or as the owner of an address in it.
  bool Means(const std::string& selector, const Node& node) const;

 private:
  struct ToPorts {
    Selector selector;
    std::optional<uint8_t> protocol;
    std::vector<PortRange> ports;
  };
  struct Rule {
    Place place;
    std::vector<Selector> src;
    std::vector<ToPorts> dst;
    std::vector<Selector> via;
    Texts postures;
  };

  void AddAcl(const Acl& acl);
  void AddGrant(const Grant& grant);
  bool Fits(const Rule& rule, const Probe& packet, const Node& at) const;
  bool FitsSource(const Rule& rule, const Probe& packet, const Node& at) const;
  bool FitsTarget(const Rule& rule, const ToPorts& to, const Probe& packet,
                  const Node& at) const;
  bool IsSource(const Selector& selector, const net::IpAddress& src,
                const Node* owner, const Node& at) const;
  bool IsDevice(const Selector& selector, const Node& node) const;
  // Groups that were looked at already are in `seen`.
  bool NamesUser(const Selector& selector, const User& user,
                 std::set<std::string>& seen) const;
  bool NamesUser(const Selector& selector, const User& user) const;
  // Ipsets that were looked at already are in `known`.
  bool HasAddress(const Selector& selector, const net::IpAddress& a,
                  std::map<std::string, bool>& known) const;
  bool HasAddress(const Selector& selector, const net::IpAddress& a) const;
  bool InIpset(const std::string& name, const net::IpAddress& a,
               std::map<std::string, bool>& known) const;
  bool Meets(const Node& node, const Texts& postures) const;
  bool Serves(const Node& node, const net::IpPrefix& route) const;
  bool MayAutoServe(const Node& node, const net::IpPrefix& route) const;
  bool ServesSubnetOf(const Node& node, const net::IpAddress& a) const;
  bool IsExit(const Node& node, const net::IpAddress& a) const;
  const Node* OwnerOf(const net::IpAddress& address) const;
  const User* UserOf(const Node& node) const;
  bool IsGuest(const Node& node) const;

  const Policy& policy_;
  const Topology& topology_;
  std::vector<Rule> rules_;
  // By node of the topology: routes in force.
  std::vector<std::vector<net::IpPrefix>> routes_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_EVALUATE_H_
