#include "control/store/account_store.h"
#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

// What comes and goes around accounts: providers, sessions, invitations.
namespace warren::control {

absl::Status AccountStore::PutProvider(const ProviderRecord& provider,
                                       const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO providers (id, tailnet_id, name, config, secret, created_ms)"
      " VALUES (?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
      " config = excluded.config, secret = excluded.secret",
      {Sql(provider.id), Sql(provider.tailnet), provider.name,
       SqlBlob(provider.config), SqlBlob(provider.secret), provider.created_ms},
      audit);
}

absl::Status AccountStore::DeleteProvider(ProviderId id,
                                          const AuditRecord& audit) {
  return journal_.Run("DELETE FROM providers WHERE id = ?", {Sql(id)}, audit);
}

absl::Status AccountStore::PutSession(const SessionRecord& session,
                                      const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO sessions (id, tailnet_id, user_id, provider, hash,"
      " created_ms, expires_ms, last_used_ms, address, user_agent)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash,"
      " expires_ms = excluded.expires_ms,"
      " last_used_ms = excluded.last_used_ms, address = excluded.address,"
      " user_agent = excluded.user_agent",
      {Sql(session.id), Sql(session.tailnet), Sql(session.user),
       session.provider, Sql(session.hash), session.created_ms,
       session.expires_ms, session.last_used_ms, session.address,
       session.user_agent},
      audit);
}

absl::Status AccountStore::TouchSession(SessionId id, int64_t last_used_ms) {
  return journal_.Run("UPDATE sessions SET last_used_ms = ? WHERE id = ?",
                      {last_used_ms, Sql(id)}, std::nullopt);
}

absl::Status AccountStore::DeleteSession(SessionId id,
                                         const AuditRecord& audit) {
  return journal_.Run("DELETE FROM sessions WHERE id = ?", {Sql(id)}, audit);
}

absl::Status AccountStore::DeleteSessions(UserId user, SessionId except,
                                          const AuditRecord& audit) {
  return journal_.Run("DELETE FROM sessions WHERE user_id = ? AND id <> ?",
                      {Sql(user), Sql(except)}, audit);
}

absl::Status AccountStore::PutInvitation(const InvitationRecord& invitation,
                                         const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO invitations (id, tailnet_id, kind, hash, role, email,"
      " node_id, user_id, created_by, created_ms, expires_ms, used_ms, used_by)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET hash = excluded.hash,"
      " role = excluded.role, email = excluded.email,"
      " expires_ms = excluded.expires_ms, used_ms = excluded.used_ms,"
      " used_by = excluded.used_by",
      {Sql(invitation.id), Sql(invitation.tailnet), Sql(invitation.kind),
       Sql(invitation.hash), Sql(invitation.role), invitation.email,
       SqlOrNull(invitation.node), SqlOrNull(invitation.user),
       invitation.created_by, invitation.created_ms, invitation.expires_ms,
       invitation.used_ms, invitation.used_by},
      audit);
}

absl::Status AccountStore::DeleteInvitation(InvitationId id,
                                            const AuditRecord& audit) {
  return journal_.Run("DELETE FROM invitations WHERE id = ?", {Sql(id)}, audit);
}

absl::Status AccountStore::PruneExpired(int64_t now_ms) {
  const auto write = [&]() -> absl::Status {
    SqlConnection& database = journal_.database();
    WARREN_RETURN_IF_ERROR(database.Run(
        "DELETE FROM sessions WHERE expires_ms <> 0 AND expires_ms <= ?",
        {now_ms}));
    WARREN_RETURN_IF_ERROR(
        database.Run("DELETE FROM api_keys WHERE kind = ? AND expires_ms <> 0"
                     " AND expires_ms <= ?",
                     {Sql(ApiKeyKind::kAccessToken), now_ms}));
    return database.Run(
        "DELETE FROM invitations WHERE (used_ms <> 0 AND used_ms <= ?1)"
        " OR (expires_ms <> 0 AND expires_ms <= ?1)",
        {now_ms - kKeepInvitationMs});
  };
  return journal_.Do(write, std::nullopt);
}

}  // namespace warren::control
