#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/policy/check_context.h"
#include "core/policy/hujson.h"
#include "core/policy/posture.h"

namespace warren::policy {
namespace {

// "groups["x"]: "
std::string At(absl::string_view section, absl::string_view name) {
  return absl::StrCat(section, "[", QuoteJson(name), "]: ");
}

// Whether `name` is `prefix` and more. Notes it otherwise.
bool CheckPrefix(const Text& name, absl::string_view prefix,
                 absl::string_view section, CheckContext& context) {
  if (absl::StartsWith(name.text, prefix) && name.text.size() > prefix.size()) {
    return true;
  }
  context.Note(name.place,
               absl::StrCat(At(section, name.text), "names must start with '",
                            prefix, "'"),
               absl::StrCat("\"", prefix, name.text, "\""));
  return false;
}

// Finds definitions that lead back to themselves through names that
// `reference` finds in a member ("" if it names none).
class CycleFinder {
 public:
  using Reference = std::function<std::string(absl::string_view)>;

  CycleFinder(const std::vector<Definition>& definitions, Reference reference)
      : reference_(std::move(reference)) {
    for (const Definition& definition : definitions) {
      byname_[definition.name.text] = &definition;
    }
  }

  // The first of a cycle, if there is one. Depth is no matter: each step is
  // on an own stack.
  const Definition* Find() {
    for (const auto& [name, definition] : byname_) {
      if (const Definition* found = Walk(definition)) return found;
    }
    return nullptr;
  }

 private:
  struct Step {
    const Definition* definition;
    size_t next = 0;
  };

  const Definition* Walk(const Definition* from) {
    if (!done_.insert(from).second) return nullptr;
    std::vector<Step> path = {{from}};
    std::set<const Definition*> open = {from};
    while (!path.empty()) {
      Step& step = path.back();
      if (step.next == step.definition->members.size()) {
        open.erase(step.definition);
        path.pop_back();
        continue;
      }
      const Definition* to = Target(step.definition->members[step.next++]);
      if (to == nullptr) continue;
      if (open.count(to) > 0) return to;
      if (!done_.insert(to).second) continue;
      open.insert(to);
      path.push_back({to});
    }
    return nullptr;
  }

  const Definition* Target(const Text& member) const {
    const auto found = byname_.find(reference_(member.text));
    return found == byname_.end() ? nullptr : found->second;
  }

