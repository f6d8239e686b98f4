#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/names.h"
#include "control/coordinator/people.h"
#include "control/coordinator/user_commands.h"
#include "control/identity/key_text.h"
#include "core/base/status_macros.h"

// The part of user_commands.h about invitations.
namespace warren::control {
namespace {

using policy::Role;

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
constexpr int64_t kLifetimeMs = 7 * kDayMs;
constexpr int64_t kMaxLifetimeMs = 30 * kDayMs;
constexpr size_t kMaxEmailSize = 254;

SecretHash HashOf(const Directory& directory, absl::string_view secret) {
  return HashAuthKey(directory.hash_key(), absl::StrCat("invitation ", secret));
}

const char* NameOf(InvitationKind kind) {
  switch (kind) {
    case InvitationKind::kUser:
      return "user";
    case InvitationKind::kOwner:
      return "owner";
    case InvitationKind::kShare:
      return "share";
    case InvitationKind::kReset:
      return "reset";
  }
  return "user";
}

absl::Status CheckMayInvite(const TailnetState& tailnet, const Order& order,
                            const InvitationParams& params) {
  switch (params.kind) {
    case InvitationKind::kUser: {
      WARREN_RETURN_IF_ERROR(
          RequireRole(tailnet, order, MinRole::kAdmin, "invite users"));
      const Role own = *RoleIn(tailnet, order);
      if (own == Role::kOwner || StandsAbove(own, params.role)) break;
      return absl::PermissionDeniedError(absl::StrCat(
          "an ", RoleName(own), " invites to roles below its own, not ",
          RoleName(params.role)));
    }
    case InvitationKind::kShare: {
      const auto node = tailnet.nodes.find(params.node);
      if (node == tailnet.nodes.end()) {
        return absl::NotFoundError("there is no such node");
      }
      return RequireNode(tailnet, order, node->second.record);
    }
    case InvitationKind::kReset: {
      WARREN_RETURN_IF_ERROR(
          RequireRole(tailnet, order, MinRole::kAdmin, "reset accounts"));
      const auto user = tailnet.users.find(params.user);
      if (user == tailnet.users.end()) {
        return absl::NotFoundError("there is no such user");
      }
      return RequireUser(tailnet, order, user->second, "reset");
    }
    case InvitationKind::kOwner:
      return RequireRole(tailnet, order, MinRole::kOperator,
                         "make owner links");
  }
  return absl::OkStatus();
}

absl::Status CheckParams(const InvitationParams& params) {
  if (params.lifetime_ms < 0 || params.lifetime_ms > kMaxLifetimeMs) {
    return absl::InvalidArgumentError(
        "lifetime_ms: at most 30 days; 0 is 7 days");
  }
  const std::string& email = params.email;
  if (!email.empty() &&
      (email.size() > kMaxEmailSize || !absl::StrContains(email, "@") ||
       Printable(email) != email)) {
    return absl::InvalidArgumentError(
        absl::StrCat("email: \"", Printable(email), "\" is no address"));
  }
  return absl::OkStatus();
}

// Drops what is of no use any more when there are too many.
absl::Status MakeRoom(Directory& directory, TailnetState& tailnet,
                      int64_t now_ms) {
  auto& invitations = tailnet.accounts.invitations;
  if (invitations.size() < kMaxInvitations) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PruneExpired(now_ms));
  const int64_t old = now_ms - AccountStore::kKeepInvitationMs;
  std::vector<InvitationId> gone;
  for (const auto& [id, one] : invitations) {
    if (one.expires_ms < old || (one.used_ms != 0 && one.used_ms < old)) {
      gone.push_back(id);
    }
  }
  for (const InvitationId id : gone) tailnet.accounts.invitations.erase(id);
  if (invitations.size() < kMaxInvitations) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat(
      "there are ", kMaxInvitations, " invitations: withdraw some"));
}

std::string Summary(const TailnetState& tailnet,
                    const InvitationRecord& invitation) {
  std::string text = NameOf(invitation.kind);
  if (invitation.kind == InvitationKind::kUser) {
    absl::StrAppend(&text, ", role ", RoleName(invitation.role));
  }
  if (tailnet.nodes.contains(invitation.node)) {
    absl::StrAppend(&text, ", node ",
                    tailnet.nodes.at(invitation.node).record.naming.name);
  }
  if (tailnet.users.contains(invitation.user)) {
    absl::StrAppend(&text, ", user ", tailnet.users.at(invitation.user).login);
  }
  if (!invitation.email.empty()) {
    absl::StrAppend(&text, ", for ", invitation.email);
  }
  return text;
}

