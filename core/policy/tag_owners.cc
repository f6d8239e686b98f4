#include "core/policy/tag_owners.h"

#include <algorithm>
#include <set>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/policy/selector.h"

namespace warren::policy {
namespace {

const Definition* Find(const std::vector<Definition>& definitions,
                       absl::string_view name) {
  for (const Definition& definition : definitions) {
    if (definition.name.text == name) return &definition;
  }
  return nullptr;
}

bool HasName(const User& user, absl::string_view name) {
  if (absl::EqualsIgnoreCase(user.login, name)) return true;
  return std::any_of(user.emails.begin(), user.emails.end(),
                     [name](const std::string& email) {
                       return absl::EqualsIgnoreCase(email, name);
                     });
}

bool IsOfDomain(const User& user, absl::string_view domain) {
  const std::string end = absl::StrCat("@", domain);
  if (absl::EndsWithIgnoreCase(user.login, end)) return true;
  return std::any_of(user.emails.begin(), user.emails.end(),
                     [&end](const std::string& email) {
                       return absl::EndsWithIgnoreCase(email, end);
                     });
}

// Whether a list of selectors names a user. Groups are entered once.
class UserSearch {
 public:
  UserSearch(const Policy& policy, const User& user)
      : policy_(policy), user_(user) {}

  bool Names(const Texts& members) {
    return std::any_of(members.begin(), members.end(), [this](const Text& one) {
      return Names(absl::string_view(one.text));
    });
  }

 private:
  bool Names(absl::string_view text) {
    const auto selector = ParseSelector(text);
    if (!selector.ok()) return false;
    switch (selector->kind) {
      case SelectorKind::kUser:
        return HasName(user_, selector->name);
      case SelectorKind::kUserDomain:
        return IsOfDomain(user_, selector->name);
      case SelectorKind::kGroup:
        return InGroup(selector->name);
      case SelectorKind::kMember:
        return true;
      case SelectorKind::kRole:
        return CountsAs(user_.role, selector->role);
      default:
        return false;
    }
  }
  bool InGroup(const std::string& name) {
    if (!entered_.insert(name).second) return false;
    for (const std::string& group : user_.groups) {
      if (absl::StrCat("group:", group) == name) return true;
    }
    const Definition* const group = Find(policy_.groups, name);
    return group != nullptr && Names(group->members);
  }

  const Policy& policy_;
  const User& user_;
  std::set<std::string> entered_;
};

}  // namespace

bool UserOwnsTag(const Policy& policy, const User& user,
                 absl::string_view tag) {
  const Definition* const owners = Find(policy.tag_owners, tag);
  if (owners == nullptr || user.guest) return false;
  return UserSearch(policy, user).Names(owners->members);
}

bool TagOwnsTag(const Policy& policy, absl::string_view owner,
                absl::string_view tag) {
  if (owner == tag) return true;
  const Definition* const owners = Find(policy.tag_owners, tag);
  if (owners == nullptr) return false;
  return std::any_of(
      owners->members.begin(), owners->members.end(),
      [owner](const Text& member) { return member.text == owner; });
}

}  // namespace warren::policy
