#include "core/policy/diff.h"

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/policy/device_names.h"
#include "core/policy/ports.h"
#include "core/policy/reach.h"

namespace warren::policy {
namespace {

// Protocols that one rule names together.
using Protocols = std::vector<uint8_t>;

// Where flows end at one device: its own addresses, or a network behind it.
struct Spot {
  size_t node = 0;
  std::string network;  // empty: the device itself
  Protocols protocols;  // as of the rule
  auto operator<=>(const Spot&) const = default;
};

struct PortUse {
  PortRange ports;
  bool after = false;
  const NodeSet* sources = nullptr;
};

// A change as it is found: the same sources, ports and direction are one.
struct ChangeKey {
  bool opens = false;
  NodeSet sources;
  Protocols protocols;
  std::vector<PortRange> ports;
  auto operator<=>(const ChangeKey&) const = default;
};
struct ChangeEnds {
  NodeSet devices;
  std::set<std::string> networks;
};

std::string PortsText(const std::vector<PortRange>& ports) {
  std::vector<std::string> texts;
  for (const PortRange& range : ports) {
    if (range.IsAll()) return "all ports";
    texts.push_back(range.first == range.last
                        ? absl::StrCat(range.first)
                        : absl::StrCat(range.first, "-", range.last));
  }
  return absl::StrJoin(texts, ", ");
}

std::string WhatText(const ChangeKey& key) {
  std::vector<std::string> names;
  for (const uint8_t protocol : key.protocols) {
    names.push_back(ProtocolText(protocol));
  }
  const std::string ports = PortsText(key.ports);
  if (names.empty()) return ports;
  return absl::StrCat(absl::StrJoin(names, ", "), " ", ports);
}

class Differ {
 public:
  Differ(const Compiled& before, const Compiled& after,
         const Topology& topology)
      : before_(before), after_(after), topology_(topology), names_(topology) {
    for (const Node& node : topology.nodes) {
      addresses_.push_back(AddressesOf(node));
    }
  }

  PolicyDiff Run() {
    for (size_t node = 0; node < topology_.nodes.size(); ++node) {
      const NodeView old_view = before_.View(topology_.nodes[node].id);
      const NodeView new_view = after_.View(topology_.nodes[node].id);
      CompareFilters(node, old_view.filter, new_view.filter);
      CompareRest(node, old_view, new_view);
    }
    for (const auto& [key, ends] : changes_) Report(key, ends);
    return std::move(diff_);
  }

 private:
  using Uses = std::map<Spot, std::vector<PortUse>>;

  // The nodes that a list of sources covers. Lists are shared by many rules.
  const NodeSet* SourcesOf(const FilterRule& rule) {
    std::unique_ptr<NodeSet>& set = sources_[rule.sources.get()];
    if (set != nullptr) return set.get();
    set = std::make_unique<NodeSet>(addresses_.size());
    kept_.push_back(rule.sources);  // so that no other list gets this address
    for (size_t node = 0; node < addresses_.size(); ++node) {
      if (CoversAny(*rule.sources, node)) set->Add(node);
    }
    return set.get();
  }

  template <class Texts>
  bool CoversAny(const Texts& texts, size_t node) const {
    for (const AddressText& text : texts) {
      for (const net::IpAddress& address : addresses_[node]) {
        if (Covers(text, address)) return true;
      }
    }
    return false;
  }

  bool IsOwn(const AddressText& text, size_t node) const {
    return std::any_of(
        addresses_[node].begin(), addresses_[node].end(),
        [&](const net::IpAddress& address) { return Covers(text, address); });
  }

  void Collect(size_t node, const std::vector<FilterRule>& filter, bool after,
               Uses& uses) {
    for (const FilterRule& rule : filter) {
      if (rule.sources == nullptr || rule.destinations.empty()) continue;
      const NodeSet* sources = SourcesOf(rule);
      for (const FilterDestination& to : rule.destinations) {
        Spot spot{node, IsOwn(to.address, node) ? "" : to.address.text,
                  rule.protocols};
        uses[spot].push_back({{to.first_port, to.last_port}, after, sources});
      }
    }
  }

  void CompareFilters(size_t node, const std::vector<FilterRule>& old_filter,
                      const std::vector<FilterRule>& new_filter) {
    Uses uses;
    Collect(node, old_filter, false, uses);
    Collect(node, new_filter, true, uses);
    for (const auto& [spot, all] : uses) CompareSpot(spot, all);
  }

