#include "core/policy/lockout.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/policy/reach.h"

namespace warren::policy {
namespace {

using Devices = std::vector<const Node*>;

// Whether a filter lets a packet of `device` in at all.
bool LetsIn(const std::vector<FilterRule>& filter, const Node& device) {
  const std::vector<net::IpAddress> addresses = AddressesOf(device);
  for (const FilterRule& rule : filter) {
    if (rule.destinations.empty() || rule.sources == nullptr) continue;
    for (const AddressText& source : *rule.sources) {
      for (const net::IpAddress& address : addresses) {
        if (Covers(source, address)) return true;
      }
    }
  }
  return false;
}

bool ReachAny(const Compiled& compiled, const Devices& devices) {
  std::map<NodeId, std::vector<FilterRule>> filters;
  for (const Node* device : devices) {
    for (const NodeId peer : compiled.PeersOf(device->id)) {
      auto found = filters.find(peer);
      if (found == filters.end()) {
        found = filters.emplace(peer, compiled.View(peer).filter).first;
      }
      if (LetsIn(found->second, *device)) return true;
    }
  }
  return false;
}

Devices DevicesOf(const Topology& topology, const std::set<UserId>& users) {
  Devices devices;
  for (const Node& node : topology.nodes) {
    const bool own = node.tags.empty() && users.count(node.user) > 0;
    if (own) devices.push_back(&node);
  }
  return devices;
}

std::set<UserId> AdministratorsOf(const Topology& topology) {
  std::set<UserId> users;
  for (const User& user : topology.users) {
    if (user.guest) continue;
    if (user.role == Role::kOwner || user.role == Role::kAdmin ||
        user.role == Role::kNetworkAdmin) {
      users.insert(user.id);
    }
  }
  return users;
}

}  // namespace

std::string LockoutOf(const Compiled& before, const Compiled& after,
                      const Topology& topology, UserId author) {
  const Devices own = DevicesOf(topology, {author});
  const Devices devices =
      own.empty() ? DevicesOf(topology, AdministratorsOf(topology)) : own;
  if (devices.empty()) return "";
  if (!ReachAny(before, devices) || ReachAny(after, devices)) return "";
  return absl::StrCat(own.empty() ? "no device of an owner or administrator"
                                  : "none of your devices",
                      " would reach any other device any more (such as ",
                      devices.front()->name, ")");
}

}  // namespace warren::policy
