#include "control/identity/access.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace warren::control {
namespace {

struct NamedRole {
  policy::Role role;
  MinRole stands_as;
  const char* name;
};
constexpr NamedRole kRoles[] = {
    {policy::Role::kOwner, MinRole::kOwner, "owner"},
    {policy::Role::kAdmin, MinRole::kAdmin, "admin"},
    {policy::Role::kNetworkAdmin, MinRole::kNetworkAdmin, "network-admin"},
    {policy::Role::kAuditor, MinRole::kAuditor, "auditor"},
    {policy::Role::kMember, MinRole::kMember, "member"},
};

const char* NameOf(MinRole least) {
  for (const NamedRole& entry : kRoles) {
    if (entry.stands_as == least) return entry.name;
  }
  return "operator";
}

}  // namespace

bool HasRole(const Caller& caller, MinRole least) {
  if (caller.IsOperator()) return true;
  for (const NamedRole& entry : kRoles) {
    if (entry.role == caller.role) return entry.stands_as >= least;
  }
  return least == MinRole::kMember;
}

bool CoversScope(const std::vector<std::string>& scopes,
                 absl::string_view scope) {
  if (scope.empty()) return true;
  const auto has = [&scopes](absl::string_view wanted) {
    return std::find(scopes.begin(), scopes.end(), wanted) != scopes.end();
  };
  if (has(scope) || has("all")) return true;
  absl::string_view area = scope;
  if (!absl::ConsumeSuffix(&area, ":read")) return false;
  return has("all:read") || has(absl::StrCat(area, ":write"));
}

absl::Status MayCall(const Caller& caller, MinRole least,
                     absl::string_view scope) {
  if (least == MinRole::kOperator && !caller.IsOperator()) {
    return absl::PermissionDeniedError(
        "only the operator of the server may do this, on the server's own "
        "socket");
  }
  if (!HasRole(caller, least)) {
    return absl::PermissionDeniedError(
        absl::StrCat("this needs the role ", NameOf(least), ", ", caller.actor,
                     " has the role ", RoleName(caller.role)));
  }
  if (caller.scopes && !CoversScope(*caller.scopes, scope)) {
    return absl::PermissionDeniedError(
        absl::StrCat("this needs the scope ", scope, ", which ", caller.actor,
                     " does not have"));
  }
  return absl::OkStatus();
}

absl::string_view RoleName(policy::Role role) {
  for (const NamedRole& entry : kRoles) {
    if (entry.role == role) return entry.name;
  }
  return "";
}

}  // namespace warren::control
