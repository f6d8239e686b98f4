#ifndef WARREN_CONTROL_COORDINATOR_USER_COMMANDS_H_
#define WARREN_CONTROL_COORDINATOR_USER_COMMANDS_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"
#include "control/identity/identity.h"

// How people become users, and what administrators do with them. As in
// administration.h each function checks, stores with its audit row, and then
// applies. Rights are checked here, in the one writer, against the roles of
// that moment: PERMISSION_DENIED says what is missing.
namespace warren::control {

// ---- sign-in ----

// Who a provider says has signed in.
struct ProvenPerson {
  ProviderId provider;
  std::string provider_name;  // of ProviderRecord
  Identity identity;
};

// The user that (issuer, subject) is in `tailnet`, compared byte by byte; an
// e-mail address never finds anybody. Refreshes what the provider says of it.
// Unknown: makes one, if the invitation or the settings allow.
//
// `invitation`: the secret of a link, empty for none; a good one makes the user
// active at once, with its role, and is used up.
//
// The answer may be `kWaiting`: then it may sign in but gets nothing.
//   PERMISSION_DENIED    suspended; only the invited may come in; the
//                        invitation is for another address
//   NOT_FOUND, FAILED_PRECONDITION  as FindInvitation() says
absl::StatusOr<UserRecord> FindOrCreateUserByIdentity(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const ProvenPerson& person, absl::string_view invitation);

// A new account on this server, by invitation alone.
struct LocalSignUp {
  std::string login;  // a login without "@"
  std::string display_name;
  LocalAccountRecord account;            // user and tailnet are filled in
  std::optional<PasskeyRecord> passkey;  // the same
  std::string invitation;                // secret of a link
};
// Codes: as FindInvitation(); INVALID_ARGUMENT, ALREADY_EXISTS: the login;
// PERMISSION_DENIED: there are no local accounts here, or the invitation is for
// an address that a provider must prove.
absl::StatusOr<UserRecord> CreateLocalUser(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet,
                                           const LocalSignUp& sign_up);

// The user has signed in with password or passkey: sets the time.
// PERMISSION_DENIED: suspended.
absl::StatusOr<UserRecord> NoteLocalSignIn(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet, UserId user);

// ---- administration ----

// The role that RoleName() (control/identity/access.h) calls so.
absl::StatusOr<policy::Role> RoleFrom(absl::string_view text);
absl::string_view ToString(UserStatus status);

// The order's role must be higher than the user's and than `role`; owners may
// make and unmake owners. FAILED_PRECONDITION: the last active owner stays one.
absl::Status SetUserRole(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId user, policy::Role role);
// FAILED_PRECONDITION: `user` is the last active owner.
absl::Status RequireAnotherOwner(const TailnetState& tailnet,
                                 const UserRecord& user);
// Admins and above, for users below them.
absl::Status ApproveUser(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId user);
// Its devices lose all peers, its sessions end; its API keys must not be taken
// while it is suspended.
absl::Status SuspendUser(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId user);
absl::Status RestoreUser(Directory& directory, const Order& order,
                         TailnetState& tailnet, UserId user);

// ---- invitations ----

inline constexpr size_t kMaxInvitations = 10'000;  // of one tailnet
// The secret follows: PUBLIC_URL + this + secret.
inline constexpr char kInvitationPath[] = "/invite/";

struct InvitationParams {
  InvitationKind kind = InvitationKind::kUser;
  policy::Role role = policy::Role::kMember;  // kUser
  std::string email = {};   // kUser, kShare: only who has proven this address
  NodeId node = {};         // kShare
  UserId user = {};         // kReset
  int64_t lifetime_ms = 0;  // 0 = 7 days (kReset: 1 day), at most 30
};
struct CreatedInvitation {
  InvitationRecord record;
  std::string secret;
  std::string url;  // empty: the server has no public URL
};
// kUser: admins, with a role below theirs (owners: any). kShare: who may change
// the node. kReset: admins, for users below them. kOwner: the operator.
absl::StatusOr<CreatedInvitation> CreateInvitation(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const InvitationParams& params);
// Admins, and whoever made it.
absl::Status DeleteInvitation(Directory& directory, const Order& order,
                              TailnetState& tailnet, InvitationId id);

struct FoundInvitation {
  TailnetState* tailnet;
  InvitationRecord record;
};
// The one with this secret that is good at `now_ms`. NOT_FOUND: unknown,
// withdrawn or over its time; FAILED_PRECONDITION: used already.
absl::StatusOr<FoundInvitation> FindInvitation(Directory& directory,
                                               absl::string_view secret,
                                               int64_t now_ms);
// kReset: marks it used, and returns whom it is for; store the new password
// and second factor next. Codes as FindInvitation().
absl::StatusOr<UserRecord> UseResetInvitation(Directory& directory,
                                              const Order& order,
                                              absl::string_view secret);

// A new link for the first owner, while the tailnet has no active owner;
// earlier ones stop working. FAILED_PRECONDITION: it has one.
absl::StatusOr<CreatedInvitation> CreateOwnerLink(Directory& directory,
                                                  const Order& order,
                                                  TailnetState& tailnet);

// ---- shares ----

// `guest`, of `guest_tailnet`, may reach the node of the invitation (kind
// kShare) from now on, and the invitation is used up. By the guest, and by who
// may act for it (RequireUser()). FAILED_PRECONDITION: the node is gone, or in
// the guest's own tailnet.
absl::StatusOr<ShareRecord> AcceptShare(Directory& directory,
                                        const Order& order,
                                        TailnetState& guest_tailnet,
                                        UserId guest, absl::string_view secret);
// From either side: who may change the node; the guest; network admins of
// either tailnet.
absl::Status DeleteShare(Directory& directory, const Order& order,
                         TailnetState& tailnet, ShareId id);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_USER_COMMANDS_H_
