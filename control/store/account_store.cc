#include "control/store/account_store.h"

#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status WriteUser(SqlConnection& database, const UserRecord& user) {
  return database.Run(
      "INSERT INTO users (id, tailnet_id, login, display_name, created_ms,"
      " role, status, last_login_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET login = excluded.login,"
      " display_name = excluded.display_name, role = excluded.role,"
      " status = excluded.status, last_login_ms = excluded.last_login_ms",
      {Sql(user.id), Sql(user.tailnet), user.login, user.display_name,
       user.created_ms, Sql(user.role), Sql(user.status), user.last_login_ms});
}

absl::Status WriteIdentity(SqlConnection& database,
                           const IdentityRecord& identity) {
  return database.Run(
      "INSERT INTO identities (id, tailnet_id, user_id, provider_id, issuer,"
      " subject, email, email_verified, groups, created_ms, last_login_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id,"
      " provider_id = excluded.provider_id, issuer = excluded.issuer,"
      " subject = excluded.subject, email = excluded.email,"
      " email_verified = excluded.email_verified, groups = excluded.groups,"
      " last_login_ms = excluded.last_login_ms",
      {Sql(identity.id), Sql(identity.tailnet), Sql(identity.user),
       Sql(identity.provider), identity.issuer, identity.subject,
       identity.email, Sql(identity.email_verified), Sql(identity.groups),
       identity.created_ms, identity.last_login_ms});
}

absl::Status WriteAccount(SqlConnection& database,
                          const LocalAccountRecord& account) {
  WARREN_RETURN_IF_ERROR(database.Run(
      "INSERT INTO local_accounts (user_id, tailnet_id, password_hash,"
      " totp_secret, totp_last_step, num_failures, locked_until_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (user_id) DO UPDATE SET"
      " password_hash = excluded.password_hash,"
      " totp_secret = excluded.totp_secret,"
      " totp_last_step = excluded.totp_last_step,"
      " num_failures = excluded.num_failures,"
      " locked_until_ms = excluded.locked_until_ms",
      {Sql(account.user), Sql(account.tailnet), account.password_hash,
       SqlBlob(account.totp_secret), account.totp_last_step,
       account.num_failures, account.locked_until_ms}));
  WARREN_RETURN_IF_ERROR(database.Run(
      "DELETE FROM recovery_codes WHERE user_id = ?", {Sql(account.user)}));
  for (const SecretHash& code : account.recovery_codes) {
    WARREN_RETURN_IF_ERROR(
        database.Run("INSERT INTO recovery_codes (user_id, hash) VALUES (?, ?)",
                     {Sql(account.user), Sql(code)}));
  }
  return absl::OkStatus();
}

absl::Status WritePasskey(Journal& journal, const PasskeyRecord& passkey) {
  WARREN_RETURN_IF_ERROR(journal.database().Run(
      "INSERT INTO passkeys (credential_id, user_id, tailnet_id, name,"
      " public_key, sign_count, created_ms, last_used_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (credential_id) DO UPDATE SET name = excluded.name,"
      " public_key = excluded.public_key, sign_count = excluded.sign_count,"
      " last_used_ms = excluded.last_used_ms"
      " WHERE user_id = excluded.user_id",
      {SqlBlob(passkey.credential_id), Sql(passkey.user), Sql(passkey.tailnet),
       passkey.name, SqlBlob(passkey.public_key), int64_t{passkey.sign_count},
       passkey.created_ms, passkey.last_used_ms}));
  if (journal.database().num_changed() > 0) return absl::OkStatus();
  return absl::AlreadyExistsError("the passkey is another user's");
}

absl::Status WriteShare(SqlConnection& database, const ShareRecord& share) {
  return database.Run(
      "INSERT INTO shares (id, tailnet_id, node_id, guest_tailnet_id, guest_id,"
      " created_ms, created_by) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {Sql(share.id), Sql(share.owner_tailnet), Sql(share.node),
       Sql(share.guest_tailnet), Sql(share.guest), share.created_ms,
       share.created_by});
}

absl::Status WritePerson(Journal& journal, const NewPerson& person) {
  SqlConnection& database = journal.database();
  if (person.user) {
    WARREN_RETURN_IF_ERROR(WriteUser(database, *person.user));
  }
  if (person.identity) {
    WARREN_RETURN_IF_ERROR(WriteIdentity(database, *person.identity));
  }
  if (person.account) {
    WARREN_RETURN_IF_ERROR(WriteAccount(database, *person.account));
  }
  if (person.passkey) {
    WARREN_RETURN_IF_ERROR(WritePasskey(journal, *person.passkey));
  }
  if (person.share) {
    WARREN_RETURN_IF_ERROR(WriteShare(database, *person.share));
  }
  if (person.ends_sessions_of == UserId()) return absl::OkStatus();
  return database.Run("DELETE FROM sessions WHERE user_id = ?",
                      {Sql(person.ends_sessions_of)});
}

}  // namespace

