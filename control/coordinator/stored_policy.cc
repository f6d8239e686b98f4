#include "control/coordinator/stored_policy.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "control/coordinator/default_policy.h"
#include "core/policy/policy_text.h"

namespace warren::control {
namespace {

// Every group that `text` names. Which of them providers know may have changed
// since it was put in force, and does not matter for reading it.
std::vector<std::string> GroupsNamed(absl::string_view text) {
  constexpr absl::string_view kPrefix = "group:";
  std::vector<std::string> groups;
  for (size_t at = text.find(kPrefix); at != absl::string_view::npos;
       at = text.find(kPrefix, at)) {
    at += kPrefix.size();
    const size_t end = text.find_first_of("\"':,; \t\r\n", at);
    groups.emplace_back(text.substr(at, end - at));
  }
  std::sort(groups.begin(), groups.end());
  groups.erase(std::unique(groups.begin(), groups.end()), groups.end());
  return groups;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const policy::Policy>> ReadStoredPolicy(
    const PolicyRecord& record) {
  const absl::string_view text = record.version == 0
                                     ? absl::string_view(kDefaultPolicy)
                                     : absl::string_view(record.text);
  policy::CheckOptions options;
  options.provider_groups = GroupsNamed(text);
  policy::ParsedPolicy parsed = policy::ParsePolicy(text, options);
  if (parsed.ok()) {
    return std::make_shared<policy::Policy>(std::move(parsed.policy));
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "version ", record.version, " of the policy of tailnet ",
      record.tailnet.value(), " cannot be read by this warren-control: ",
      absl::StrReplaceAll(policy::Describe(parsed.problems), {{"\n", "; "}}),
      ". Use the one that ran before, and change the policy with it"));
}

}  // namespace warren::control
