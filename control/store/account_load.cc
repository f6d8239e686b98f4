#include <map>
#include <string>
#include <utility>

#include "control/store/load_rows.h"
#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::StatusOr<IdentityRecord> IdentityOf(const SqlRow& row) {
  IdentityRecord identity;
  identity.id = IdentityId(row.Int(0));
  identity.tailnet = TailnetId(row.Int(1));
  identity.user = UserId(row.Int(2));
  identity.provider = ProviderId(row.Int(3));
  identity.issuer = row.Text(4);
  identity.subject = row.Text(5);
  identity.email = row.Text(6);
  identity.email_verified = row.Bool(7);
  auto groups = SplitTexts(row.Text(8));
  if (!groups.ok()) {
    return BadRow("identities", row.Int(0), groups.status().message());
  }
  identity.groups = *std::move(groups);
  identity.created_ms = row.Int(9);
  identity.last_login_ms = row.Int(10);
  return identity;
}

absl::Status LoadIdentities(SqlConnection& database, AccountContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, user_id, provider_id, issuer, subject, email,"
      " email_verified, groups, created_ms, last_login_ms FROM identities"
      " ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(IdentityRecord identity, IdentityOf(row));
        out.identities.push_back(std::move(identity));
        return absl::OkStatus();
      });
}

absl::Status LoadLocalAccounts(SqlConnection& database, AccountContents& out) {
  std::map<UserId, std::vector<SecretHash>> codes;
  WARREN_RETURN_IF_ERROR(database.Query(
      "SELECT user_id, hash FROM recovery_codes ORDER BY id", {},
      [&codes](const SqlRow& row) -> absl::Status {
        SecretHash hash;
        if (!ReadHash(row.Blob(1), hash)) {
          return BadRow("recovery_codes", row.Int(0), "its hash is too short");
        }
        codes[UserId(row.Int(0))].push_back(hash);
        return absl::OkStatus();
      }));
  return database.Query(
      "SELECT user_id, tailnet_id, password_hash, totp_secret, totp_last_step,"
      " num_failures, locked_until_ms FROM local_accounts ORDER BY user_id",
      {}, [&](const SqlRow& row) {
        const UserId user(row.Int(0));
        out.local_accounts.push_back(
            {user, TailnetId(row.Int(1)), row.Text(2), ReadBlob(row.Blob(3)),
             row.Int(4), std::move(codes[user]), row.Int(5), row.Int(6)});
        return absl::OkStatus();
      });
}

absl::Status LoadPasskeys(SqlConnection& database, AccountContents& out) {
  return database.Query(
      "SELECT credential_id, user_id, tailnet_id, name, public_key, sign_count,"
      " created_ms, last_used_ms FROM passkeys ORDER BY credential_id",
      {}, [&out](const SqlRow& row) {
        out.passkeys.push_back(
            {ReadBlob(row.Blob(0)), UserId(row.Int(1)), TailnetId(row.Int(2)),
             row.Text(3), ReadBlob(row.Blob(4)),
             static_cast<uint32_t>(row.Int(5)), row.Int(6), row.Int(7)});
        return absl::OkStatus();
      });
}

absl::Status LoadProviders(SqlConnection& database, AccountContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, name, config, secret, created_ms FROM providers"
      " ORDER BY id",
      {}, [&out](const SqlRow& row) {
        out.providers.push_back({ProviderId(row.Int(0)), TailnetId(row.Int(1)),
                                 row.Text(2), ReadBlob(row.Blob(3)),
                                 ReadBlob(row.Blob(4)), row.Int(5)});
        return absl::OkStatus();
      });
}

absl::Status LoadSessions(SqlConnection& database, AccountContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, user_id, provider, hash, created_ms, expires_ms,"
      " last_used_ms, address, user_agent FROM sessions ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        SessionRecord session;
        session.id = SessionId(row.Int(0));
        session.tailnet = TailnetId(row.Int(1));
        session.user = UserId(row.Int(2));
        session.provider = row.Text(3);
        if (!ReadHash(row.Blob(4), session.hash)) {
          return BadRow("sessions", row.Int(0), "its hash has another size");
        }
        session.created_ms = row.Int(5);
        session.expires_ms = row.Int(6);
        session.last_used_ms = row.Int(7);
        session.address = row.Text(8);
        session.user_agent = row.Text(9);
        out.sessions.push_back(std::move(session));
        return absl::OkStatus();
      });
}

absl::StatusOr<InvitationRecord> InvitationOf(const SqlRow& row) {
  InvitationRecord invitation;
  invitation.id = InvitationId(row.Int(0));
  invitation.tailnet = TailnetId(row.Int(1));
  WARREN_RETURN_IF_ERROR(
      ReadEnum("invitations", row, 2, InvitationKind::kReset, invitation.kind));
  if (!ReadHash(row.Blob(3), invitation.hash)) {
    return BadRow("invitations", row.Int(0), "its hash has another size");
  }
  WARREN_RETURN_IF_ERROR(
      ReadEnum("invitations", row, 4, policy::Role::kOwner, invitation.role));
  invitation.email = row.Text(5);
  invitation.node = NodeId(row.Int(6));
  invitation.user = UserId(row.Int(7));
  invitation.created_by = row.Text(8);
  invitation.created_ms = row.Int(9);
  invitation.expires_ms = row.Int(10);
  invitation.used_ms = row.Int(11);
  invitation.used_by = row.Text(12);
  return invitation;
}

absl::Status LoadInvitations(SqlConnection& database, AccountContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, kind, hash, role, email, node_id, user_id,"
      " created_by, created_ms, expires_ms, used_ms, used_by FROM invitations"
      " ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(InvitationRecord invitation, InvitationOf(row));
        out.invitations.push_back(std::move(invitation));
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status LoadAccounts(SqlConnection& database, AccountContents& out) {
  WARREN_RETURN_IF_ERROR(LoadIdentities(database, out));
  WARREN_RETURN_IF_ERROR(LoadLocalAccounts(database, out));
  WARREN_RETURN_IF_ERROR(LoadPasskeys(database, out));
  WARREN_RETURN_IF_ERROR(LoadProviders(database, out));
  WARREN_RETURN_IF_ERROR(LoadSessions(database, out));
  return LoadInvitations(database, out);
}

}  // namespace warren::control
