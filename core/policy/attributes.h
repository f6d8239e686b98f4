#ifndef WARREN_CORE_POLICY_ATTRIBUTES_H_
#define WARREN_CORE_POLICY_ATTRIBUTES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "core/net/ip.h"
#include "core/policy/directory.h"
#include "core/policy/policy.h"
#include "core/policy/resolve.h"
#include "core/policy/topology.h"

// What a policy says of single nodes: nodeAttrs and the switches for all
// (specs/control-ts2021.md 6.1, 6.7).
namespace warren::policy {

// Capability -> values as JSON texts; empty = null.
using CapMap = std::map<std::string, std::vector<std::string>>;

struct NodeAttributes {
  std::shared_ptr<const CapMap> caps;  // shared by nodes that have the same
  bool hide_ipv4 = false;              // of NodeView
  uint64_t hash = 0;
};

// By node. An attribute given twice stands once; values add up.
std::vector<NodeAttributes> CompileAttributes(Resolver& resolver);

// Where `ipPool` lets `node` have its IPv4 address; empty: anywhere. `node`
// may be new: it is looked at beside those of `topology`.
std::vector<net::IpPrefix> IpPoolOf(const Policy& policy,
                                    const Topology& topology, const Node& node);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_ATTRIBUTES_H_
