#ifndef WARREN_CONTROL_COORDINATOR_TAG_RIGHTS_H_
#define WARREN_CONTROL_COORDINATOR_TAG_RIGHTS_H_

#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/tailnet_state.h"
#include "core/policy/topology.h"

// Who may give tags to devices, by the policy in force.
namespace warren::control {

// The users as policies see them, ascending by id. Their e-mail addresses are
// those that a provider has verified, but none that another user has too, or is
// called: an address alone makes nobody somebody else.
std::vector<policy::User> PolicyUsersOf(const TailnetState& tailnet);

// Whether `user` may give `tag` to devices: it, its group or its role is among
// the owners of the tag. PERMISSION_DENIED says what to write into the policy.
absl::Status CheckMayTag(const TailnetState& tailnet, const UserRecord& user,
                         absl::string_view tag);

// Whether what has the tag `owner` may give `tag`.
bool TagOwns(const TailnetState& tailnet, absl::string_view owner,
             absl::string_view tag);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_TAG_RIGHTS_H_
