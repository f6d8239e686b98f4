#include "core/policy/check_context.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "core/policy/hujson.h"
#include "core/policy/look_alike.h"
#include "core/policy/suggest.h"

namespace warren::policy {
namespace {

std::vector<std::string> NamesOf(const std::vector<Definition>& definitions) {
  std::vector<std::string> names;
  for (const Definition& definition : definitions) {
    names.push_back(definition.name.text);
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool Has(const std::vector<std::string>& sorted, absl::string_view name) {
  return std::binary_search(sorted.begin(), sorted.end(), std::string(name));
}

// Whose accounts belong to anybody: of mail providers, of GitHub, passkeys.
bool IsShared(absl::string_view domain) {
  for (const absl::string_view known :
       {"gmail.com", "googlemail.com", "hotmail.com", "icloud.com", "live.com",
        "outlook.com", "passkey", "privaterelay.appleid.com", "yahoo.com"}) {
    if (absl::EqualsIgnoreCase(known, domain)) return true;
  }
  return absl::EqualsIgnoreCase(domain, "github") ||
         absl::EndsWithIgnoreCase(domain, ".github");
}

}  // namespace

CheckContext::CheckContext(const Policy& policy, const CheckOptions& options)
    : policy_(policy),
      options_(options),
      groups_(NamesOf(policy.groups)),
      tags_(NamesOf(policy.tag_owners)),
      ipsets_(NamesOf(policy.ipsets)),
      postures_(NamesOf(policy.postures)) {
  for (const HostDefinition& host : policy.hosts) {
    hosts_.emplace(host.name.text, &host);
  }
}

std::string CheckContext::Hint(absl::string_view name,
                               const std::vector<std::string>& known,
                               absl::string_view section) const {
  // Those beyond are not told; comparing with every name takes its time.
  if (problems_.size() < kMaxProblems) {
    const std::string near = DidYouMean(name, known);
    if (!near.empty()) return near;
  }
  return absl::StrCat("define it in \"", section, "\"");
}

void CheckContext::Note(Place place, std::string message, std::string hint) {
  problems_.push_back({place, std::move(message), std::move(hint)});
}

std::optional<Selector> CheckContext::Read(const Text& text,
                                           absl::string_view prefix) {
  return ReadPart(text.text, text.place, prefix);
}

std::optional<Selector> CheckContext::ReadPart(absl::string_view part,
                                               Place place,
                                               absl::string_view prefix) {
  auto selector = ParseSelector(part);
  if (!selector.ok()) {
    Note(place, absl::StrCat(prefix, selector.status().message()));
    return std::nullopt;
  }
  if (const std::string fault = LookAlikeFault(selector->name);
      !fault.empty()) {
    Note(place, absl::StrCat(prefix, QuoteJson(part),
                             " could be taken for another: ", fault));
    return std::nullopt;
  }
  if (!IsDefined(*selector, place, prefix)) return std::nullopt;
  if (selector->kind == SelectorKind::kUserDomain) {
    CheckDomain(selector->name, place);
  }
  return *std::move(selector);
}

bool CheckContext::IsDefined(const Selector& selector, Place place,
                             absl::string_view prefix) {
  const std::string& name = selector.name;
  const std::string quoted = QuoteJson(name);
  switch (selector.kind) {
    case SelectorKind::kGroup:
      if (HasGroup(name)) return true;
      Note(place, absl::StrCat(prefix, "group not found: ", quoted),
           Hint(name, groups_, "groups"));
      return false;
    case SelectorKind::kTag:
      if (HasTag(name)) return true;
      Note(place, absl::StrCat(prefix, "tag not found: ", quoted),
           Hint(name, tags_, "tagOwners"));
      return false;
    case SelectorKind::kIpset:
      if (Has(ipsets_, name)) return true;
      Note(place, absl::StrCat(prefix, "ipset not found: ", quoted),
           Hint(name, ipsets_, "ipsets"));
      return false;
    case SelectorKind::kHost: {
      if (FindHost(name) != nullptr) return true;
      std::vector<std::string> hosts;
      if (problems_.size() < kMaxProblems) {
        for (const auto& [host, where] : hosts_) hosts.emplace_back(host);
      }
      Note(place, absl::StrCat(prefix, quoted, ": invalid address"),
           Hint(name, hosts, "hosts"));
      return false;
    }
    default:
      return true;
  }
}

bool CheckContext::HasGroup(absl::string_view name) const {
  if (Has(groups_, name)) return true;
  if (absl::StrContains(name, '@')) return true;  // of an identity provider
  const absl::string_view bare = absl::StripPrefix(name, "group:");
  return std::any_of(
      options_.provider_groups.begin(), options_.provider_groups.end(),
      [bare](const std::string& group) { return group == bare; });
}

bool CheckContext::HasTag(absl::string_view name) const {
  return Has(tags_, name);
}

const HostDefinition* CheckContext::FindHost(absl::string_view name) const {
  const auto found = hosts_.find(name);
  return found == hosts_.end() ? nullptr : found->second;
}

void CheckContext::CheckPostures(const Texts& postures) {
  for (const Text& posture : postures) {
    if (Has(postures_, posture.text)) continue;
    Note(posture.place,
         absl::StrCat("posture not found: ", QuoteJson(posture.text)),
         Hint(posture.text, postures_, "postures"));
  }
}

void CheckContext::CheckDomain(absl::string_view domain, Place place) {
  if (options_.domains.empty()) return;
  for (const std::string& known : options_.domains) {
    if (absl::EqualsIgnoreCase(known, domain)) return;
  }
  if (IsShared(domain)) {
    return Note(place, absl::StrCat(domain, " is a shared domain and cannot ",
                                    "be used in user:*@<domain> expressions"));
  }
  Note(place, absl::StrCat("domain ", QuoteJson(domain),
                           " is not associated with this tailnet and cannot ",
                           "be used in user:*@<domain> expressions"));
}

std::vector<Problem> Check(const Policy& policy, const CheckOptions& options) {
  CheckContext context(policy, options);
  CheckGroups(context);
  CheckHosts(context);
  CheckIpsets(context);
  CheckTagOwners(context);
  CheckAutoApprovers(context);
  CheckPostureDefinitions(context);
  CheckAcls(context);
  CheckGrants(context);
  CheckSsh(context);
  CheckNodeAttributes(context);
  std::vector<Problem> problems = context.TakeProblems();
  // Tests say something of a policy that is otherwise in order.
  if (!problems.empty()) return problems;
  CheckTests(context);
  CheckSshTests(context);
  return context.TakeProblems();
}

}  // namespace warren::policy
