#include "control/coordinator/tag_rights.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/policy/tag_owners.h"

namespace warren::control {
namespace {

// Who goes by each login or verified address, in lower case.
std::map<std::string, std::set<UserId>> NamesOf(const TailnetState& tailnet) {
  std::map<std::string, std::set<UserId>> names;
  for (const auto& [id, user] : tailnet.users) {
    names[absl::AsciiStrToLower(user.login)].insert(id);
  }
  for (const auto& [id, identity] : tailnet.accounts.identities) {
    if (!identity.email_verified || identity.email.empty()) continue;
    names[absl::AsciiStrToLower(identity.email)].insert(identity.user);
  }
  return names;
}

template <class T>
void AddOnce(std::vector<T>& list, const T& value) {
  if (std::ranges::count(list, value) == 0) list.push_back(value);
}

}  // namespace

std::vector<policy::User> PolicyUsersOf(const TailnetState& tailnet) {
  const auto names = NamesOf(tailnet);
  std::map<UserId, policy::User> users;
  for (const auto& [id, user] : tailnet.users) {
    users[id].id = id;
    users[id].login = user.login;
    users[id].role = user.role;
  }
  for (const auto& [id, identity] : tailnet.accounts.identities) {
    policy::User& user = users.at(identity.user);
    for (const std::string& group : identity.groups) {
      AddOnce(user.groups, group);
    }
    if (!identity.email_verified || identity.email.empty()) continue;
    const std::string email = absl::AsciiStrToLower(identity.email);
    if (email == absl::AsciiStrToLower(user.login)) continue;
    if (names.at(email).size() == 1) AddOnce(user.emails, identity.email);
  }
  std::vector<policy::User> out;
  for (auto& [id, user] : users) {
    std::ranges::sort(user.emails);
    std::ranges::sort(user.groups);
    out.push_back(std::move(user));
  }
  return out;
}

absl::Status CheckMayTag(const TailnetState& tailnet, const UserRecord& user,
                         absl::string_view tag) {
  const auto& policy = tailnet.access.parsed_policy;
  if (policy != nullptr) {
    for (const policy::User& one : PolicyUsersOf(tailnet)) {
      if (one.id == user.id && policy::UserOwnsTag(*policy, one, tag)) {
        return absl::OkStatus();
      }
    }
  }
  return absl::PermissionDeniedError(absl::StrCat(
      user.login, " does not own ", tag,
      ": the policy must list it in tagOwners, such as \"tagOwners\": {\"", tag,
      "\": [\"", user.login, absl::StrContains(user.login, "@") ? "" : "@",
      "\"]}"));
}

bool TagOwns(const TailnetState& tailnet, absl::string_view owner,
             absl::string_view tag) {
  const auto& policy = tailnet.access.parsed_policy;
  if (policy == nullptr) return owner == tag;
  return policy::TagOwnsTag(*policy, owner, tag);
}

}  // namespace warren::control
