#ifndef WARREN_CONTROL_IDENTITY_ACCESS_H_
#define WARREN_CONTROL_IDENTITY_ACCESS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/store/access_records.h"
#include "control/store/account_records.h"
#include "core/base/strong_id.h"
#include "core/policy/topology.h"

// Who calls the admin API, and whether it may.
namespace warren::control {

// Made where a call comes in, from its credentials, and never from what the
// call says of itself.
struct Caller {
  // How the audit log names it: "uid 0", "alice@example.com",
  // "key wa-3f9c of alice@example.com".
  std::string actor;
  std::string source;  // "socket", "203.0.113.7"
  // The tailnet that it may touch; unset: the operator of the server, who may
  // do everything.
  std::optional<TailnetId> tailnet;
  UserId user;  // whose rights; 0 for the operator
  policy::Role role = policy::Role::kMember;
  // Of an API key or access token: it may do what these name and its user may.
  // Unset for people.
  std::optional<std::vector<std::string>> scopes;
  SessionId session;  // of a person in a browser
  ApiKeyId key;       // of an API key or access token
  // Of an OAuth client: the auth keys it makes carry some of these.
  std::vector<std::string> tags;

  bool IsOperator() const { return !tailnet.has_value(); }
};

// What a method asks for; from the options of the method in admin.proto.
enum class MinRole {
  kMember,
  kAuditor,
  kNetworkAdmin,
  kAdmin,
  kOwner,
  kOperator,
};

// PERMISSION_DENIED says which role or scope is missing. Reads need a scope
// that ends in ":read" or the same one that writes.
absl::Status MayCall(const Caller& caller, MinRole least,
                     absl::string_view scope);

// Whether `caller` stands at least as high as `least` by its role alone.
bool HasRole(const Caller& caller, MinRole least);

// Whether who has `scopes` may do what needs `scope`; "" needs none.
bool CoversScope(const std::vector<std::string>& scopes,
                 absl::string_view scope);

// As people write them: "owner", "network-admin", ...; "" of the roles that
// only policies know.
absl::string_view RoleName(policy::Role role);

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_ACCESS_H_
