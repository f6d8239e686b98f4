#include "core/policy/flow.h"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/string_view.h"
#include "core/policy/hash.h"

namespace warren::policy {
namespace {

using PortsPtr = std::shared_ptr<const PortGroups>;

// A destination as a rule spells it, with what it opens.
struct Target {
  std::string selector;
  PortsPtr ports;
};

// A rule, ACL or grant.
struct RuleText {
  const Texts* src = nullptr;
  std::vector<Target> targets;
  Texts postures;
  const std::vector<AppCapability>* app = nullptr;
  const Texts* via = nullptr;
  Place place;
};

void AddPorts(const std::optional<uint8_t>& protocol,
              const std::vector<PortRange>& ports, PortGroups& groups) {
  std::vector<uint8_t> protocols;
  if (protocol.has_value()) protocols.push_back(*protocol);
  for (PortGroup& group : groups) {
    if (group.protocols != protocols) continue;
    group.ports.insert(group.ports.end(), ports.begin(), ports.end());
    return;
  }
  groups.push_back({std::move(protocols), ports});
}

// Ports of one selector stay together, in the order of the file.
std::vector<Target> TargetsOf(const Acl& acl) {
  std::optional<uint8_t> protocol;
  if (!acl.proto.text.empty()) {
    const auto parsed = ParseProtocol(acl.proto.text);
    if (!parsed.ok()) return {};
    protocol = *parsed;
  }
  std::map<std::string, PortGroups> by_selector;
  for (const Text& dst : acl.dst) {
    const auto split = SplitDestination(dst.text);
    if (!split.ok()) continue;
    const auto ports = ParsePorts(split->ports);
    if (!ports.ok()) continue;
    AddPorts(protocol, *ports, by_selector[split->selector]);
  }
  std::vector<Target> targets;
  for (auto& [selector, groups] : by_selector) {
    targets.push_back(
        {selector, std::make_shared<const PortGroups>(std::move(groups))});
  }
  return targets;
}

std::vector<Target> TargetsOf(const Grant& grant) {
  PortGroups groups;
  for (const Text& item : grant.ip) {
    const auto parsed = ParseIpItem(item.text);
    if (parsed.ok()) AddPorts(parsed->protocol, parsed->ports, groups);
  }
  const auto ports = std::make_shared<const PortGroups>(std::move(groups));
  std::set<std::string> selectors;
  for (const Text& dst : grant.dst) selectors.insert(dst.text);
  std::vector<Target> targets;
  for (const std::string& selector : selectors) {
    targets.push_back({selector, ports});
  }
  return targets;
}

// Capabilities that the other side is told of when one is granted.
std::optional<absl::string_view> CompanionOf(absl::string_view capability) {
  if (capability == "tailscale.com/cap/drive") {
    return "tailscale.com/cap/drive-sharer";
  }
  if (capability == "tailscale.com/cap/relay") {
    return "tailscale.com/cap/relay-target";
  }
  return std::nullopt;
}

// Makes the flows of one rule after the other.
class FlowMaker {
 public:
  FlowMaker(Resolver& resolver, const RouteTable& routes,
            const std::vector<uint64_t>& identities, SourceBook& book)
      : resolver_(resolver),
        routes_(routes),
        identities_(identities),
        book_(book) {}

  void Add(const RuleText& rule);
  std::vector<Flow> Take() { return std::move(flows_); }

 private:
  void AddDestinations(const Target& target, std::vector<Destination>& to);
  void AddAddresses(const Resolved& resolved, const PortsPtr& ports,
                    std::vector<Destination>& to);
  void AddSelf(const Place& place, const SourceSet& source,
               const PortsPtr& ports,
               const std::shared_ptr<const Capabilities>& capabilities);
  void AddCompanions(const RuleText& rule, const SourceSet& source,
                     const Capabilities& companions);
  Destination ToDevices(Indices devices, const PortsPtr& ports) const;
  void Hash(Destination& destination) const;
  void Push(Flow flow);

