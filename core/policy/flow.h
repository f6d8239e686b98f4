#ifndef WARREN_CORE_POLICY_FLOW_H_
#define WARREN_CORE_POLICY_FLOW_H_

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "core/policy/address.h"
#include "core/policy/directory.h"
#include "core/policy/policy.h"
#include "core/policy/ports.h"
#include "core/policy/resolve.h"
#include "core/policy/routes.h"
#include "core/policy/source_set.h"

// The rules of a policy, resolved (specs/control-ts2021.md 6.3, 6.5).
namespace warren::policy {

// Ports that a rule opens for a set of protocols (empty: the default set).
struct PortGroup {
  std::vector<uint8_t> protocols;
  std::vector<PortRange> ports;
};
using PortGroups = std::vector<PortGroup>;

// One selector among the destinations of a rule; of addresses, one of them.
struct Destination {
  enum class Kind : uint8_t { kEverything, kDevices, kAddress, kInternet };
  Kind kind = Kind::kEverything;
  std::shared_ptr<const Indices> devices;  // kDevices; kAddress: of those
  AddressText address;                     // kAddress
  std::vector<uint32_t> routes;            // subnet routes that it overlaps
  std::shared_ptr<const PortGroups> ports;
  // Of what a node that is among them is told, and of whom the sources see.
  uint64_t rule_hash = 0;
  uint64_t reach_hash = 0;
};

// As of CapGrant.
struct Capabilities {
  std::map<std::string, std::vector<std::string>> values;
  std::set<std::string> empty_lists;
};

// What one source may do to some destinations.
struct Flow {
  const SourceSet* source = nullptr;
  std::vector<Destination> to;  // ascending by selector, as filters list them
  std::shared_ptr<const Capabilities> capabilities;  // null: none
  bool has_via = false;
  Indices via;        // only through these
  Place place;        // of the rule
  uint64_t hash = 0;  // of capabilities and via
};

// All flows of `policy`; without any rule at all the one that allows all.
// `identities` as of the book.
std::vector<Flow> MakeFlows(Resolver& resolver, const RouteTable& routes,
                            const std::vector<uint64_t>& identities,
                            SourceBook& book);

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_FLOW_H_