  Reference reference_;
  std::map<std::string, const Definition*> byname_;
  std::set<const Definition*> done_;
};

// The hosted service names the last group that has one, by name.
void CheckNoNesting(CheckContext& context) {
  const Definition* last = nullptr;
  const Text* nested = nullptr;
  for (const Definition& group : context.policy().groups) {
    if (last != nullptr && group.name.text < last->name.text) continue;
    for (const Text& member : group.members) {
      if (!absl::StartsWith(member.text, "group:")) continue;
      last = &group;
      nested = &member;
      break;
    }
  }
  if (last == nullptr) return;
  context.Note(
      nested->place,
      absl::StrCat(At("groups", last->name.text), QuoteJson(nested->text),
                   ": group members cannot be recursive"));
}

void CheckGroupMember(const Definition& group, const Text& member,
                      CheckContext& context) {
  const std::string prefix = At("groups", group.name.text);
  const auto parsed = ParseSelector(member.text);
  const bool is_host = parsed.ok() && parsed->kind == SelectorKind::kHost;
  const std::optional<Selector> selector =
      is_host ? std::optional<Selector>(*parsed) : context.Read(member, prefix);
  if (!selector) return;
  if (selector->kind == SelectorKind::kUser ||
      selector->kind == SelectorKind::kUserDomain ||
      selector->kind == SelectorKind::kGroup) {
    return;
  }
  context.Note(member.place,
               absl::StrCat(prefix, QuoteJson(member.text),
                            ": group members must be users"),
               is_host ? absl::StrCat("a local account is written \"",
                                      member.text, "@\"")
                       : "");
}

// Everything that may follow "tag:".
bool CheckTagName(const Text& tag, CheckContext& context) {
  const std::string prefix = At("tagOwners", tag.text);
  absl::string_view name = tag.text;
  if (!absl::ConsumePrefix(&name, "tag:")) {
    context.Note(tag.place, absl::StrCat(prefix, "tags must start with 'tag:'"),
                 absl::StrCat("\"tag:", tag.text, "\""));
    return false;
  }
  if (name.empty()) {
    context.Note(tag.place,
                 absl::StrCat(prefix, "tag names must not be empty"));
    return false;
  }
  if (!absl::ascii_isalpha(static_cast<unsigned char>(name[0]))) {
    context.Note(
        tag.place,
        absl::StrCat(prefix,
                     "tag names must start with a letter, after 'tag:'"));
    return false;
  }
  for (const char c : name) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-')
      continue;
    context.Note(tag.place, absl::StrCat(prefix,
                                         "tag names can only contain numbers, "
                                         "letters, or dashes"));
    return false;
  }
  return true;
}

// Who may own a tag or approve a route.
bool MayOwn(SelectorKind kind) {
  switch (kind) {
    case SelectorKind::kUser:
    case SelectorKind::kUserDomain:
    case SelectorKind::kGroup:
    case SelectorKind::kTag:
    case SelectorKind::kMember:
    case SelectorKind::kTagged:
    case SelectorKind::kRole:
      return true;
    default:
      return false;
  }
}

void CheckOwners(const Texts& owners, const std::string& prefix,
                 CheckContext& context) {
  for (const Text& owner : owners) {
    const auto selector = context.Read(owner, prefix);
    if (!selector || MayOwn(selector->kind)) continue;
    context.Note(owner.place,
                 absl::StrCat(prefix, "invalid owner ", QuoteJson(owner.text)),
                 "users, groups, tags and their autogroups");
  }
}

// A host's name must not read as something else.
void CheckHostName(const Text& name, CheckContext& context) {
  const std::string prefix = At("hosts", name.text);
  if (absl::StrContains(name.text, ':')) {
    return context.Note(
        name.place,
        absl::StrCat(prefix, "host name must not contain colon (:)"));
  }
  const auto selector = ParseSelector(name.text);
  if (selector.ok() && selector->kind == SelectorKind::kHost) return;
  context.Note(name.place,
               absl::StrCat(prefix, "host name must not be empty, \"*\", ",
                            "an address or a user"));
}

std::string IpsetReference(absl::string_view member) {
  absl::string_view target = member;
  if (!absl::ConsumePrefix(&target, "add ")) {
    absl::ConsumePrefix(&target, "remove ");
  }
  return std::string(absl::StripAsciiWhitespace(target));
}

void CheckIpsetMember(const Definition& ipset, const Text& member,
                      CheckContext& context) {
  const std::string prefix = At("ipsets", ipset.name.text);
  const auto selector =
      context.ReadPart(IpsetReference(member.text), member.place, prefix);
  if (!selector) return;
  switch (selector->kind) {
    case SelectorKind::kHost:
    case SelectorKind::kAddress:
    case SelectorKind::kPrefix:
    case SelectorKind::kRange:
    case SelectorKind::kIpset:
    case SelectorKind::kInternet:
      return;
    default:
      context.Note(member.place,
                   absl::StrCat(prefix, QuoteJson(member.text),
                                ": an ipset takes addresses, hosts, ipsets ",
                                "and autogroup:internet"));
  }
}

// Addresses that `ipPool` may give: of 100.64.0.0/10, but not those with a
// meaning of their own (spec 6.7).
void CheckIpPool(const Text& text, CheckContext& context) {
  const net::IpPrefix kAll(net::IpAddress::V4(0x64400000), 10);
  const net::IpPrefix kReserved[] = {
      net::IpPrefix(net::IpAddress::V4(0x64646400), 24),
      net::IpPrefix(net::IpAddress::V4(0x64735C00), 23),
  };
  const auto prefix = net::IpPrefix::Parse(text.text);
  if (!prefix.ok()) {
    return context.Note(text.place, std::string(prefix.status().message()));
  }
  if (!kAll.Contains(*prefix)) {
    return context.Note(text.place,
                        absl::StrCat("ipPool ", QuoteJson(text.text),
                                     " must be within 100.64.0.0/10"));
  }
  for (const net::IpPrefix& reserved : kReserved) {
    if (!reserved.Contains(*prefix) && !prefix->Contains(reserved)) continue;
    context.Note(text.place,
                 absl::StrCat("ipPool ", QuoteJson(text.text), " overlaps ",
                              reserved.ToString(), ", which is reserved"));
  }
}

bool MayBeTarget(SelectorKind kind) {
  switch (kind) {
    case SelectorKind::kSelf:
    case SelectorKind::kInternet:
    case SelectorKind::kShared:
    case SelectorKind::kDangerAll:
    case SelectorKind::kNonroot:
    case SelectorKind::kService:
      return false;
    default:
      return true;
  }
}

}  // namespace