absl::Status Withdraw(Directory& directory, const Order& order,
                      TailnetState& tailnet,
                      const InvitationRecord& invitation) {
  const InvitationId id = invitation.id;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().DeleteInvitation(
      id, AuditOf(order, tailnet, "invitation.delete",
                  absl::StrCat("invitation ", id.value()),
                  Summary(tailnet, invitation), "")));
  tailnet.accounts.invitations.erase(id);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<CreatedInvitation> CreateInvitation(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const InvitationParams& params) {
  WARREN_RETURN_IF_ERROR(CheckMayInvite(tailnet, order, params));
  WARREN_RETURN_IF_ERROR(CheckParams(params));
  WARREN_RETURN_IF_ERROR(MakeRoom(directory, tailnet, order.now_ms));
  CreatedInvitation created;
  created.secret = RandomText(kKeySecretSize, directory.rng());
  InvitationRecord& record = created.record;
  record.id = InvitationId(directory.NewId());
  record.tailnet = tailnet.record.id;
  record.kind = params.kind;
  record.hash = HashOf(directory, created.secret);
  record.email = params.email;
  record.created_by = order.actor;
  record.created_ms = order.now_ms;
  const int64_t usual =
      params.kind == InvitationKind::kReset ? kDayMs : kLifetimeMs;
  record.expires_ms =
      order.now_ms + (params.lifetime_ms == 0 ? usual : params.lifetime_ms);
  if (params.kind == InvitationKind::kUser) record.role = params.role;
  if (params.kind == InvitationKind::kOwner) record.role = Role::kOwner;
  if (params.kind == InvitationKind::kShare) record.node = params.node;
  if (params.kind == InvitationKind::kReset) record.user = params.user;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().PutInvitation(
      record, AuditOf(order, tailnet, "invitation.create",
                      absl::StrCat("invitation ", record.id.value()), "",
                      Summary(tailnet, record))));
  directory.PutInvitation(tailnet, record);
  const std::string& base = directory.options().public_url;
  if (!base.empty()) {
    created.url = absl::StrCat(base, kInvitationPath, created.secret);
  }
  return created;
}

absl::Status DeleteInvitation(Directory& directory, const Order& order,
                              TailnetState& tailnet, InvitationId id) {
  const auto found = tailnet.accounts.invitations.find(id);
  if (found == tailnet.accounts.invitations.end()) {
    return absl::NotFoundError("there is no such invitation");
  }
  const bool own = RoleIn(tailnet, order).has_value() &&
                   found->second.created_by == order.actor;
  if (!own) {
    WARREN_RETURN_IF_ERROR(RequireRole(tailnet, order, MinRole::kAdmin,
                                       "withdraw what others have invited"));
  }
  const InvitationRecord invitation = found->second;
  return Withdraw(directory, order, tailnet, invitation);
}

absl::StatusOr<FoundInvitation> FindInvitation(Directory& directory,
                                               absl::string_view secret,
                                               int64_t now_ms) {
  const auto [tailnet, record] =
      directory.InvitationByHash(HashOf(directory, secret));
  if (record == nullptr || record->expires_ms <= now_ms) {
    return absl::NotFoundError(
        "this invitation is unknown, withdrawn or too old: ask for another");
  }
  if (record->used_ms != 0) {
    return absl::FailedPreconditionError(
        "this invitation has been used: each is good once");
  }
  return FoundInvitation{tailnet, *record};
}

absl::StatusOr<UserRecord> UseResetInvitation(Directory& directory,
                                              const Order& order,
                                              absl::string_view secret) {
  WARREN_ASSIGN_OR_RETURN(const FoundInvitation found,
                          FindInvitation(directory, secret, order.now_ms));
  const InvitationRecord& invitation = found.record;
  const auto user = found.tailnet->users.find(invitation.user);
  if (invitation.kind != InvitationKind::kReset ||
      user == found.tailnet->users.end()) {
    return absl::NotFoundError("this invitation is for something else");
  }
  const UserRecord whose = user->second;
  WARREN_RETURN_IF_ERROR(directory.store().accounts().UseInvitation(
      invitation.id, order.now_ms, whose.login, {.ends_sessions_of = whose.id},
      AuditOf(AsThemselves(order, whose), *found.tailnet, "user.reset",
              absl::StrCat("user ", whose.login), "", "by link")));
  std::erase_if(found.tailnet->accounts.sessions, [&whose](const auto& entry) {
    return entry.second.user == whose.id;
  });
  NoteUse(directory, *found.tailnet, invitation, order, whose.login);
  return whose;
}

absl::StatusOr<CreatedInvitation> CreateOwnerLink(Directory& directory,
                                                  const Order& order,
                                                  TailnetState& tailnet) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kOperator, "make owner links"));
  if (HasActiveOwner(tailnet)) {
    return absl::FailedPreconditionError(absl::StrCat(
        tailnet.record.name, " has an owner: owners make other owners"));
  }
  std::vector<InvitationRecord> earlier;
  for (const auto& [id, invitation] : tailnet.accounts.invitations) {
    if (invitation.kind == InvitationKind::kOwner && invitation.used_ms == 0) {
      earlier.push_back(invitation);
    }
  }
  for (const InvitationRecord& invitation : earlier) {
    WARREN_RETURN_IF_ERROR(Withdraw(directory, order, tailnet, invitation));
  }
  InvitationParams params;
  params.kind = InvitationKind::kOwner;
  return CreateInvitation(directory, order, tailnet, params);
}

}  // namespace warren::control
