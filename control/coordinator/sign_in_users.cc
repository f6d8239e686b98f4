#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/admission.h"
#include "control/coordinator/names.h"
#include "control/coordinator/people.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"

// The part of user_commands.h about signing in.
namespace warren::control {
namespace {

using policy::Role;

absl::Status CheckIdentity(const Identity& identity) {
  if (identity.issuer.empty() || identity.subject.empty() ||
      identity.subject.size() > kMaxSubjectSize ||
      identity.groups.size() > kMaxIdentityGroups) {
    return absl::InvalidArgumentError(
        "the provider does not say who this is: issuer and subject are needed");
  }
  return absl::OkStatus();
}

// Refuses who has not proven the address that an invitation is for.
absl::Status CheckAddress(const InvitationRecord& invitation,
                          const Identity& identity) {
  if (invitation.email.empty() ||
      (identity.email_verified &&
       absl::EqualsIgnoreCase(identity.email, invitation.email))) {
    return absl::OkStatus();
  }
  return absl::PermissionDeniedError(absl::StrCat(
      "this invitation is for ", invitation.email,
      ": sign in with an account that has this address, verified"));
}

// As the provider says it now.
IdentityRecord Refreshed(IdentityRecord record, const ProvenPerson& person,
                         int64_t now_ms) {
  const Identity& identity = person.identity;
  record.provider = person.provider;
  record.issuer = identity.issuer;
  record.subject = identity.subject;
  record.email = identity.email;
  record.email_verified = identity.email_verified;
  record.groups = identity.groups;
  record.last_login_ms = now_ms;
  return record;
}

// Whether a policy may mean something else by the person now.
bool LooksDifferent(const IdentityRecord& a, const IdentityRecord& b) {
  return a.email != b.email || a.email_verified != b.email_verified ||
         a.groups != b.groups;
}

absl::Status RequireNotSuspended(const UserRecord& user) {
  return user.status == UserStatus::kSuspended ? RequireActive(user)
                                               : absl::OkStatus();
}

// An invitation that makes more of a user than it is.
bool Promotes(const InvitationRecord& invitation, const UserRecord& user) {
  return invitation.kind == InvitationKind::kOwner ||
         user.status == UserStatus::kWaiting;
}

void Promote(const InvitationRecord& invitation, UserRecord& user) {
  user.status = UserStatus::kActive;
  const Role role = invitation.kind == InvitationKind::kOwner ? Role::kOwner
                                                              : invitation.role;
  if (StandsAbove(role, user.role)) user.role = role;
}

absl::StatusOr<UserRecord> SignInKnown(Directory& directory, const Order& order,
                                       TailnetState& tailnet,
                                       const ProvenPerson& person,
                                       const IdentityRecord& known,
                                       absl::string_view secret) {
  UserRecord user = tailnet.users.at(known.user);
  WARREN_RETURN_IF_ERROR(RequireNotSuspended(user));
  const IdentityRecord identity = Refreshed(known, person, order.now_ms);
  user.last_login_ms = order.now_ms;
  const Order own = AsThemselves(order, user);
  const std::string who = absl::StrCat("user ", user.login);
  std::optional<InvitationRecord> invitation;
  if (!secret.empty()) {
    WARREN_ASSIGN_OR_RETURN(
        invitation, InvitationFor(directory, tailnet, InvitationKind::kUser,
                                  secret, order.now_ms));
    if (!Promotes(*invitation, user)) invitation.reset();
  }
  if (invitation) {
    WARREN_RETURN_IF_ERROR(CheckAddress(*invitation, person.identity));
    Promote(*invitation, user);
    WARREN_RETURN_IF_ERROR(directory.store().accounts().UseInvitation(
        invitation->id, order.now_ms, user.login,
        {.user = user, .identity = identity},
        AuditOf(own, tailnet, "user.invited", who, "",
                std::string(RoleName(user.role)))));
    NoteUse(directory, tailnet, *std::move(invitation), order, user.login);
  } else {
    WARREN_RETURN_IF_ERROR(directory.store().accounts().RecordLogin(
        identity, AuditOf(own, tailnet, "user.sign-in", who, "",
                          absl::StrCat("by ", person.provider_name))));
  }
  const bool touched = LooksDifferent(identity, known) ||
                       user.role != tailnet.users.at(user.id).role ||
                       user.status != tailnet.users.at(user.id).status;
  directory.PutIdentity(tailnet, identity);
  tailnet.users[user.id] = user;
  if (touched) directory.TouchTailnet(tailnet);
  return user;
}

// Who comes without an invitation: the settings decide.
absl::StatusOr<UserStatus> StatusOfUninvited(const TailnetState& tailnet) {
  const TailnetSettings& settings = tailnet.record.settings;
  if (settings.invited_only) {
    return absl::PermissionDeniedError(absl::StrCat(
        tailnet.record.name,
        " is for the invited: ask an administrator for an invitation"));
  }
  return settings.approve_users ? UserStatus::kWaiting : UserStatus::kActive;
}

absl::Status CheckRoom(const TailnetState& tailnet) {
  if (tailnet.users.size() < kMaxUsers) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "tailnet ", tailnet.record.name, " has ", kMaxUsers, " users"));
}