void CheckGroups(CheckContext& context) {
  const std::vector<Definition>& groups = context.policy().groups;
  if (!context.options().nested_groups) CheckNoNesting(context);
  for (const Definition& group : groups) {
    CheckPrefix(group.name, "group:", "groups", context);
    for (const Text& member : group.members) {
      CheckGroupMember(group, member, context);
    }
  }
  if (!context.options().nested_groups) return;
  const auto reference = [](absl::string_view member) {
    return std::string(member);
  };
  if (const Definition* found = CycleFinder(groups, reference).Find()) {
    context.Note(found->name.place,
                 absl::StrCat(At("groups", found->name.text),
                              "the group is a member of itself"));
  }
}

void CheckHosts(CheckContext& context) {
  for (const HostDefinition& host : context.policy().hosts) {
    CheckHostName(host.name, context);
    const auto prefix = net::IpPrefix::Parse(host.address.text);
    if (prefix.ok()) continue;
    context.Note(
        host.address.place,
        absl::StrCat(At("hosts", host.name.text), QuoteJson(host.address.text),
                     ": invalid address"),
        std::string(prefix.status().message()));
  }
}

void CheckIpsets(CheckContext& context) {
  const std::vector<Definition>& ipsets = context.policy().ipsets;
  for (const Definition& ipset : ipsets) {
    CheckPrefix(ipset.name, "ipset:", "ipsets", context);
    for (const Text& member : ipset.members) {
      CheckIpsetMember(ipset, member, context);
    }
  }
  if (const Definition* found = CycleFinder(ipsets, IpsetReference).Find()) {
    context.Note(found->name.place, absl::StrCat(At("ipsets", found->name.text),
                                                 "the ipset contains itself"));
  }
}

// Tags may own each other in a circle: then nobody else comes in that way.
void CheckTagOwners(CheckContext& context) {
  for (const Definition& tag : context.policy().tag_owners) {
    CheckTagName(tag.name, context);
    CheckOwners(tag.members, At("tagOwners", tag.name.text), context);
  }
}

void CheckAutoApprovers(CheckContext& context) {
  const AutoApprovers& approvers = context.policy().auto_approvers;
  for (const Definition& route : approvers.routes) {
    const std::string prefix = At("autoApprovers.routes", route.name.text);
    const auto parsed = net::IpPrefix::Parse(route.name.text);
    if (!parsed.ok()) {
      context.Note(route.name.place,
                   absl::StrCat(prefix, parsed.status().message()));
    }
    CheckOwners(route.members, prefix, context);
  }
  CheckOwners(approvers.exit_node, "autoApprovers.exitNode: ", context);
  for (const Definition& service : approvers.services) {
    const std::string prefix = At("autoApprovers.services", service.name.text);
    const auto selector = context.Read(service.name, prefix);
    if (selector && selector->kind != SelectorKind::kService &&
        selector->kind != SelectorKind::kTag) {
      context.Note(service.name.place,
                   absl::StrCat(prefix, "names must be svc:NAME or a tag"));
    }
    CheckOwners(service.members, prefix, context);
  }
}

void CheckNodeAttributes(CheckContext& context) {
  for (const NodeAttribute& attribute : context.policy().node_attributes) {
    for (const Text& target : attribute.target) {
      const auto selector = context.Read(target, "");
      if (!selector || MayBeTarget(selector->kind)) continue;
      context.Note(target.place,
                   absl::StrCat("nodeAttrs target ", QuoteJson(target.text),
                                " is not valid"),
                   "users, groups, tags, hosts, addresses and \"*\"");
    }
    for (const Text& name : attribute.attr) {
      if (!name.text.empty()) continue;
      context.Note(name.place, "attr values cannot be empty");
    }
    for (const Text& pool : attribute.ip_pool) CheckIpPool(pool, context);
  }
}

void CheckPostureDefinitions(CheckContext& context) {
  const Policy& policy = context.policy();
  for (const Definition& posture : policy.postures) {
    CheckPrefix(posture.name, "posture:", "postures", context);
    for (const Text& assertion : posture.members) {
      const auto parsed = ParseAssertion(assertion.text);
      if (parsed.ok()) continue;
      context.Note(assertion.place,
                   absl::StrCat(At("postures", posture.name.text),
                                parsed.status().message()));
    }
  }
  context.CheckPostures(policy.default_src_posture);
}

}  // namespace warren::policy