absl::Status AccountStore::PutPerson(const NewPerson& person,
                                     const AuditRecord& audit) {
  return journal_.Do([&] { return WritePerson(journal_, person); }, audit);
}

absl::Status AccountStore::PutIdentity(const IdentityRecord& identity,
                                       const AuditRecord& audit) {
  return PutPerson({.identity = identity}, audit);
}

absl::Status AccountStore::DeleteIdentity(IdentityId id,
                                          const AuditRecord& audit) {
  return journal_.Run("DELETE FROM identities WHERE id = ?", {Sql(id)}, audit);
}

absl::Status AccountStore::RecordLogin(const IdentityRecord& identity,
                                       const AuditRecord& audit) {
  const auto write = [&]() -> absl::Status {
    WARREN_RETURN_IF_ERROR(WriteIdentity(journal_.database(), identity));
    return journal_.database().Run(
        "UPDATE users SET last_login_ms = ? WHERE id = ?",
        {identity.last_login_ms, Sql(identity.user)});
  };
  return journal_.Do(write, audit);
}

absl::Status AccountStore::PutLocalAccount(const LocalAccountRecord& account,
                                           const AuditRecord& audit) {
  return PutPerson({.account = account}, audit);
}

absl::Status AccountStore::DeleteLocalAccount(UserId user,
                                              const AuditRecord& audit) {
  return journal_.Run("DELETE FROM local_accounts WHERE user_id = ?",
                      {Sql(user)}, audit);
}

absl::Status AccountStore::SetFailures(
    UserId user, int64_t num_failures, int64_t locked_until_ms,
    const std::optional<AuditRecord>& audit) {
  return journal_.Run(
      "UPDATE local_accounts SET num_failures = ?, locked_until_ms = ?"
      " WHERE user_id = ?",
      {num_failures, locked_until_ms, Sql(user)}, audit);
}

absl::Status AccountStore::UseTotpStep(UserId user, int64_t step) {
  return journal_.RunIf(
      "UPDATE local_accounts SET totp_last_step = ?1 WHERE user_id = ?2"
      " AND totp_last_step < ?1",
      {step, Sql(user)}, "this code was used already: wait for the next one",
      std::nullopt);
}

absl::Status AccountStore::UseRecoveryCode(UserId user, const SecretHash& hash,
                                           const AuditRecord& audit) {
  return journal_.RunIf(
      "DELETE FROM recovery_codes WHERE user_id = ? AND hash = ?",
      {Sql(user), Sql(hash)}, "there is no such recovery code any more", audit);
}

absl::Status AccountStore::PutPasskey(const PasskeyRecord& passkey,
                                      const AuditRecord& audit) {
  return PutPerson({.passkey = passkey}, audit);
}

absl::Status AccountStore::UsePasskey(const std::string& credential_id,
                                      uint32_t sign_count, int64_t now_ms) {
  return journal_.RunIf(
      "UPDATE passkeys SET sign_count = ?1, last_used_ms = ?2"
      " WHERE credential_id = ?3"
      " AND (sign_count < ?1 OR (sign_count = 0 AND ?1 = 0))",
      {int64_t{sign_count}, now_ms, SqlBlob(credential_id)},
      "this passkey is gone, or there is a copy of it", std::nullopt);
}

absl::Status AccountStore::DeletePasskey(const std::string& credential_id,
                                         const AuditRecord& audit) {
  return journal_.Run("DELETE FROM passkeys WHERE credential_id = ?",
                      {SqlBlob(credential_id)}, audit);
}

absl::Status AccountStore::UseInvitation(InvitationId id, int64_t now_ms,
                                         const std::string& used_by,
                                         const NewPerson& person,
                                         const AuditRecord& audit) {
  const auto write = [&]() -> absl::Status {
    WARREN_RETURN_IF_ERROR(journal_.Require(
        "UPDATE invitations SET used_ms = ?1, used_by = ?2 WHERE id = ?3"
        " AND used_ms = 0 AND (expires_ms = 0 OR expires_ms > ?1)",
        {now_ms, used_by, Sql(id)},
        "the invitation is used, expired or taken back"));
    return WritePerson(journal_, person);
  };
  return journal_.Do(write, audit);
}

}  // namespace warren::control