// Stores a new user with all that comes with it, and applies it.
absl::Status AddPerson(Directory& directory, const Order& order,
                       TailnetState& tailnet, const NewPerson& person,
                       const std::optional<InvitationRecord>& invitation,
                       const std::string& by) {
  const UserRecord& user = *person.user;
  const AuditRecord audit =
      AuditOf(AsThemselves(order, user), tailnet, "user.create",
              absl::StrCat("user ", user.login), "",
              absl::StrCat(RoleName(user.role), ", ", ToString(user.status),
                           ", by ", by, invitation ? ", invited" : ""));
  AccountStore& store = directory.store().accounts();
  WARREN_RETURN_IF_ERROR(invitation
                             ? store.UseInvitation(invitation->id, order.now_ms,
                                                   user.login, person, audit)
                             : store.PutPerson(person, audit));
  if (invitation) {
    NoteUse(directory, tailnet, *invitation, order, user.login);
  }
  tailnet.users[user.id] = user;
  if (person.identity) directory.PutIdentity(tailnet, *person.identity);
  if (person.account)
    tailnet.accounts.local_accounts[user.id] = *person.account;
  if (person.passkey) {
    tailnet.accounts.passkeys[person.passkey->credential_id] = *person.passkey;
  }
  directory.TouchTailnet(tailnet);
  return absl::OkStatus();
}

UserRecord NewUser(Directory& directory, const TailnetState& tailnet,
                   int64_t now_ms) {
  UserRecord user;
  user.id = UserId(directory.NewId());
  user.tailnet = tailnet.record.id;
  user.created_ms = now_ms;
  user.last_login_ms = now_ms;
  return user;
}

}  // namespace

absl::StatusOr<UserRecord> FindOrCreateUserByIdentity(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const ProvenPerson& person, absl::string_view secret) {
  WARREN_RETURN_IF_ERROR(CheckIdentity(person.identity));
  const auto known = tailnet.accounts.by_subject.find(
      {person.identity.issuer, person.identity.subject});
  if (known != tailnet.accounts.by_subject.end()) {
    const IdentityRecord identity =
        tailnet.accounts.identities.at(known->second);
    return SignInKnown(directory, order, tailnet, person, identity, secret);
  }
  WARREN_RETURN_IF_ERROR(CheckRoom(tailnet));
  UserRecord user = NewUser(directory, tailnet, order.now_ms);
  std::optional<InvitationRecord> invitation;
  if (secret.empty()) {
    WARREN_ASSIGN_OR_RETURN(user.status, StatusOfUninvited(tailnet));
  } else {
    WARREN_ASSIGN_OR_RETURN(
        invitation, InvitationFor(directory, tailnet, InvitationKind::kUser,
                                  secret, order.now_ms));
    WARREN_RETURN_IF_ERROR(CheckAddress(*invitation, person.identity));
    Promote(*invitation, user);
  }
  user.login = LoginFor(tailnet, person);
  user.display_name = Printable(person.identity.display_name);
  IdentityRecord identity;
  identity.id = IdentityId(directory.NewId());
  identity.tailnet = tailnet.record.id;
  identity.user = user.id;
  identity.created_ms = order.now_ms;
  identity = Refreshed(identity, person, order.now_ms);
  WARREN_RETURN_IF_ERROR(AddPerson(directory, order, tailnet,
                                   {.user = user, .identity = identity},
                                   invitation, person.provider_name));
  return user;
}

absl::StatusOr<UserRecord> CreateLocalUser(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet,
                                           const LocalSignUp& sign_up) {
  if (!tailnet.record.settings.local_accounts) {
    return absl::PermissionDeniedError(absl::StrCat(
        tailnet.record.name, " has no accounts with password or passkey"));
  }
  WARREN_ASSIGN_OR_RETURN(
      InvitationRecord invitation,
      InvitationFor(directory, tailnet, InvitationKind::kUser,
                    sign_up.invitation, order.now_ms));
  if (!invitation.email.empty()) {
    return absl::PermissionDeniedError(absl::StrCat(
        "this invitation is for ", invitation.email,
        ": sign in with an account at a provider that has this address"));
  }
  if (absl::StrContains(sign_up.login, "@")) {
    return absl::InvalidArgumentError(
        "login: names with @ are for those whom a provider knows by it");
  }
  WARREN_RETURN_IF_ERROR(CheckFreeLogin(tailnet, sign_up.login));
  WARREN_RETURN_IF_ERROR(CheckRoom(tailnet));
  UserRecord user = NewUser(directory, tailnet, order.now_ms);
  user.login = sign_up.login;
  user.display_name = Printable(sign_up.display_name);
  Promote(invitation, user);
  NewPerson person{
      .user = user, .account = sign_up.account, .passkey = sign_up.passkey};
  person.account->user = user.id;
  person.account->tailnet = tailnet.record.id;
  if (person.passkey) {
    person.passkey->user = user.id;
    person.passkey->tailnet = tailnet.record.id;
  }
  WARREN_RETURN_IF_ERROR(
      AddPerson(directory, order, tailnet, person, invitation, "local"));
  return user;
}

absl::StatusOr<UserRecord> NoteLocalSignIn(Directory& directory,
                                           const Order& order,
                                           TailnetState& tailnet, UserId id) {
  const auto found = tailnet.users.find(id);
  if (found == tailnet.users.end()) {
    return absl::NotFoundError("there is no such user");
  }
  UserRecord user = found->second;
  WARREN_RETURN_IF_ERROR(RequireNotSuspended(user));
  user.last_login_ms = order.now_ms;
  WARREN_RETURN_IF_ERROR(directory.store().PutUser(
      user, AuditOf(AsThemselves(order, user), tailnet, "user.sign-in",
                    absl::StrCat("user ", user.login), "", "by local")));
  found->second = user;
  return user;
}

}  // namespace warren::control
