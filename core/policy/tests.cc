#include "core/policy/tests.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/policy/address.h"
#include "core/policy/attributes.h"
#include "core/policy/directory.h"
#include "core/policy/flow.h"
#include "core/policy/ports.h"
#include "core/policy/resolve.h"
#include "core/policy/routes.h"
#include "core/policy/selector.h"
#include "core/policy/source_set.h"
#include "core/policy/ssh_rules.h"

namespace warren::policy {
namespace {

using net::IpAddress;
using net::IpPrefix;

// What a rule without protocols allows, and a test without one asks for.
constexpr uint8_t kDefaultProtocols[] = {6, 17, 1, 58};

Problem Failed(const Place& place, absl::string_view what,
               std::string hint = "") {
  return {place, absl::StrCat("test(s) failed: ", what), std::move(hint)};
}

std::string LineOf(const Place& place) {
  return place.line == 0 ? "as there are no rules at all"
                         : absl::StrCat("by the rule at line ", place.line);
}

// The topology of a test: the real one, and a device for each user and tag
// that the tests name and that has none.
class Bench {
 public:
  Bench(const Policy& policy, Topology topology)
      : topology_(std::move(topology)),
        directory_(topology_),
        resolver_(policy, directory_),
        routes_(resolver_),
        identities_(directory_.nodes().size()),
        book_(resolver_, routes_, identities_),
        flows_(MakeFlows(resolver_, routes_, identities_, book_)) {}

  const Directory& directory() const { return directory_; }
  Resolver& resolver() { return resolver_; }
  const RouteTable& routes() const { return routes_; }
  const std::vector<Flow>& flows() const { return flows_; }

 private:
  Topology topology_;
  Directory directory_;
  Resolver resolver_;
  RouteTable routes_;
  std::vector<uint64_t> identities_;
  SourceBook book_;
  std::vector<Flow> flows_;
};

// Adds devices that are not there. Ids are below all others.
class Imagined {
 public:
  Imagined(const Policy& policy, const Topology& topology)
      : policy_(policy),
        topology_(topology),
        real_(topology),
        resolver_(policy, real_) {}

  Topology Make() {
    for (const Test& test : policy_.tests) {
      AddFor(test.src.text);
      for (const Texts* list : {&test.accept, &test.deny}) {
        for (const Text& dst : *list) {
          const auto split = SplitDestination(dst.text);
          if (split.ok()) AddFor(split->selector);
        }
      }
    }
    for (const SshTest& test : policy_.ssh_tests) {
      AddFor(test.src.text);
      for (const Text& dst : test.dst) AddFor(dst.text);
    }
    return std::move(topology_);
  }

 private:
  void AddFor(const std::string& text) {
    const auto selector = ParseSelector(text);
    if (!selector.ok() || !done_.insert(text).second) return;
    if (selector->kind == SelectorKind::kTag) {
      const bool defined = std::ranges::any_of(
          policy_.tag_owners,
          [&](const Definition& d) { return d.name.text == text; });
      if (defined && real_.WithTag(text).empty()) AddNode({}, {text});
      return;
    }
    if (selector->kind != SelectorKind::kUser &&
        selector->kind != SelectorKind::kGroup) {
      return;
    }
    for (const Index user : resolver_.Users(text)) {
      const User& who = *real_.users()[user];
      if (who.guest || !real_.OfUser(user).empty()) continue;
      if (done_.insert(absl::StrCat("user ", who.id.value())).second) {
        AddNode(who.id, {});
      }
    }
  }

  void AddNode(UserId user, std::vector<std::string> tags) {
    Node node;
    node.id = NodeId(-++count_);
    node.user = user;
    node.tags = std::move(tags);
    node.ipv4 = Unused("100.115.92.0", 4);  // the hole that no node gets
    node.ipv6 = Unused("fd7a:115c:a1e0:ffff::", 16);
    topology_.nodes.push_back(std::move(node));
  }

  IpAddress Unused(const char* base, size_t size) const {
    std::array<uint8_t, 16> bytes{};
    const IpAddress first = IpAddress::Parse(base).value();
    std::ranges::copy(first.bytes(), bytes.begin());
    bytes[size - 1] = static_cast<uint8_t>(count_);
    bytes[size - 2] = static_cast<uint8_t>(bytes[size - 2] + count_ / 256);
    return size == 4
               ? IpAddress::V4(std::span<const uint8_t, 4>(bytes.data(), 4))
               : IpAddress::V6(bytes);
  }

