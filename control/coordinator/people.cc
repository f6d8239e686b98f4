#include "control/coordinator/people.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

bool IsTaken(const TailnetState& tailnet, absl::string_view login) {
  return std::ranges::any_of(tailnet.users, [login](const auto& entry) {
    return absl::EqualsIgnoreCase(entry.second.login, login);
  });
}

// What of `text` a login may hold, without "@" and what follows.
std::string LocalPart(absl::string_view text) {
  std::string out;
  for (char c : text.substr(0, text.find('@'))) {
    const bool good = absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
                      (!out.empty() && absl::StrContains("._+-", c));
    if (good) out += c;
    if (out.size() == kMaxLabelSize) break;
  }
  return out.empty() ? "user" : out;
}

}  // namespace

absl::Status CheckFreeLogin(const TailnetState& tailnet,
                            const std::string& login) {
  WARREN_RETURN_IF_ERROR(CheckLogin("login", login));
  if (!IsTaken(tailnet, login)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      absl::StrCat("there is a user \"", login, "\" in ", tailnet.record.name));
}

std::string LoginFor(const TailnetState& tailnet, const ProvenPerson& person) {
  const Identity& identity = person.identity;
  const bool proven = identity.email_verified &&
                      absl::StrContains(identity.email, "@") &&
                      CheckLogin("login", identity.email).ok();
  if (proven && !IsTaken(tailnet, identity.email)) return identity.email;
  const std::string name = LocalPart(!identity.login.empty() ? identity.login
                                     : proven                ? identity.email
                                              : identity.subject);
  const std::string end = absl::StrCat("@", LabelFrom(person.provider_name));
  std::string login = name + end;
  for (int n = 1; IsTaken(tailnet, login); ++n) {
    login = absl::StrCat(name, "-", n, end);
  }
  return login;
}

bool HasActiveOwner(const TailnetState& tailnet) {
  return std::ranges::any_of(tailnet.users, [](const auto& entry) {
    return entry.second.role == policy::Role::kOwner &&
           entry.second.status == UserStatus::kActive;
  });
}

bool HasProven(const TailnetState& tailnet, UserId user,
               absl::string_view email) {
  return std::ranges::any_of(
      tailnet.accounts.identities, [&](const auto& entry) {
        const IdentityRecord& identity = entry.second;
        return identity.user == user && identity.email_verified &&
               absl::EqualsIgnoreCase(identity.email, email);
      });
}

absl::StatusOr<InvitationRecord> InvitationFor(Directory& directory,
                                               TailnetState& tailnet,
                                               InvitationKind kind,
                                               absl::string_view secret,
                                               int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(FoundInvitation found,
                          FindInvitation(directory, secret, now_ms));
  InvitationRecord& invitation = found.record;
  const bool owner_link = invitation.kind == InvitationKind::kOwner &&
                          kind == InvitationKind::kUser;
  if (found.tailnet != &tailnet || (invitation.kind != kind && !owner_link)) {
    return absl::NotFoundError("this invitation is for something else");
  }
  if (owner_link && HasActiveOwner(tailnet)) {
    return absl::FailedPreconditionError(
        absl::StrCat(tailnet.record.name,
                     " has an owner already: ask there for an invitation"));
  }
  return std::move(invitation);
}

void NoteUse(Directory& directory, TailnetState& tailnet,
             InvitationRecord invitation, const Order& order,
             const std::string& used_by) {
  invitation.used_ms = order.now_ms;
  invitation.used_by = used_by;
  directory.PutInvitation(tailnet, std::move(invitation));
}

Order AsThemselves(const Order& order, const UserRecord& user) {
  Order own = order;
  own.actor = user.login;
  own.user = user.id;
  return own;
}

}  // namespace warren::control
