#include "control/api/ownership.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/names.h"
#include "control/coordinator/node_commands.h"
#include "control/coordinator/tag_rights.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// `found` as the caller may know it.
template <class T, class IsMine>
absl::StatusOr<T*> Seen(const AdminCall& call, absl::string_view kind,
                        absl::string_view ref, absl::StatusOr<T*> found,
                        const IsMine& is_mine) {
  if (SeesAll(call)) return found;
  if (!found.ok() || !is_mine(**found)) return NotYours(kind, ref);
  return found;
}

bool IsMine(const AdminCall& call, const NodeState& node) {
  return RequireNode(call.tailnet(), call.order, node.record).ok();
}

bool IsMine(const AdminCall& call, const AuthKeyRecord& key) {
  return key.user == call.caller.user && key.user != UserId();
}

}  // namespace

bool SeesAll(const AdminCall& call) {
  return HasRole(call.caller, MinRole::kAuditor);
}

absl::Status NotYours(absl::string_view kind, absl::string_view ref) {
  return absl::NotFoundError(
      absl::StrCat("no ", kind, " \"", Printable(ref), "\" of yours"));
}

absl::Status OnlySeen(const AdminCall& call, absl::string_view kind) {
  return absl::PermissionDeniedError(
      absl::StrCat("this ", kind, " belongs to another; ", call.caller.actor,
                   " may only look at it"));
}

absl::StatusOr<UserId> ListedUser(AdminCall& call, const std::string& user) {
  if (user.empty()) return SeesAll(call) ? UserId() : call.caller.user;
  WARREN_ASSIGN_OR_RETURN(const UserRecord* found, SeenUser(call, user));
  return found->id;
}

absl::StatusOr<UserRecord*> SeenUser(AdminCall& call, absl::string_view ref) {
  return Seen(
      call, "user", ref, FindUser(call.tailnet(), ref),
      [&call](const UserRecord& user) { return user.id == call.caller.user; });
}

absl::StatusOr<NodeState*> SeenNode(AdminCall& call, absl::string_view ref) {
  return Seen(call, "node", ref, FindNode(call.tailnet(), ref),
              [&call](const NodeState& node) { return IsMine(call, node); });
}

absl::StatusOr<AuthKeyRecord*> SeenAuthKey(AdminCall& call,
                                           absl::string_view ref) {
  return Seen(call, "auth key", ref, FindAuthKey(call.tailnet(), ref),
              [&call](const AuthKeyRecord& key) { return IsMine(call, key); });
}

absl::StatusOr<NodeState*> ChangeableNode(AdminCall& call,
                                          absl::string_view ref) {
  WARREN_ASSIGN_OR_RETURN(NodeState * node, SeenNode(call, ref));
  if (HasRole(call.caller, MinRole::kNetworkAdmin) || IsMine(call, *node)) {
    return node;
  }
  return OnlySeen(call, "node");
}

absl::StatusOr<AuthKeyRecord*> ChangeableAuthKey(AdminCall& call,
                                                 absl::string_view ref) {
  WARREN_ASSIGN_OR_RETURN(AuthKeyRecord * key, SeenAuthKey(call, ref));
  if (HasRole(call.caller, MinRole::kNetworkAdmin) || IsMine(call, *key)) {
    return key;
  }
  return OnlySeen(call, "auth key");
}

absl::Status CheckGivenTags(const AdminCall& call,
                            const std::vector<std::string>& tags) {
  const std::vector<std::string>& own = call.caller.tags;
  for (const std::string& tag : tags) {
    WARREN_RETURN_IF_ERROR(CheckTag(tag));
    if (!own.empty() && std::find(own.begin(), own.end(), tag) == own.end()) {
      return absl::PermissionDeniedError(absl::StrCat(
          "tags: ", tag, " is not among those of ", call.caller.actor));
    }
    if (HasRole(call.caller, MinRole::kNetworkAdmin)) continue;
    const auto found = call.tailnet().users.find(call.caller.user);
    if (found == call.tailnet().users.end()) {
      return absl::PermissionDeniedError("tags: there is no such user");
    }
    WARREN_RETURN_IF_ERROR(CheckMayTag(call.tailnet(), found->second, tag));
  }
  return absl::OkStatus();
}

}  // namespace warren::control