  const Policy& policy_;
  Topology topology_;
  Directory real_;
  Resolver resolver_;
  std::set<std::string> done_;
  int64_t count_ = 0;
};

// One side of a test.
struct Side {
  Indices devices;         // meant as devices
  AddressTexts addresses;  // meant literally
  bool internet = false;
  std::string fault;  // why it means nothing
};

// Addresses of one family speak to such alone; devices have both.
bool MayMeet(const Side& source, const Side& target) {
  if (source.addresses.empty() || target.addresses.empty()) return true;
  const bool v4 = source.addresses[0].ranges[0].first.is_v4();
  return v4 == target.addresses[0].ranges[0].first.is_v4();
}

// Whether `flow` takes `address`, of `node` if that is a device.
bool Takes(const SourceSet& source, std::optional<Index> node,
           const AddressText& address) {
  if (node.has_value()) {
    if (!source.HasMember(*node)) return false;
    if (source.everyone) return true;
    if (std::ranges::binary_search(*source.texts, address)) return true;
  }
  return std::ranges::any_of(*source.texts, [&](const AddressText& text) {
    return std::ranges::any_of(address.ranges, [&](const AddressRange& r) {
      return text.Overlaps(r);
    });
  });
}

bool OverlapsAny(const AddressTexts& texts, const AddressText& one) {
  return std::ranges::any_of(texts, [&](const AddressText& text) {
    return text.Overlaps(one.ranges[0]);
  });
}

bool Includes(const Bench& bench, const Destination& to, const Side& target) {
  switch (to.kind) {
    case Destination::Kind::kEverything:
      return true;
    case Destination::Kind::kInternet:
      return target.internet ||
             (!bench.routes().exit_nodes().empty() &&
              std::ranges::any_of(target.addresses, [](const AddressText& t) {
                return OverlapsAny(InternetAddresses(), t);
              }));
    case Destination::Kind::kDevices:
    case Destination::Kind::kAddress:
      break;
  }
  const Directory& directory = bench.directory();
  const bool by_device = to.kind == Destination::Kind::kDevices;
  for (const Index node : target.devices) {
    if (by_device && std::ranges::binary_search(*to.devices, node)) return true;
    if (!by_device && OverlapsAny(directory.TextsOf(node), to.address)) {
      return true;
    }
  }
  for (const AddressText& text : target.addresses) {
    if (!by_device && to.address.Overlaps(text.ranges[0])) return true;
    Indices within;
    directory.AppendWithin(text.ranges[0], within);
    const bool meant = std::ranges::any_of(within, [&](Index node) {
      return std::ranges::binary_search(*to.devices, node);
    });
    if (by_device && meant) return true;
  }
  return false;
}

struct Wanted {
  std::vector<uint8_t> protocols;  // one of them is enough
  std::vector<PortRange> ports;    // all of them
};

bool Opens(const PortGroups& groups, const Wanted& wanted) {
  return std::ranges::all_of(wanted.ports, [&](const PortRange& port) {
    return std::ranges::any_of(groups, [&](const PortGroup& group) {
      const auto named = [&](uint8_t protocol) {
        return group.protocols.empty()
                   ? std::ranges::count(kDefaultProtocols, protocol) > 0
                   : std::ranges::count(group.protocols, protocol) > 0;
      };
      return std::ranges::any_of(wanted.protocols, named) &&
             std::ranges::any_of(group.ports, [&](const PortRange& open) {
               return open.first <= port.first && port.last <= open.last;
             });
    });
  });
}

// Runs the tests of one policy.
class Runner {
 public:
  Runner(const Policy& policy, const Topology& topology)
      : policy_(policy),
        topology_(Imagined(policy, topology).Make()),
        bench_(policy, topology_) {}

  std::vector<Problem> Run() {
    for (const Test& test : policy_.tests) RunOne(test);
    if (!policy_.ssh_tests.empty()) {
      const SshRules rules(bench_.resolver());
      for (const SshTest& test : policy_.ssh_tests) RunSsh(test, rules);
    }
    return std::move(problems_);
  }

 private:
  Side SourceOf(Bench& bench, const std::string& text) const;
  Side TargetOf(Bench& bench, const Test& test, const std::string& text) const;
  void RunOne(const Test& test);
  void RunAgainst(Bench& bench, const Test& test);
  void Judge(Bench& bench, const Test& test, const Side& source,
             const Text& dst, bool accept);
  // The rule that lets every address of `source` through; else nullopt.
  std::optional<Place> Allowed(const Bench& bench, const Side& source,
                               const Side& target, const Wanted& wanted) const;
  void RunSsh(const SshTest& test, const SshRules& rules);
  void JudgeSsh(const SshTest& test, const std::string& user,
                const Indices& sources, Index target, const SshRules& rules,
                absl::string_view expected);
  void Note(Problem problem) { problems_.push_back(std::move(problem)); }

