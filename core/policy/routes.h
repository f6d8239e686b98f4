#ifndef WARREN_CORE_POLICY_ROUTES_H_
#define WARREN_CORE_POLICY_ROUTES_H_

#include <cstdint>
#include <vector>

#include "core/net/ip.h"
#include "core/policy/directory.h"
#include "core/policy/policy.h"
#include "core/policy/resolve.h"
#include "core/policy/topology.h"

// Which routes are in force, and who is primary for them
// (specs/control-ts2021.md 6.4).
namespace warren::policy {

// 0.0.0.0/0 or ::/0: a way to the Internet, not a subnet.
bool IsExitRoute(const net::IpPrefix& prefix);

// Of `advertised`, those that autoApprovers let `node` serve: subnet routes
// where it, or its owner, is listed for that prefix or one that contains it;
// exit routes by `exitNode` alone. To be stored: approval is not taken back
// when the policy changes.
std::vector<net::IpPrefix> AutoApproved(Resolver& resolver, Index node);

// A subnet route in force.
struct ServedRoute {
  Index router = 0;
  net::IpPrefix prefix;
  AddressRange range;
  bool primary = false;  // of its prefix
  uint64_t hash = 0;     // of router, prefix, primary
};

// All routes in force: advertised, and approved by hand or by the policy. Of
// the routers of a prefix the primary is the one online with the least
// (route_seniority, id); without one online, the least of all.
class RouteTable {
 public:
  explicit RouteTable(Resolver& resolver);

  // Ascending by router, then prefix.
  const std::vector<ServedRoute>& subnets() const { return subnets_; }
  // Positions in subnets() of one node.
  const std::vector<uint32_t>& SubnetsOf(Index node) const {
    return of_node_[node];
  }
  // In the order of seniority: who serves the prefix of subnets()[route].
  const std::vector<uint32_t>& Alternatives(uint32_t route) const {
    return groups_[group_of_[route]];
  }
  uint64_t Hash(uint32_t route) const { return subnets_[route].hash; }
  const std::vector<net::IpPrefix>& ExitsOf(Index node) const {
    return exits_[node];
  }
  const Indices& exit_nodes() const { return exit_nodes_; }
  // Of subnets(), each prefix once, ascending by text.
  const AddressTexts& texts() const { return texts_; }
  // Positions in subnets() of the routes that overlap `range`, appended.
  void AppendOverlapping(const AddressRange& range,
                         std::vector<uint32_t>& out) const;

 private:
  void Elect(const Directory& directory);

  std::vector<ServedRoute> subnets_;
  std::vector<std::vector<uint32_t>> of_node_;
  std::vector<std::vector<uint32_t>> groups_;
  std::vector<uint32_t> group_of_;
  std::vector<std::vector<net::IpPrefix>> exits_;
  Indices exit_nodes_;
  AddressTexts texts_;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_ROUTES_H_
