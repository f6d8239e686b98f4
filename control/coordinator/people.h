#ifndef WARREN_CONTROL_COORDINATOR_PEOPLE_H_
#define WARREN_CONTROL_COORDINATOR_PEOPLE_H_

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/user_commands.h"

// For the sources of user_commands.h alone.
namespace warren::control {

// ALREADY_EXISTS, INVALID_ARGUMENT: `login` cannot be a new user's.
absl::Status CheckFreeLogin(const TailnetState& tailnet,
                            const std::string& login);

// A free login for who comes from a provider. A verified address is itself;
// all else ends in "@" and the provider's name, which has no dot, so that a
// policy cannot mean it by an address or by a local name.
std::string LoginFor(const TailnetState& tailnet, const ProvenPerson& person);

// Whether the tailnet has an owner who may sign in.
bool HasActiveOwner(const TailnetState& tailnet);

// Whether one of the user's identities has proven this address.
bool HasProven(const TailnetState& tailnet, UserId user,
               absl::string_view email);

// FindInvitation(), and it must be of `tailnet` and of this kind (kOwner also
// where kUser is asked for).
absl::StatusOr<InvitationRecord> InvitationFor(Directory& directory,
                                               TailnetState& tailnet,
                                               InvitationKind kind,
                                               absl::string_view secret,
                                               int64_t now_ms);

// Marks it used in memory; the store has it already.
void NoteUse(Directory& directory, TailnetState& tailnet,
             InvitationRecord invitation, const Order& order,
             const std::string& used_by);

// "alice@example.com": who is named in the audit log by what it does itself.
Order AsThemselves(const Order& order, const UserRecord& user);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PEOPLE_H_