  const Policy& policy_;
  Topology topology_;
  Bench bench_;
  std::vector<Problem> problems_;
};

Side Runner::SourceOf(Bench& bench, const std::string& text) const {
  Side side;
  const Resolved& resolved = bench.resolver().Resolve(text);
  side.devices = resolved.devices;
  if (resolved.kind == Resolved::Kind::kAddresses) {
    side.devices.clear();
    side.addresses = resolved.addresses;
  } else if (resolved.kind == Resolved::Kind::kEverything) {
    side.devices = bench.directory().devices();
  }
  if (side.devices.empty() && side.addresses.empty()) {
    side.fault = absl::StrCat("src \"", text, "\" is no device or address");
  }
  return side;
}

Side Runner::TargetOf(Bench& bench, const Test& test,
                      const std::string& text) const {
  Side side;
  Resolver& resolver = bench.resolver();
  const Resolved& resolved = resolver.Resolve(text);
  if (resolved.kind == Resolved::Kind::kInternet) {
    side.internet = true;
    if (!bench.routes().exit_nodes().empty()) return side;
    side.fault = absl::StrCat("dst \"", text, "\": there is no exit node");
    return side;
  }
  if (resolved.kind == Resolved::Kind::kSelf) {
    for (const Index user : resolver.Users(test.src.text)) {
      const Indices& own = bench.directory().OfUser(user);
      side.devices.insert(side.devices.end(), own.begin(), own.end());
    }
    Normalise(side.devices);
  } else {
    side = SourceOf(bench, text);
    side.fault.clear();
  }
  if (side.devices.empty() && side.addresses.empty()) {
    side.fault = absl::StrCat("dst \"", text, "\" is no device or address");
  }
  return side;
}

// Attributes given with a test are those of its source, for that test.
void Runner::RunOne(const Test& test) {
  if (test.src_posture_attributes.empty()) return RunAgainst(bench_, test);
  Topology changed = topology_;
  const Indices sources = bench_.resolver().Devices({test.src});
  for (const Index node : sources) {
    for (Node& one : changed.nodes) {
      if (one.id != bench_.directory().node(node).id) continue;
      one.attributes = test.src_posture_attributes;
    }
  }
  Bench bench(policy_, std::move(changed));
  RunAgainst(bench, test);
}

void Runner::RunAgainst(Bench& bench, const Test& test) {
  const Side source = SourceOf(bench, test.src.text);
  if (!source.fault.empty()) return Note(Failed(test.src.place, source.fault));
  for (const Text& dst : test.accept) Judge(bench, test, source, dst, true);
  for (const Text& dst : test.deny) Judge(bench, test, source, dst, false);
}

void Runner::Judge(Bench& bench, const Test& test, const Side& source,
                   const Text& dst, bool accept) {
  const auto split = SplitDestination(dst.text);
  if (!split.ok()) {
    return Note(Failed(dst.place, split.status().message()));
  }
  const auto ports = ParsePorts(split->ports);
  if (!ports.ok()) return Note(Failed(dst.place, ports.status().message()));
  Wanted wanted;
  wanted.ports = *ports;
  std::string with;
  if (test.proto.has_value() && !test.proto->text.empty()) {
    const auto protocol = ParseProtocol(test.proto->text);
    if (!protocol.ok()) {
      return Note(Failed(test.proto->place, protocol.status().message()));
    }
    wanted.protocols = {*protocol};
    with = absl::StrCat(" (", test.proto->text, ")");
  } else {
    wanted.protocols.assign(std::begin(kDefaultProtocols),
                            std::end(kDefaultProtocols));
  }
  const Side target = TargetOf(bench, test, split->selector);
  if (!target.fault.empty()) return Note(Failed(dst.place, target.fault));
  if (!MayMeet(source, target)) {
    return Note(Failed(dst.place, absl::StrCat(test.src.text, " -> ", dst.text,
                                               ": IPv4 and IPv6 never meet")));
  }
  const auto rule = Allowed(bench, source, target, wanted);
  if (rule.has_value() == accept) return;
  Note(Failed(dst.place,
              absl::StrCat(test.src.text, " -> ", dst.text, with, ": expected ",
                           accept ? "accept, got deny" : "deny, got accept"),
              accept ? "" : absl::StrCat("allowed ", LineOf(*rule))));
}

std::optional<Place> Runner::Allowed(const Bench& bench, const Side& source,
                                     const Side& target,
                                     const Wanted& wanted) const {
  std::vector<const Flow*> fitting;
  for (const Flow& flow : bench.flows()) {
    const bool fits = std::ranges::any_of(flow.to, [&](const Destination& to) {
      return Opens(*to.ports, wanted) && Includes(bench, to, target);
    });
    if (fits) fitting.push_back(&flow);
  }
  std::optional<Place> rule;
  const auto passes = [&](std::optional<Index> node, const AddressText& text) {
    const auto by = std::ranges::find_if(fitting, [&](const Flow* flow) {
      return Takes(*flow->source, node, text);
    });
    if (by == fitting.end()) return false;
    rule = (*by)->place;
    return true;
  };
  for (const Index node : source.devices) {
    for (const AddressText& text : bench.directory().TextsOf(node)) {
      if (!passes(node, text)) return std::nullopt;
    }
  }
  for (const AddressText& text : source.addresses) {
    if (!passes(std::nullopt, text)) return std::nullopt;
  }
  return rule;
}

bool IsIpv6Literal(const std::string& text) {
  const auto address = IpAddress::Parse(text);
  return address.ok() && address->is_v6();
}

void Runner::RunSsh(const SshTest& test, const SshRules& rules) {
  Resolver& resolver = bench_.resolver();
  const Indices sources = resolver.Devices({test.src});
  if (sources.empty()) {
    return Note(Failed(test.src.place, absl::StrCat("src \"", test.src.text,
                                                    "\" is no device")));
  }
  if (test.accept.empty() && test.deny.empty() && test.check.empty()) {
    return Note(Failed(test.place, "an SSH test needs accept, deny or check"));
  }
  for (const Text& dst : test.dst) {
    Test as_test;
    as_test.src = test.src;
    Indices targets;
    // The hosted service fails these, so a policy that has one is not portable.
    if (!IsIpv6Literal(dst.text)) {
      const Side side = TargetOf(bench_, as_test, dst.text);
      targets = side.devices;
      for (const AddressText& text : side.addresses) {
        bench_.directory().AppendWithin(text.ranges[0], targets);
      }
    }
    if (targets.empty()) {
      Note(Failed(
          dst.place, absl::StrCat("dst \"", dst.text, "\" is no device"),
          IsIpv6Literal(dst.text) ? "name it by IPv4 address or tag" : ""));
      continue;
    }
    for (const Index target : targets) {
      for (const Text& user : test.accept) {
        JudgeSsh(test, user.text, sources, target, rules, "accept");
      }
      for (const Text& user : test.deny) {
        JudgeSsh(test, user.text, sources, target, rules, "deny");
      }
      for (const Text& user : test.check) {
        JudgeSsh(test, user.text, sources, target, rules, "check");
      }
    }
  }
}

// Every address of every source must fare as expected.
void Runner::JudgeSsh(const SshTest& test, const std::string& user,
                      const Indices& sources, Index target,
                      const SshRules& rules, absl::string_view expected) {
  const std::vector<SshPolicyRule> of_target = rules.Of(target);
  for (const Index source : sources) {
    for (const AddressText& text : bench_.directory().TextsOf(source)) {
      bool let_in = false;
      bool checked = false;
      for (const SshPolicyRule& rule : of_target) {
        const bool applies =
            MayLogInAs(rule.ssh_users, user) &&
            std::ranges::count(rule.principals, text.ranges[0].first) > 0;
        let_in = let_in || applies;
        checked = checked || (applies && !rule.action.accept);
      }
      const bool as_expected = expected == "accept" ? let_in
                               : expected == "deny" ? !let_in
                                                    : checked;
      if (as_expected) continue;
      const Node& node = bench_.directory().node(target);
      return Note(Failed(
          test.place,
          absl::StrCat(test.src.text, " as ", user.empty() ? "\"\"" : user,
                       " on ", node.name.empty() ? "a device" : node.name,
                       ": expected ", expected, ", got ",
                       !let_in   ? "deny"
                       : checked ? "check"
                                 : "accept")));
    }
  }
}

}  // namespace

std::vector<Problem> RunTests(const Policy& policy, const Topology& topology) {
  if (policy.tests.empty() && policy.ssh_tests.empty()) return {};
  return Runner(policy, topology).Run();
}

}  // namespace warren::policy