  Resolver& resolver_;
  const RouteTable& routes_;
  const std::vector<uint64_t>& identities_;
  SourceBook& book_;
  std::vector<Flow> flows_;
};

std::shared_ptr<const Capabilities> CapabilitiesOf(const RuleText& rule) {
  // Via steers packets; capabilities do not travel by it.
  if (rule.app == nullptr || rule.app->empty() || rule.via != nullptr) {
    return nullptr;
  }
  Capabilities capabilities;
  for (const AppCapability& app : *rule.app) {
    const std::string& name = app.name.text;
    auto& values = capabilities.values[name];
    values.insert(values.end(), app.values.begin(), app.values.end());
    if (app.empty_list) capabilities.empty_lists.insert(name);
  }
  return std::make_shared<const Capabilities>(std::move(capabilities));
}

void FlowMaker::Add(const RuleText& rule) {
  const SourceSet* source = book_.Of(*rule.src, rule.postures);
  const auto capabilities = CapabilitiesOf(rule);
  // Nobody speaks: a capability granted to nobody is still told.
  const bool told = capabilities != nullptr && !rule.src->empty();
  if (source->empty() && !source->guests && !told) return;
  Flow flow;
  flow.source = source;
  flow.place = rule.place;
  flow.capabilities = capabilities;
  if (rule.via != nullptr) {
    flow.has_via = true;
    flow.via = resolver_.Devices(*rule.via);
  }
  for (const Target& target : rule.targets) {
    const Resolved& resolved = resolver_.Resolve(target.selector);
    if (resolved.kind == Resolved::Kind::kSelf) {
      if (flow.has_via) continue;  // No router leads to own devices.
      AddSelf(rule.place, *source, target.ports, capabilities);
    } else {
      AddDestinations(target, flow.to);
    }
  }
  Push(std::move(flow));
  if (capabilities == nullptr) return;
  Capabilities companions;
  for (const auto& [name, values] : capabilities->values) {
    const auto companion = CompanionOf(name);
    if (companion.has_value()) companions.values[std::string(*companion)];
  }
  if (!companions.values.empty()) AddCompanions(rule, *source, companions);
}

void FlowMaker::AddDestinations(const Target& target,
                                std::vector<Destination>& to) {
  const Resolved& resolved = resolver_.Resolve(target.selector);
  Destination destination;
  destination.ports = target.ports;
  switch (resolved.kind) {
    case Resolved::Kind::kEverything:
      destination.kind = Destination::Kind::kEverything;
      break;
    case Resolved::Kind::kDevices:
      to.push_back(ToDevices(resolved.devices, target.ports));
      return;
    case Resolved::Kind::kInternet:
      destination.kind = Destination::Kind::kInternet;
      break;
    case Resolved::Kind::kAddresses:
      AddAddresses(resolved, target.ports, to);
      return;
    default:
      return;
  }
  Hash(destination);
  to.push_back(std::move(destination));
}

Destination FlowMaker::ToDevices(Indices devices, const PortsPtr& ports) const {
  Destination destination;
  destination.kind = Destination::Kind::kDevices;
  destination.ports = ports;
  // A route may cover addresses of devices.
  for (uint32_t r = 0; r < routes_.subnets().size(); ++r) {
    Indices within;
    resolver_.directory().AppendWithin(routes_.subnets()[r].range, within);
    const bool covers = std::ranges::any_of(within, [&](Index node) {
      return std::ranges::binary_search(devices, node);
    });
    if (covers) destination.routes.push_back(r);
  }
  destination.devices = std::make_shared<const Indices>(std::move(devices));
  Hash(destination);
  return destination;
}

void FlowMaker::AddAddresses(const Resolved& resolved, const PortsPtr& ports,
                             std::vector<Destination>& to) {
  for (const AddressText& address : resolved.addresses) {
    Indices devices;
    Destination destination;
    destination.kind = Destination::Kind::kAddress;
    for (const AddressRange& range : address.ranges) {
      resolver_.directory().AppendWithin(range, devices);
      routes_.AppendOverlapping(range, destination.routes);
    }
    Normalise(devices);
    destination.devices = std::make_shared<const Indices>(std::move(devices));
    destination.address = address;
    destination.ports = ports;
    Hash(destination);
    to.push_back(std::move(destination));
  }
}

// A flow for each user among the sources, between the user's own devices.
void FlowMaker::AddSelf(
    const Place& place, const SourceSet& source, const PortsPtr& ports,
    const std::shared_ptr<const Capabilities>& capabilities) {
  const Directory& directory = resolver_.directory();
  for (Index user = 0; user < directory.users().size(); ++user) {
    if (directory.users()[user]->guest) continue;
    Indices speakers;
    for (const Index node : directory.OfUser(user)) {
      if (source.HasMember(node)) speakers.push_back(node);
    }
    if (speakers.empty()) continue;
    Flow flow;
    flow.source = book_.OfDevices(speakers);
    flow.place = place;
    flow.capabilities = capabilities;
    flow.to.push_back(ToDevices(directory.OfUser(user), ports));
    Push(flow);
    if (capabilities == nullptr) continue;
    Capabilities companions;
    for (const auto& [name, values] : capabilities->values) {
      const auto companion = CompanionOf(name);
      if (companion.has_value()) companions.values[std::string(*companion)];
    }
    if (companions.values.empty()) continue;
    flow.source = book_.OfDevices(directory.OfUser(user));
    flow.capabilities =
        std::make_shared<const Capabilities>(std::move(companions));
    flow.to = {ToDevices(speakers, std::make_shared<const PortGroups>())};
    Push(std::move(flow));
  }
}

// The other way round: the destinations are the sources, and each source is
// told what those are to it.
void FlowMaker::AddCompanions(const RuleText& rule, const SourceSet& source,
                              const Capabilities& companions) {
  Texts targets;
  for (const Target& target : rule.targets) {
    targets.push_back({target.selector, {}});
  }
  Flow flow;
  flow.place = rule.place;
  flow.source = book_.Of(targets, {});
  if (flow.source->empty()) return;
  flow.capabilities = std::make_shared<const Capabilities>(companions);
  const auto no_ports = std::make_shared<const PortGroups>();
  if (rule.postures.empty()) {
    std::set<std::string> selectors;
    for (const Text& src : *rule.src) selectors.insert(src.text);
    for (const std::string& selector : selectors) {
      AddDestinations({selector, no_ports}, flow.to);
    }
  } else {
    flow.to.push_back(ToDevices(source.members, no_ports));
  }
  Push(std::move(flow));
}

void FlowMaker::Hash(Destination& to) const {
  uint64_t rule = Mix(static_cast<uint64_t>(to.kind), HashOf(to.address.text));
  for (const PortGroup& group : *to.ports) {
    for (const uint8_t protocol : group.protocols) rule = Mix(rule, protocol);
    for (const PortRange& range : group.ports) {
      rule = Mix(rule, (uint64_t{range.first} << 16) | range.last);
    }
    rule = Mix(rule, 1);
  }
  uint64_t reach = static_cast<uint64_t>(to.kind);
  if (to.devices != nullptr) {
    for (const Index node : *to.devices) reach = Mix(reach, identities_[node]);
  }
  for (const uint32_t r : to.routes) reach = Mix(reach, routes_.Hash(r));
  to.rule_hash = rule;
  to.reach_hash = reach;
}

void FlowMaker::Push(Flow flow) {
  if (flow.to.empty()) return;
  uint64_t hash = flow.has_via;
  for (const Index node : flow.via) hash = Mix(hash, identities_[node]);
  if (flow.capabilities != nullptr) {
    for (const auto& [name, values] : flow.capabilities->values) {
      hash = Mix(hash, HashOf(name));
      hash = Mix(hash, flow.capabilities->empty_lists.count(name));
      for (const std::string& value : values) hash = Mix(hash, HashOf(value));
    }
  }
  flow.hash = hash;
  flows_.push_back(std::move(flow));
}

const Texts& PosturesOf(const Policy& policy, const Texts& own) {
  return own.empty() ? policy.default_src_posture : own;
}

}  // namespace

std::vector<Flow> MakeFlows(Resolver& resolver, const RouteTable& routes,
                            const std::vector<uint64_t>& identities,
                            SourceBook& book) {
  const Policy& policy = resolver.policy();
  FlowMaker maker(resolver, routes, identities, book);
  if (policy.grants.has_value()) {
    for (const Grant& grant : *policy.grants) {
      maker.Add({&grant.src, TargetsOf(grant),
                 PosturesOf(policy, grant.src_posture), &grant.app,
                 grant.via.empty() ? nullptr : &grant.via, grant.place});
    }
  }
  if (policy.acls.has_value()) {
    for (const Acl& acl : *policy.acls) {
      maker.Add({&acl.src, TargetsOf(acl), PosturesOf(policy, acl.src_posture),
                 nullptr, nullptr, acl.place});
    }
  }
  if (!policy.grants.has_value() && !policy.acls.has_value()) {
    const Texts everything = {{"*", {}}};
    const auto all_ports =
        std::make_shared<const PortGroups>(PortGroups{{{}, {PortRange{}}}});
    maker.Add({&everything, {{"*", all_ports}}, {}, nullptr, nullptr, {}});
  }
  return maker.Take();
}

}  // namespace warren::policy