  // Cuts the ports where some use begins or ends, and compares the sources
  // piece by piece. Pieces with the same change come together.
  void CompareSpot(const Spot& spot, const std::vector<PortUse>& uses) {
    std::set<uint32_t> cuts;
    for (const PortUse& use : uses) {
      cuts.insert(use.ports.first);
      cuts.insert(uint32_t{use.ports.last} + 1);
    }
    std::map<std::pair<bool, NodeSet>, std::vector<PortRange>> found;
    for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
      const PortRange piece{static_cast<uint16_t>(*cut),
                            static_cast<uint16_t>(*std::next(cut) - 1)};
      NodeSet old_sources(addresses_.size());
      NodeSet new_sources(addresses_.size());
      for (const PortUse& use : uses) {
        if (use.ports.first > piece.first || use.ports.last < piece.last) {
          continue;
        }
        (use.after ? new_sources : old_sources).Unite(*use.sources);
      }
      AddPiece(true, new_sources.Without(old_sources), piece, spot, found);
      AddPiece(false, old_sources.Without(new_sources), piece, spot, found);
    }
    for (auto& [change, ports] : found) {
      ChangeEnds& ends = changes_[{change.first, change.second, spot.protocols,
                                   std::move(ports)}];
      if (spot.network.empty()) {
        if (ends.devices == NodeSet())
          ends.devices = NodeSet(addresses_.size());
        ends.devices.Add(spot.node);
      } else {
        ends.networks.insert(spot.network);
      }
    }
  }

  static void AddPiece(
      bool opens, NodeSet sources, PortRange piece, const Spot& spot,
      std::map<std::pair<bool, NodeSet>, std::vector<PortRange>>& found) {
    // That a device reaches itself is nothing to tell.
    NodeSet self = sources.Without(sources);
    self.Add(spot.node);
    if (spot.network.empty()) sources = sources.Without(self);
    if (sources.empty()) return;
    std::vector<PortRange>& ports = found[{opens, std::move(sources)}];
    if (!ports.empty() && ports.back().last + 1 == piece.first) {
      ports.back().last = piece.last;
    } else {
      ports.push_back(piece);
    }
  }

  void CompareRest(size_t node, const NodeView& old_view,
                   const NodeView& new_view) {
    const std::string& name = topology_.nodes[node].name;
    if (old_view.ssh != new_view.ssh) diff_.ssh.push_back(name);
    if (old_view.cap_map != new_view.cap_map) diff_.attributes.push_back(name);
    const auto grants = [](const NodeView& view) {
      std::vector<std::pair<std::vector<std::string>, CapGrant>> all;
      for (const FilterRule& rule : view.filter) {
        std::vector<std::string> sources;
        if (rule.sources == nullptr) continue;
        for (const AddressText& text : *rule.sources) {
          sources.push_back(text.text);
        }
        for (const CapGrant& grant : rule.cap_grants) {
          all.emplace_back(sources, grant);
        }
      }
      return all;
    };
    if (grants(old_view) != grants(new_view)) {
      diff_.capabilities.push_back(name);
    }
  }

  void Report(const ChangeKey& key, const ChangeEnds& ends) {
    FlowChange change;
    change.opens = key.opens;
    change.sources = names_.Describe(key.sources);
    if (!(ends.devices == NodeSet())) {
      change.destinations = names_.Describe(ends.devices);
    }
    change.destinations.insert(change.destinations.end(), ends.networks.begin(),
                               ends.networks.end());
    change.what = WhatText(key);
    diff_.flows.push_back(std::move(change));
  }

  const Compiled& before_;
  const Compiled& after_;
  const Topology& topology_;
  const DeviceNames names_;
  std::vector<std::vector<net::IpAddress>> addresses_;
  std::map<const void*, std::unique_ptr<NodeSet>> sources_;
  std::vector<std::shared_ptr<const void>> kept_;
  std::map<ChangeKey, ChangeEnds> changes_;
  PolicyDiff diff_;
};

void AppendList(absl::string_view what, const std::vector<std::string>& names,
                std::string& text) {
  constexpr size_t kMaxNamed = 10;
  if (names.empty()) return;
  const size_t shown = std::min(names.size(), kMaxNamed);
  absl::StrAppend(
      &text, what, " change on ",
      absl::StrJoin(names.begin(),
                    names.begin() + static_cast<ptrdiff_t>(shown), ", "));
  if (names.size() > shown) {
    absl::StrAppend(&text, " and ", names.size() - shown, " more");
  }
  text += '\n';
}

}  // namespace

PolicyDiff DiffPolicies(const Compiled& before, const Compiled& after,
                        const Topology& topology) {
  return Differ(before, after, topology).Run();
}

std::string DescribeDiff(const PolicyDiff& diff) {
  std::string text;
  for (const FlowChange& change : diff.flows) {
    absl::StrAppend(&text, change.opens ? "opens:  " : "closes: ",
                    absl::StrJoin(change.sources, ", "), " -> ",
                    absl::StrJoin(change.destinations, ", "), ": ", change.what,
                    "\n");
  }
  AppendList("SSH rules", diff.ssh, text);
  AppendList("attributes", diff.attributes, text);
  AppendList("app capabilities", diff.capabilities, text);
  return text;
}

}  // namespace warren::policy
