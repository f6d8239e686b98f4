#include "core/policy/evaluate.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::policy {
namespace {

using net::IpAddress;
using net::IpPrefix;

struct Named {
  const char* first;
  const char* last;
};

bool Within(const IpAddress& a, const Named& range) {
  static constexpr auto parse = [](const char* text) {
    return IpAddress::Parse(text).value();
  };
  return parse(range.first) <= a && a <= parse(range.last);
}

// 100.64.0.0/10 without ChromeOS' part, and the IPv6 of a tailnet.
bool IsTailnetAddress(const IpAddress& a) {
  if (!a.IsTailnet()) return false;
  return !Within(a, {"100.115.92.0", "100.115.93.255"});
}

bool IsInternetAddress(const IpAddress& a) {
  if (a.is_v6()) {
    return Within(a, {"2000::", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"});
  }
  return !a.IsPrivate() && !a.IsLinkLocal() &&
         !Within(a, {"100.64.0.0", "100.127.255.255"});
}

std::vector<Selector> ReadAll(const Texts& texts) {
  std::vector<Selector> selectors;
  for (const Text& text : texts) {
    auto selector = ParseSelector(text.text);
    if (selector.ok()) selectors.push_back(*std::move(selector));
  }
  return selectors;
}

bool IsOwn(const Node& node, const IpAddress& a) {
  return node.ipv4 == a || node.ipv6 == a;
}

constexpr uint8_t kIcmp = 1;
constexpr uint8_t kIcmpV6 = 58;

// Whoever may send anything may send ICMP; other protocols without ports need
// a rule for all ports (spec 3.11).
bool Opens(const std::optional<uint8_t>& rule,
           const std::vector<PortRange>& ports, const Probe& packet) {
  constexpr uint8_t kDefault[] = {kIcmp, 6, 17, kIcmpV6};
  if (packet.protocol == kIcmp || packet.protocol == kIcmpV6) {
    return !ports.empty();
  }
  const bool protocol = rule.has_value()
                            ? *rule == packet.protocol
                            : std::ranges::count(kDefault, packet.protocol) > 0;
  return protocol && std::ranges::any_of(ports, [&](const PortRange& range) {
           if (!HasPorts(packet.protocol)) return range.IsAll();
           return range.first <= packet.port && packet.port <= range.last;
         });
}

bool IsOfDomain(absl::string_view name, absl::string_view domain) {
  return absl::EndsWithIgnoreCase(name, absl::StrCat("@", domain));
}

bool SameName(absl::string_view a, absl::string_view b) {
  return absl::EqualsIgnoreCase(a, b);
}

}  // namespace

Evaluator::Evaluator(const Policy& policy, const Topology& topology)
    : policy_(policy), topology_(topology) {
  if (policy.acls.has_value()) {
    for (const Acl& acl : *policy.acls) AddAcl(acl);
  }
  if (policy.grants.has_value()) {
    for (const Grant& grant : *policy.grants) AddGrant(grant);
  }
  for (const Node& node : topology.nodes) {
    std::vector<IpPrefix> in_force;
    for (const IpPrefix& route : node.routable_ips) {
      if (!IsGuest(node) && Serves(node, route)) in_force.push_back(route);
    }
    routes_.push_back(std::move(in_force));
  }
}

void Evaluator::AddAcl(const Acl& acl) {
  std::optional<uint8_t> protocol;
  if (!acl.proto.text.empty()) {
    const auto parsed = ParseProtocol(acl.proto.text);
    if (!parsed.ok()) return;
    protocol = *parsed;
  }
  Rule rule;
  rule.place = acl.place;
  rule.src = ReadAll(acl.src);
  rule.postures = acl.src_posture;
  for (const Text& dst : acl.dst) {
    const auto split = SplitDestination(dst.text);
    if (!split.ok()) continue;
    const auto selector = ParseSelector(split->selector);
    const auto ports = ParsePorts(split->ports);
    if (selector.ok() && ports.ok()) {
      rule.dst.push_back({*selector, protocol, *ports});
    }
  }
  rules_.push_back(std::move(rule));
}

void Evaluator::AddGrant(const Grant& grant) {
  Rule rule;
  rule.place = grant.place;
  rule.src = ReadAll(grant.src);
  rule.via = ReadAll(grant.via);
  rule.postures = grant.src_posture;
  for (const Text& text : grant.ip) {
    const auto item = ParseIpItem(text.text);
    if (!item.ok()) continue;
    for (const Selector& selector : ReadAll(grant.dst)) {
      rule.dst.push_back({selector, item->protocol, item->ports});
    }
  }
  rules_.push_back(std::move(rule));
}

std::optional<Place> Evaluator::Allows(const Probe& packet,
                                       NodeId receiver) const {
  const auto at = std::ranges::find(topology_.nodes, receiver, &Node::id);
  if (at == topology_.nodes.end() || IsGuest(*at)) return std::nullopt;
  const bool is_ours = IsOwn(*at, packet.dst) ||
                       ServesSubnetOf(*at, packet.dst) ||
                       IsExit(*at, packet.dst);
  if (!is_ours) return std::nullopt;
  if (!policy_.acls.has_value() && !policy_.grants.has_value()) {
    const Node* owner = OwnerOf(packet.src);
    const bool all = IsSource(Selector(), packet.src, owner, *at) &&
                     Opens(std::nullopt, {PortRange()}, packet);
    return all ? std::optional(Place()) : std::nullopt;
  }
  for (const Rule& rule : rules_) {
    if (Fits(rule, packet, *at)) return rule.place;
  }
  return std::nullopt;
}

bool Evaluator::Fits(const Rule& rule, const Probe& packet,
                     const Node& at) const {
  // Of "self" the user's own devices alone are sources; another destination
  // of the same rule is judged by itself.
  const Node* owner = OwnerOf(packet.src);
  return std::ranges::any_of(rule.dst, [&](const ToPorts& one) {
    if (!FitsTarget(rule, one, packet, at)) return false;
    const bool self = one.selector.kind == SelectorKind::kSelf;
    if (self && (owner == nullptr || !owner->tags.empty() ||
                 owner->user != at.user || UserOf(*owner) == nullptr)) {
      return false;
    }
    return FitsSource(rule, packet, at);
  });
}

bool Evaluator::FitsSource(const Rule& rule, const Probe& packet,
                           const Node& at) const {
  const Texts& postures =
      rule.postures.empty() ? policy_.default_src_posture : rule.postures;
  const Node* owner = OwnerOf(packet.src);
  if (!postures.empty()) {
    // Known by a posture, a device counts with all its addresses.
    return owner != nullptr && Meets(*owner, postures) &&
           std::ranges::any_of(rule.src, [&](const Selector& selector) {
             return IsDevice(selector, *owner);
           });
  }
  return std::ranges::any_of(rule.src, [&](const Selector& selector) {
    return IsSource(selector, packet.src, owner, at);
  });
}

bool Evaluator::IsSource(const Selector& selector, const IpAddress& src,
                         const Node* owner, const Node& at) const {
  switch (selector.kind) {
    case SelectorKind::kDangerAll:
      return true;
    case SelectorKind::kWildcard:
      return IsTailnetAddress(src) ||
             std::ranges::any_of(topology_.nodes, [&](const Node& node) {
               return ServesSubnetOf(node, src);
             });
    case SelectorKind::kShared:
      return owner != nullptr && IsGuest(*owner) &&
             std::ranges::count(at.shared_to, owner->user) > 0;
    case SelectorKind::kAddress:
    case SelectorKind::kPrefix:
    case SelectorKind::kRange:
    case SelectorKind::kHost:
    case SelectorKind::kIpset:
      return HasAddress(selector, src);
    default:
      return owner != nullptr && IsDevice(selector, *owner);
  }
}

bool Evaluator::FitsTarget(const Rule& rule, const ToPorts& to,
                           const Probe& packet, const Node& at) const {
  if (!Opens(to.protocol, to.ports, packet)) return false;
  if (!rule.via.empty()) {
    const bool through = std::ranges::any_of(
        rule.via, [&](const Selector& via) { return IsDevice(via, at); });
    const bool onward = to.selector.kind == SelectorKind::kInternet
                            ? IsExit(at, packet.dst)
                            : ServesSubnetOf(at, packet.dst);
    if (!through || !onward) return false;
  }
  const bool here = IsOwn(at, packet.dst) || ServesSubnetOf(at, packet.dst);
  const Node* target = OwnerOf(packet.dst);
  switch (to.selector.kind) {
    case SelectorKind::kWildcard:
      return rule.via.empty();
    case SelectorKind::kInternet:
      return IsExit(at, packet.dst) && IsInternetAddress(packet.dst);
    case SelectorKind::kSelf:
      return here && target != nullptr && target->tags.empty() &&
             at.tags.empty() && target->user == at.user && !IsGuest(*target);
    case SelectorKind::kAddress:
    case SelectorKind::kPrefix:
    case SelectorKind::kRange:
    case SelectorKind::kHost:
    case SelectorKind::kIpset:
      return here && HasAddress(to.selector, packet.dst);
    default:
      return here && target != nullptr && IsDevice(to.selector, *target);
  }
}

bool Evaluator::IsDevice(const Selector& selector, const Node& node) const {
  if (IsGuest(node)) return false;
  switch (selector.kind) {
    case SelectorKind::kWildcard:
    case SelectorKind::kDangerAll:
      return true;
    case SelectorKind::kMember:
      return node.tags.empty();
    case SelectorKind::kTagged:
      return !node.tags.empty();
    case SelectorKind::kTag:
      return std::ranges::any_of(node.tags, [&](const std::string& tag) {
        return SameName(tag, selector.name);
      });
    case SelectorKind::kUser:
    case SelectorKind::kUserDomain:
    case SelectorKind::kGroup:
    case SelectorKind::kRole: {
      const User* user = UserOf(node);
      return user != nullptr && NamesUser(selector, *user);
    }
    default:
      return (node.ipv4.has_value() && HasAddress(selector, *node.ipv4)) ||
             (node.ipv6.has_value() && HasAddress(selector, *node.ipv6));
  }
}

bool Evaluator::NamesUser(const Selector& selector, const User& user) const {
  std::set<std::string> seen;
  return NamesUser(selector, user, seen);
}

bool Evaluator::NamesUser(const Selector& selector, const User& user,
                          std::set<std::string>& seen) const {
  switch (selector.kind) {
    case SelectorKind::kUser:
      return SameName(user.login, selector.name) ||
             std::ranges::any_of(user.emails, [&](const std::string& email) {
               return SameName(email, selector.name);
             });
    case SelectorKind::kUserDomain:
      return IsOfDomain(user.login, selector.name) ||
             std::ranges::any_of(user.emails, [&](const std::string& email) {
               return IsOfDomain(email, selector.name);
             });
    case SelectorKind::kRole:
      return !user.guest && CountsAs(user.role, selector.role);
    case SelectorKind::kMember:
      return !user.guest;
    case SelectorKind::kGroup:
      break;
    default:
      return false;
  }
  if (!seen.insert(selector.name).second) return false;
  const absl::string_view bare = absl::StripPrefix(selector.name, "group:");
  if (std::ranges::count(user.groups, bare) > 0) return true;
  for (const Definition& group : policy_.groups) {
    if (group.name.text != selector.name) continue;
    for (const Selector& member : ReadAll(group.members)) {
      if (NamesUser(member, user, seen)) return true;
    }
  }
  return false;
}

bool Evaluator::HasAddress(const Selector& selector, const IpAddress& a) const {
  std::map<std::string, bool> known;
  return HasAddress(selector, a, known);
}

bool Evaluator::HasAddress(const Selector& selector, const IpAddress& a,
                           std::map<std::string, bool>& known) const {
  switch (selector.kind) {
    case SelectorKind::kAddress:
    case SelectorKind::kPrefix:
      return selector.prefix.Contains(a);
    case SelectorKind::kRange:
      return selector.first <= a && a <= selector.last;
    case SelectorKind::kInternet:
      return IsInternetAddress(a);
    case SelectorKind::kIpset:
      return InIpset(selector.name, a, known);
    case SelectorKind::kHost:
      break;
    default:
      return false;
  }
  return std::ranges::any_of(policy_.hosts, [&](const HostDefinition& host) {
    const auto prefix = IpPrefix::Parse(host.address.text);
    return host.name.text == selector.name && prefix.ok() &&
           prefix->Contains(a);
  });
}

bool Evaluator::InIpset(const std::string& name, const IpAddress& a,
                        std::map<std::string, bool>& known) const {
  const auto [at, is_new] = known.try_emplace(name, false);
  if (!is_new) return at->second;
  bool in = false;
  for (const Definition& set : policy_.ipsets) {
    if (set.name.text != name) continue;
    for (const Text& member : set.members) {
      absl::string_view target = absl::StripAsciiWhitespace(member.text);
      const bool remove = absl::ConsumePrefix(&target, "remove ");
      absl::ConsumePrefix(&target, "add ");
      const auto selector = ParseSelector(absl::StripAsciiWhitespace(target));
      if (selector.ok() && HasAddress(*selector, a, known)) in = !remove;
    }
  }
  return known[name] = in;
}

bool Evaluator::Meets(const Node& node, const Texts& postures) const {
  return std::ranges::any_of(postures, [&](const Text& name) {
    for (const Definition& posture : policy_.postures) {
      if (posture.name.text != name.text) continue;
      return std::ranges::all_of(posture.members, [&](const Text& member) {
        const auto assertion = ParseAssertion(member.text);
        return assertion.ok() && Holds(*assertion, node.attributes);
      });
    }
    return false;
  });
}

bool Evaluator::Serves(const Node& node, const IpPrefix& route) const {
  return std::ranges::count(node.approved_routes, route) > 0 ||
         MayAutoServe(node, route);
}

bool Evaluator::MayAutoServe(const Node& node, const IpPrefix& route) const {
  const auto listed = [&](const Texts& approvers) {
    for (const Selector& approver : ReadAll(approvers)) {
      const User* user = UserOf(node);
      if (IsDevice(approver, node)) return true;
      if (user != nullptr && NamesUser(approver, *user)) return true;
    }
    return false;
  };
  if (route.bits() == 0) return listed(policy_.auto_approvers.exit_node);
  for (const Definition& entry : policy_.auto_approvers.routes) {
    const auto prefix = IpPrefix::Parse(entry.name.text);
    if (prefix.ok() && prefix->bits() > 0 && prefix->Contains(route) &&
        listed(entry.members)) {
      return true;
    }
  }
  return false;
}

bool Evaluator::ServesSubnetOf(const Node& node, const IpAddress& a) const {
  const auto index = static_cast<size_t>(&node - topology_.nodes.data());
  return std::ranges::any_of(routes_[index], [&](const IpPrefix& route) {
    return route.bits() > 0 && route.Contains(a);
  });
}

bool Evaluator::IsExit(const Node& node, const IpAddress& a) const {
  const auto index = static_cast<size_t>(&node - topology_.nodes.data());
  return std::ranges::any_of(routes_[index], [&](const IpPrefix& route) {
    return route.bits() == 0 && route.Contains(a);
  });
}

const Node* Evaluator::OwnerOf(const IpAddress& address) const {
  const auto at = std::ranges::find_if(
      topology_.nodes, [&](const Node& node) { return IsOwn(node, address); });
  return at == topology_.nodes.end() ? nullptr : &*at;
}

const User* Evaluator::UserOf(const Node& node) const {
  if (!node.tags.empty()) return nullptr;
  const auto at = std::ranges::find(topology_.users, node.user, &User::id);
  return at == topology_.users.end() ? nullptr : &*at;
}

bool Evaluator::IsGuest(const Node& node) const {
  const User* user = UserOf(node);
  return user != nullptr && user->guest;
}

std::vector<NodeId> Evaluator::Receivers(const IpAddress& dst) const {
  if (const Node* owner = OwnerOf(dst)) return {owner->id};
  std::vector<NodeId> receivers;
  int longest = -1;
  for (size_t i = 0; i < topology_.nodes.size(); ++i) {
    for (const IpPrefix& route : routes_[i]) {
      const bool fits = route.bits() > 0
                            ? route.Contains(dst)
                            : route.Contains(dst) && !dst.IsTailnet();
      if (!fits || route.bits() < longest) continue;
      if (route.bits() > longest) receivers.clear();
      longest = route.bits();
      receivers.push_back(topology_.nodes[i].id);
    }
  }
  return receivers;
}

bool Evaluator::Means(const std::string& selector, const Node& node) const {
  const auto parsed = ParseSelector(selector);
  return parsed.ok() && IsDevice(*parsed, node);
}

}  // namespace warren::policy
