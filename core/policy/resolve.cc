#include "core/policy/resolve.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::policy {
namespace {

using Kind = Resolved::Kind;

void Append(const Indices& from, Indices& to) {
  to.insert(to.end(), from.begin(), from.end());
}

Resolved OfKind(Kind kind) {
  Resolved resolved;
  resolved.kind = kind;
  return resolved;
}

// One that cannot be read is never met: nobody gains by it.
std::vector<Assertion> ParsePosture(const Definition& definition) {
  std::vector<Assertion> assertions;
  for (const Text& member : definition.members) {
    auto assertion = ParseAssertion(member.text);
    if (!assertion.ok())
      return {Assertion{"unreadable:", Comparison::kIsSet, {}}};
    assertions.push_back(*std::move(assertion));
  }
  return assertions;
}

}  // namespace

Resolver::Resolver(const Policy& policy, const Directory& directory)
    : policy_(policy), directory_(directory) {
  for (const Definition& d : policy.groups) groups_[d.name.text] = &d;
  for (const HostDefinition& d : policy.hosts) hosts_[d.name.text] = &d;
  for (const Definition& d : policy.ipsets) ipsets_[d.name.text] = &d;
  for (const Definition& d : policy.postures) {
    postures_[d.name.text] = ParsePosture(d);
  }
}

const Resolved& Resolver::Resolve(absl::string_view selector) {
  const auto at = resolved_.find(std::string(selector));
  if (at != resolved_.end()) return at->second;
  const auto parsed = ParseSelector(selector);
  Resolved resolved = parsed.ok() ? Compute(*parsed) : Resolved();
  return resolved_.emplace(std::string(selector), std::move(resolved))
      .first->second;
}

Indices Resolver::Devices(const Texts& selectors) {
  Indices devices;
  for (const Text& selector : selectors) {
    const Resolved& resolved = Resolve(selector.text);
    if (resolved.kind == Kind::kEverything ||
        resolved.kind == Kind::kDangerAll) {
      return directory_.devices();
    }
    Append(resolved.devices, devices);
  }
  Normalise(devices);
  return devices;
}

Resolved Resolver::Compute(const Selector& selector) {
  switch (selector.kind) {
    case SelectorKind::kWildcard:
      return OfKind(Kind::kEverything);
    case SelectorKind::kDangerAll:
      return OfKind(Kind::kDangerAll);
    case SelectorKind::kSelf:
      return OfKind(Kind::kSelf);
    case SelectorKind::kShared:
      return OfKind(Kind::kGuests);
    case SelectorKind::kTag:
      return {Kind::kDevices, directory_.WithTag(selector.name), {}};
    case SelectorKind::kTagged:
      return {Kind::kDevices, directory_.tagged(), {}};
    case SelectorKind::kMember:
      return {Kind::kDevices, directory_.untagged(), {}};
    case SelectorKind::kUser:
    case SelectorKind::kUserDomain:
    case SelectorKind::kGroup:
    case SelectorKind::kRole:
      return OfUsers(ComputeUsers(selector));
    case SelectorKind::kAddress:
    case SelectorKind::kPrefix:
      return OfAddresses({TextOf(selector.prefix)});
    case SelectorKind::kRange:
      return OfAddresses({TextOf(AddressRange{selector.first, selector.last})});
    case SelectorKind::kInternet: {
      Resolved internet = OfKind(Kind::kInternet);
      internet.addresses = InternetAddresses();
      return internet;
    }
    case SelectorKind::kHost: {
      const auto host = hosts_.find(selector.name);
      if (host == hosts_.end()) return {};
      const auto prefix = net::IpPrefix::Parse(host->second->address.text);
      return prefix.ok() ? OfAddresses({TextOf(*prefix)}) : Resolved();
    }
    case SelectorKind::kIpset: {
      AddressTexts texts;
      for (const AddressRange& range : Ipset(selector.name).ranges()) {
        texts.push_back(TextOf(range));
      }
      std::ranges::sort(texts);
      return OfAddresses(std::move(texts));
    }
    case SelectorKind::kService:
    case SelectorKind::kNonroot:
      return {};
  }
  return {};
}

Resolved Resolver::OfAddresses(AddressTexts addresses) const {
  Resolved resolved = OfKind(Kind::kAddresses);
  resolved.addresses = std::move(addresses);
  for (const AddressText& text : resolved.addresses) {
    for (const AddressRange& range : text.ranges) {
      directory_.AppendWithin(range, resolved.devices);
    }
  }
  Normalise(resolved.devices);
  return resolved;
}

