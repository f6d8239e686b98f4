#ifndef WARREN_CONTROL_API_OWNERSHIP_H_
#define WARREN_CONTROL_API_OWNERSHIP_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/api/admin_call.h"

// Whose things a caller may see and change, for the methods that every member
// may call. To a member what is not its own is not there: NOT_FOUND in the
// same words. Auditors and above see all of their tailnet.
namespace warren::control {

// Whether the caller may look at everything in its tailnet.
bool SeesAll(const AdminCall& call);
// The user a list is about: the one that was asked for, or the caller itself
// if it is a member. 0: everybody.
absl::StatusOr<UserId> ListedUser(AdminCall& call, const std::string& user);

// The one called `ref`, if the caller may see it.
absl::StatusOr<UserRecord*> SeenUser(AdminCall& call, absl::string_view ref);
absl::StatusOr<NodeState*> SeenNode(AdminCall& call, absl::string_view ref);
absl::StatusOr<AuthKeyRecord*> SeenAuthKey(AdminCall& call,
                                           absl::string_view ref);

// The one called `ref`, if the caller may change it: its own, or any with the
// role of a network admin. PERMISSION_DENIED: it may see it only.
absl::StatusOr<NodeState*> ChangeableNode(AdminCall& call,
                                          absl::string_view ref);
absl::StatusOr<AuthKeyRecord*> ChangeableAuthKey(AdminCall& call,
                                                 absl::string_view ref);

// Whether the caller may make keys that give `tags` to devices.
// PERMISSION_DENIED says which it may not.
absl::Status CheckGivenTags(const AdminCall& call,
                            const std::vector<std::string>& tags);

// As the answer to a thing that is not there: "no session "7" of yours".
absl::Status NotYours(absl::string_view kind, absl::string_view ref);
absl::Status OnlySeen(const AdminCall& call, absl::string_view kind);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_OWNERSHIP_H_
