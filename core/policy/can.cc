#include "core/policy/can.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "core/base/status_macros.h"
#include "core/policy/hujson.h"
#include "core/policy/ports.h"
#include "core/policy/reach.h"
#include "core/policy/selector.h"
#include "core/policy/suggest.h"

namespace warren::policy {
namespace {

constexpr int kMaxGroupDepth = 64;  // deeper ones say nothing new

// The text as an address, also in brackets.
absl::StatusOr<net::IpAddress> AddressOf(absl::string_view text) {
  if (text.size() > 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  return net::IpAddress::Parse(text);
}

bool HasTag(const Node& node, absl::string_view tag) {
  return std::find(node.tags.begin(), node.tags.end(), tag) != node.tags.end();
}

bool IsNamed(const User& user, absl::string_view name) {
  if (absl::EqualsIgnoreCase(user.login, name)) return true;
  return std::any_of(user.emails.begin(), user.emails.end(),
                     [name](const std::string& email) {
                       return absl::EqualsIgnoreCase(email, name);
                     });
}

bool IsIn(const User& user, absl::string_view group) {
  const absl::string_view bare =
      group.substr(std::min<size_t>(6, group.size()));
  return std::find(user.groups.begin(), user.groups.end(), bare) !=
         user.groups.end();
}

void Add(End end, std::vector<End>& ends) {
  const bool there =
      std::any_of(ends.begin(), ends.end(),
                  [&](const End& other) { return other.name == end.name; });
  if (!there) ends.push_back(std::move(end));
}

}  // namespace

absl::StatusOr<Target> ParseTarget(absl::string_view text) {
  Target target;
  const size_t slash = text.rfind('/');
  if (slash != absl::string_view::npos) {
    const auto protocol = ParseProtocol(text.substr(slash + 1));
    if (!protocol.ok()) return protocol.status();
    target.protocol = *protocol;
    text = text.substr(0, slash);
  }
  target.name = std::string(text);
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || AddressOf(text).ok()) return target;
  const auto ports = ParsePorts(text.substr(colon + 1));
  if (!ports.ok()) return target;  // "tag:web": no port
  if (ports->size() != 1 || (*ports)[0].first != (*ports)[0].last) {
    if ((*ports)[0].IsAll()) {
      target.name = std::string(text.substr(0, colon));
      return target;
    }
    return absl::InvalidArgumentError(
        absl::StrCat("ask for one port at a time, not for \"",
                     text.substr(colon + 1), "\""));
  }
  target.name = std::string(text.substr(0, colon));
  target.port = (*ports)[0].first;
  return target;
}

Oracle::Oracle(std::shared_ptr<const Policy> policy,
               std::shared_ptr<const Topology> topology)
    : policy_(std::move(policy)), topology_(std::move(topology)) {
  compiled_ = Compiled::Make(policy_, topology_);
  if (policy_->acls) {
    for (const Acl& acl : *policy_->acls) rules_.push_back({acl.place, {}});
  }
  if (policy_->grants) {
    for (const Grant& grant : *policy_->grants) {
      rules_.push_back({grant.place, {}});
    }
  }
}

End Oracle::EndOf(const Node& node) const {
  return {node.name, node.id, AddressesOf(node)};
}

End Oracle::EndOf(const net::IpAddress& address) const {
  for (const Node& node : topology_->nodes) {
    if (node.ipv4 == address || node.ipv6 == address) {
      return {node.name, node.id, {address}};
    }
  }
  return {address.ToString(), NodeId(), {address}};
}

// Devices of what `name` selects; groups of groups to `depth`.
void Oracle::AddMembers(absl::string_view name, int depth,
                        std::vector<End>& ends) const {
  const auto selector = ParseSelector(name);
  if (!selector.ok() || depth > kMaxGroupDepth) return;
  const auto owner_is = [&](const Node& node, const auto& matches) {
    return std::any_of(topology_->users.begin(), topology_->users.end(),
                       [&](const User& user) {
                         return user.id == node.user && matches(user);
                       });
  };
  for (const Node& node : topology_->nodes) {
    const bool own = node.tags.empty();
    bool selected = false;
    switch (selector->kind) {
      case SelectorKind::kWildcard:
        selected = true;
        break;
      case SelectorKind::kTag:
        selected = HasTag(node, selector->name);
        break;
      case SelectorKind::kTagged:
        selected = !own;
        break;
      case SelectorKind::kMember:
        selected = own;
        break;
      case SelectorKind::kUser:
        selected = own && owner_is(node, [&](const User& user) {
                     return IsNamed(user, selector->name);
                   });
        break;
      case SelectorKind::kGroup:
        selected = own && owner_is(node, [&](const User& user) {
                     return IsIn(user, selector->name);
                   });
        break;
      case SelectorKind::kRole:
        selected = own && owner_is(node, [&](const User& user) {
                     return user.role == selector->role;
                   });
        break;
      default:
        break;
    }
    if (selected) Add(EndOf(node), ends);
  }
  if (selector->kind != SelectorKind::kGroup) return;
  for (const Definition& group : policy_->groups) {
    if (group.name.text != selector->name) continue;
    for (const Text& member : group.members) {
      AddMembers(member.text, depth + 1, ends);
    }
  }
}

absl::StatusOr<std::vector<End>> Oracle::Resolve(absl::string_view name) const {
  std::vector<End> ends;
  std::vector<std::string> names;
  for (const Node& node : topology_->nodes) {
    if (absl::EqualsIgnoreCase(node.name, name)) ends.push_back(EndOf(node));
    names.push_back(node.name);
  }
  if (!ends.empty()) return ends;
  if (const auto address = AddressOf(name); address.ok()) {
    return std::vector<End>{EndOf(*address)};
  }
  for (const HostDefinition& host : policy_->hosts) {
    if (host.name.text != name) continue;
    const auto prefix = net::IpPrefix::Parse(host.address.text);
    if (prefix.ok()) return std::vector<End>{EndOf(prefix->address())};
  }
  AddMembers(name, 0, ends);
  // "alice" is short for "alice@example.com", too.
  bool is_user = false;
  for (const User& user : topology_->users) {
    const std::vector<std::string> parts = absl::StrSplit(user.login, '@');
    if (!ends.empty() || !absl::EqualsIgnoreCase(parts[0], name)) continue;
    is_user = true;
    const absl::string_view at = parts.size() == 1 ? "@" : "";
    AddMembers(absl::StrCat(user.login, at), 0, ends);
  }
  if (!ends.empty()) return ends;
  const auto selector = ParseSelector(name);
  if (is_user || (selector.ok() && selector->kind != SelectorKind::kHost)) {
    return absl::NotFoundError(
        absl::StrCat(QuoteJson(name),
                     " has no device: ask again when one has joined, or "
                     "ask about a device or an address"));
  }
  const std::string near = DidYouMean(name, names);
  return absl::NotFoundError(
      absl::StrCat("no device is ", QuoteJson(name),
                   near.empty() ? "" : absl::StrCat("; ", near)));
}

const NodeView& Oracle::ViewOf(const Compiled& compiled, NodeId node) const {
  const auto key = std::pair(&compiled, node);
  const auto found = views_.find(key);
  if (found != views_.end()) return found->second;
  return views_.emplace(key, compiled.View(node)).first->second;
}

bool Oracle::Allows(const Compiled& compiled, const End& source, const End& to,
                    const Target& target) const {
  // Who may have to forward it: the device itself, or its routers.
  std::vector<NodeId> receivers = {to.node};
  if (to.node == NodeId()) receivers = compiled.PeersOf(source.node);
  for (const NodeId receiver : receivers) {
    if (receiver == source.node) continue;
    const NodeView& view = ViewOf(compiled, receiver);
    for (const net::IpAddress& destination : to.addresses) {
      const bool routed = to.node == receiver ||
                          std::any_of(view.routes.begin(), view.routes.end(),
                                      [&](const net::IpPrefix& route) {
                                        return route.Contains(destination);
                                      });
      if (!routed) continue;
      for (const net::IpAddress& from : source.addresses) {
        if (from.family() != destination.family() && to.node != NodeId()) {
          continue;
        }
        if (Accepts(view.filter,
                    {from, destination, target.protocol, target.port})) {
          return true;
        }
      }
    }
  }
  return false;
}

std::shared_ptr<const Compiled> Oracle::Alone(size_t rule) const {
  if (rules_[rule].alone != nullptr) return rules_[rule].alone;
  auto policy = std::make_shared<Policy>(*policy_);
  const size_t acls = policy_->acls ? policy_->acls->size() : 0;
  policy->acls.emplace();
  policy->grants.emplace();
  if (rule < acls) {
    policy->acls->push_back((*policy_->acls)[rule]);
  } else {
    policy->grants->push_back((*policy_->grants)[rule - acls]);
  }
  rules_[rule].alone = Compiled::Make(std::move(policy), topology_);
  return rules_[rule].alone;
}

Place Oracle::FindRule(const End& source, const End& to,
                       const Target& target) const {
  for (size_t rule = 0; rule < rules_.size(); ++rule) {
    if (Allows(*Alone(rule), source, to, target)) return rules_[rule].place;
  }
  return {};
}

absl::StatusOr<std::vector<Answer>> Oracle::Can(absl::string_view source,
                                                const Target& target) const {
  WARREN_ASSIGN_OR_RETURN(const std::vector<End> sources, Resolve(source));
  WARREN_ASSIGN_OR_RETURN(const std::vector<End> ends, Resolve(target.name));
  std::vector<Answer> answers;
  for (const End& from : sources) {
    for (const End& to : ends) {
      if (from.node == to.node && from.node != NodeId()) continue;
      Answer answer{from, to, Allows(*compiled_, from, to, target), {}};
      if (answer.allowed) answer.rule = FindRule(from, to, target);
      answers.push_back(std::move(answer));
    }
  }
  if (!answers.empty()) return answers;
  return absl::InvalidArgumentError(
      absl::StrCat(source, " and ", target.name, " are the same device"));
}

absl::StatusOr<std::vector<Answer>> Oracle::Who(const Target& target) const {
  WARREN_ASSIGN_OR_RETURN(const std::vector<End> ends, Resolve(target.name));
  std::vector<Answer> answers;
  for (const Node& node : topology_->nodes) {
    const End from = EndOf(node);
    for (const End& to : ends) {
      if (from.node == to.node) continue;
      if (!Allows(*compiled_, from, to, target)) continue;
      answers.push_back({from, to, true, FindRule(from, to, target)});
      break;
    }
  }
  return answers;
}

}  // namespace warren::policy