Resolved Resolver::OfUsers(const Indices& users) const {
  Resolved resolved = OfKind(Kind::kDevices);
  for (const Index user : users) {
    if (directory_.users()[user]->guest) continue;
    Append(directory_.OfUser(user), resolved.devices);
  }
  Normalise(resolved.devices);
  return resolved;
}

const Indices& Resolver::Users(absl::string_view selector) {
  const auto at = users_.find(std::string(selector));
  if (at != users_.end()) return at->second;
  const auto parsed = ParseSelector(selector);
  Indices users = parsed.ok() ? ComputeUsers(*parsed) : Indices();
  return users_.emplace(std::string(selector), std::move(users)).first->second;
}

Indices Resolver::ComputeUsers(const Selector& selector) {
  if (selector.kind == SelectorKind::kUser) {
    return directory_.UsersNamed(selector.name);
  }
  if (selector.kind == SelectorKind::kGroup) return GroupMembers(selector.name);
  const std::string domain =
      absl::AsciiStrToLower(absl::StrCat("@", selector.name));
  const auto chosen = [&](const User& user) {
    switch (selector.kind) {
      case SelectorKind::kMember:
        return !user.guest;
      case SelectorKind::kRole:
        return !user.guest && CountsAs(user.role, selector.role);
      case SelectorKind::kUserDomain:
        return absl::EndsWithIgnoreCase(user.login, domain) ||
               std::ranges::any_of(user.emails, [&](const std::string& e) {
                 return absl::EndsWithIgnoreCase(e, domain);
               });
      default:
        return false;
    }
  };
  Indices users;
  const auto& all = directory_.users();
  for (Index i = 0; i < all.size(); ++i) {
    if (chosen(*all[i])) users.push_back(i);
  }
  return users;
}

// Those that the policy lists, itself or by groups in it, and those that a
// provider says are in one of these.
Indices Resolver::GroupMembers(const std::string& name) {
  std::vector<std::string> reached = {name};
  std::set<std::string> seen = {name};
  Indices users;
  for (size_t i = 0; i < reached.size(); ++i) {
    const std::string group = reached[i];
    AppendProviderMembers(absl::StripPrefix(group, "group:"), users);
    const auto definition = groups_.find(group);
    if (definition == groups_.end()) continue;
    for (const Text& member : definition->second->members) {
      const auto selector = ParseSelector(member.text);
      if (!selector.ok()) continue;
      if (selector->kind != SelectorKind::kGroup) {
        Append(ComputeUsers(*selector), users);
      } else if (seen.insert(selector->name).second) {
        reached.push_back(selector->name);
      }
    }
  }
  Normalise(users);
  return users;
}

void Resolver::AppendProviderMembers(absl::string_view group,
                                     Indices& users) const {
  const auto& all = directory_.users();
  for (Index i = 0; i < all.size(); ++i) {
    if (std::ranges::find(all[i]->groups, group) != all[i]->groups.end()) {
      users.push_back(i);
    }
  }
}

// Each is computed once; one that holds itself is empty there.
const AddressSet& Resolver::Ipset(const std::string& name) {
  const auto [at, is_new] = ipset_values_.try_emplace(name);
  const auto definition = ipsets_.find(name);
  if (!is_new || definition == ipsets_.end()) return at->second;
  AddressSet set;
  for (const Text& member : definition->second->members) {
    ApplyIpsetMember(member.text, set);
  }
  return ipset_values_[name] = std::move(set);
}

// "add TARGET", "remove TARGET"; a bare target is added.
void Resolver::ApplyIpsetMember(absl::string_view member, AddressSet& set) {
  absl::string_view target = absl::StripAsciiWhitespace(member);
  const bool remove = absl::ConsumePrefix(&target, "remove ");
  if (!remove) absl::ConsumePrefix(&target, "add ");
  target = absl::StripAsciiWhitespace(target);
  const auto selector = ParseSelector(target);
  if (!selector.ok()) return;
  std::vector<AddressRange> ranges;
  if (selector->kind == SelectorKind::kIpset) {
    ranges = Ipset(selector->name).ranges();
  } else if (!selector->IsDevices()) {
    for (const AddressText& text : Compute(*selector).addresses) {
      ranges.insert(ranges.end(), text.ranges.begin(), text.ranges.end());
    }
  }
  for (const AddressRange& range : ranges) {
    remove ? set.Remove(range) : set.Add(range);
  }
}

bool Resolver::Meets(Index node, const Texts& postures) {
  if (postures.empty()) return true;
  const auto& attributes = directory_.node(node).attributes;
  return std::ranges::any_of(postures, [&](const Text& name) {
    const auto posture = postures_.find(name.text);
    return posture != postures_.end() &&
           std::ranges::all_of(posture->second, [&](const Assertion& a) {
             return Holds(a, attributes);
           });
  });
}

}  // namespace warren::policy
