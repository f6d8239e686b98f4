#ifndef WARREN_CORE_POLICY_COMPILED_H_
#define WARREN_CORE_POLICY_COMPILED_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/policy/address.h"
#include "core/policy/policy.h"
#include "core/policy/ssh_rules.h"
#include "core/policy/topology.h"

// What a policy means for the nodes of a topology, one view for each.
namespace warren::policy {

struct FilterDestination {
  AddressText address;
  uint16_t first_port = 0;
  uint16_t last_port = 65535;
  friend bool operator==(const FilterDestination&,
                         const FilterDestination&) = default;
};

struct CapGrant {
  std::vector<net::IpPrefix> destinations;
  // Name -> values as JSON texts; without any it is null.
  std::map<std::string, std::vector<std::string>> capabilities;
  std::set<std::string> empty_lists;  // of those: [] instead of null
  friend bool operator==(const CapGrant&, const CapGrant&) = default;
};

// One rule of a node's packet filter. Either destinations or cap_grants.
// Sources are shared by the rules of many nodes.
struct FilterRule {
  std::shared_ptr<const AddressTexts> sources;
  std::vector<uint8_t> protocols;  // empty: TCP, UDP, ICMPv4, ICMPv6
  std::vector<FilterDestination> destinations;
  std::vector<CapGrant> cap_grants;
  // By content; at once when both hold the same source list.
  friend bool operator==(const FilterRule& a, const FilterRule& b);
};

// What a viewer is told of one peer by the policy.
struct PeerView {
  NodeId id;
  // Its own addresses are not listed: routes beside them, ascending. The
  // viewer may send there through it.
  std::vector<net::IpPrefix> routes;
  std::vector<net::IpPrefix> primary_routes;  // of `routes`: it is primary
  bool hide_ipv4 = false;                     // as of its own view
  friend bool operator==(const PeerView&, const PeerView&) = default;
};

// All that one node gets of the policy.
struct NodeView {
  std::vector<FilterRule> filter;
  std::vector<PeerView> peers;  // ascending by id
  // Own routes in force: advertised and approved.
  std::vector<net::IpPrefix> routes;
  // Those that it is primary for.
  std::vector<net::IpPrefix> primary_routes;
  // Capability -> values as JSON texts; empty = null.
  std::map<std::string, std::vector<std::string>> cap_map;
  std::vector<SshPolicyRule> ssh;
  // Attribute disable-ipv4: nobody is told its IPv4 address, nor is it told
  // those of others; routes stay.
  bool hide_ipv4 = false;
  friend bool operator==(const NodeView&, const NodeView&) = default;
};

// A policy put onto a topology. Immutable, so it may be shared and read by
// many threads. Making one costs about O(rules * nodes they name); a view
// costs what is in it.
class Compiled {
 public:
  // `policy` must have passed Check(); its tests are not run here, see
  // tests.h.
  static std::shared_ptr<const Compiled> Make(
      std::shared_ptr<const Policy> policy,
      std::shared_ptr<const Topology> topology);
  virtual ~Compiled() = default;

  // Ids of the topology's nodes, ascending.
  virtual const std::vector<NodeId>& Nodes() const = 0;

  // An empty view when the node is not in the topology.
  virtual NodeView View(NodeId node) const = 0;

  // Peers alone, ascending by id: whom `node` may see at all. Symmetric.
  virtual std::vector<NodeId> PeersOf(NodeId node) const = 0;

  // Stands for View(node): as long as it is the same in two Compiled, so is
  // the view (but for collisions of 64 bits). It may differ though the views
  // are equal. Costs a look-up. 0 when the node is not in the topology.
  virtual uint64_t Fingerprint(NodeId node) const = 0;
};

// The nodes of either whose views may differ, ascending by id; with those
// that only one of the two knows. Costs O(nodes).
std::vector<NodeId> Changed(const Compiled& before, const Compiled& after);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_COMPILED_H_
