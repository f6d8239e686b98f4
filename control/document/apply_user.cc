#include "control/document/apply_user.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/administration.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/names.h"
#include "control/coordinator/user_commands.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

using Subject = std::pair<std::string, std::string>;

constexpr size_t kMaxIdentityText = 4096;  // bytes

absl::Status Replace(const Target& target, UserRecord user, std::string before,
                     std::string after) {
  WARREN_RETURN_IF_ERROR(target.directory.store().PutUser(
      user, AuditOf(target.order, target.tailnet, "user.change",
                    absl::StrCat("user ", user.login), std::move(before),
                    std::move(after))));
  const UserId id = user.id;
  target.tailnet.users[id] = std::move(user);
  target.directory.TouchTailnet(target.tailnet);
  return absl::OkStatus();
}

absl::Status PutIdentity(const Target& target, const UserRecord& user,
                         const v1::IdentitySpec& spec) {
  if (spec.issuer().empty() || spec.subject().empty() ||
      spec.issuer().size() + spec.subject().size() > kMaxIdentityText) {
    return absl::InvalidArgumentError(
        "an identity needs an issuer and a subject");
  }
  AccountState& accounts = target.tailnet.accounts;
  IdentityRecord record;
  const auto found = accounts.by_subject.find({spec.issuer(), spec.subject()});
  if (found != accounts.by_subject.end()) {
    record = accounts.identities.at(found->second);
  } else {
    record.id = IdentityId(target.directory.NewId());
    record.tailnet = target.tailnet.record.id;
    record.issuer = spec.issuer();
    record.subject = spec.subject();
    record.created_ms = target.order.now_ms;
  }
  const IdentityRecord before = record;
  record.user = user.id;
  record.email = spec.email();
  record.email_verified = spec.email_verified();
  record.groups.assign(spec.groups().begin(), spec.groups().end());
  if (record == before) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(target.directory.store().accounts().PutIdentity(
      record, AuditOf(target.order, target.tailnet, "user.identity",
                      absl::StrCat("user ", user.login), before.subject,
                      absl::StrCat(record.issuer, " ", record.subject))));
  accounts.by_subject[{record.issuer, record.subject}] = record.id;
  accounts.identities[record.id] = std::move(record);
  target.directory.TouchTailnet(target.tailnet);
  return absl::OkStatus();
}

// Those that the document does not name any more.
absl::Status DropIdentities(const Target& target, const UserRecord& user,
                            const v1::UserSpec& spec) {
  std::set<Subject> wanted;
  for (const auto& identity : spec.identities()) {
    wanted.insert({identity.issuer(), identity.subject()});
  }
  AccountState& accounts = target.tailnet.accounts;
  std::vector<IdentityRecord> gone;
  for (const auto& [id, identity] : accounts.identities) {
    const bool named = wanted.contains({identity.issuer, identity.subject});
    if (identity.user == user.id && !named) gone.push_back(identity);
  }
  for (const IdentityRecord& identity : gone) {
    WARREN_RETURN_IF_ERROR(target.directory.store().accounts().DeleteIdentity(
        identity.id,
        AuditOf(target.order, target.tailnet, "user.identity",
                absl::StrCat("user ", user.login),
                absl::StrCat(identity.issuer, " ", identity.subject), "")));
    accounts.by_subject.erase({identity.issuer, identity.subject});
    accounts.identities.erase(identity.id);
  }
  if (!gone.empty()) target.directory.TouchTailnet(target.tailnet);
  return absl::OkStatus();
}

absl::Status SetStatus(const Target& target, UserRecord user,
                       const std::string& status) {
  const std::string now(ToString(user.status));
  if (now == status) return absl::OkStatus();
  if (status == ToString(UserStatus::kSuspended)) {
    return SuspendUser(target.directory, target.order, target.tailnet, user.id);
  }
  if (status == ToString(UserStatus::kActive)) {
    return user.status == UserStatus::kWaiting
               ? ApproveUser(target.directory, target.order, target.tailnet,
                             user.id)
               : RestoreUser(target.directory, target.order, target.tailnet,
                             user.id);
  }
  if (status != ToString(UserStatus::kWaiting)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "status \"", status, "\" is none: active, waiting or suspended"));
  }
  WARREN_RETURN_IF_ERROR(RequireRole(target.tailnet, target.order,
                                     MinRole::kAdmin, "change users"));
  WARREN_RETURN_IF_ERROR(RequireAnotherOwner(target.tailnet, user));
  user.status = UserStatus::kWaiting;
  return Replace(target, std::move(user), now, status);
}

}  // namespace

absl::Status ApplyUser(const Target& target, const v1::UserSpec& spec) {
  UserId id;
  for (const auto& [user_id, user] : target.tailnet.users) {
    if (user.login == spec.login()) id = user_id;
  }
  if (id == UserId()) {
    WARREN_ASSIGN_OR_RETURN(
        const UserRecord made,
        CreateUser(target.directory, target.order, target.tailnet, spec.login(),
                   spec.display_name()));
    id = made.id;
  }
  UserRecord user = target.tailnet.users.at(id);
  if (user.display_name != spec.display_name()) {
    WARREN_RETURN_IF_ERROR(CheckLine("display_name", spec.display_name()));
    const std::string before = user.display_name;
    user.display_name = spec.display_name();
    WARREN_RETURN_IF_ERROR(Replace(target, user, before, user.display_name));
  }
  WARREN_ASSIGN_OR_RETURN(const policy::Role role, RoleFrom(spec.role()));
  if (role != user.role) {
    WARREN_RETURN_IF_ERROR(
        SetUserRole(target.directory, target.order, target.tailnet, id, role));
  }
  WARREN_RETURN_IF_ERROR(DropIdentities(target, user, spec));
  for (const auto& identity : spec.identities()) {
    WARREN_RETURN_IF_ERROR(PutIdentity(target, user, identity));
  }
  return SetStatus(target, target.tailnet.users.at(id),
                   spec.status().empty() ? "active" : spec.status());
}

absl::Status RemoveUser(const Target& target, const std::string& login) {
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          FindUser(target.tailnet, login));
  WARREN_RETURN_IF_ERROR(RequireAnotherOwner(target.tailnet, *user));
  return DeleteUser(target.directory, target.order, target.tailnet,
                    UserRecord(*user), true);
}

}  // namespace warren::control
