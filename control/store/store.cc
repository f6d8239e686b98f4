#include "control/store/store.h"

#include "control/store/row_codec.h"
#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {

absl::Status Store::BindServer(const crypto::MachineKey& public_key) {
  return journal_.RunIf(
      "INSERT INTO server (id, public_key) VALUES (1, ?)"
      " ON CONFLICT (id) DO UPDATE SET id = 1"
      " WHERE public_key = excluded.public_key",
      {Sql(public_key)},
      "control.key is not the one that control.db belongs to. Nothing was "
      "changed. Put the right control.key back, or restore a backup of this "
      "server's database; `warren-control doctor` tells more",
      std::nullopt);
}

absl::Status Store::PutTailnet(const TailnetRecord& tailnet,
                               const AuditRecord& audit) {
  const TailnetSettings& set = tailnet.settings;
  return journal_.Run(
      "INSERT INTO tailnets (id, name, created_ms, version, approve_devices,"
      " approve_users, invited_only, local_accounts, require_second_factor,"
      " key_lifetime_ms, ephemeral_timeout_ms, session_lifetime_ms)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
      " version = max(version, excluded.version),"
      " approve_devices = excluded.approve_devices,"
      " approve_users = excluded.approve_users,"
      " invited_only = excluded.invited_only,"
      " local_accounts = excluded.local_accounts,"
      " require_second_factor = excluded.require_second_factor,"
      " key_lifetime_ms = excluded.key_lifetime_ms,"
      " ephemeral_timeout_ms = excluded.ephemeral_timeout_ms,"
      " session_lifetime_ms = excluded.session_lifetime_ms",
      {Sql(tailnet.id), tailnet.name, tailnet.created_ms, Sql(tailnet.version),
       Sql(set.approve_devices), Sql(set.approve_users), Sql(set.invited_only),
       Sql(set.local_accounts), Sql(set.require_second_factor),
       set.key_lifetime_ms, set.ephemeral_timeout_ms, set.session_lifetime_ms},
      audit);
}

absl::Status Store::DeleteTailnet(TailnetId id, const AuditRecord& audit) {
  return journal_.Run("DELETE FROM tailnets WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::ReserveVersions(TailnetId id, uint64_t version) {
  return journal_.Run("UPDATE tailnets SET version = ? WHERE id = ?",
                      {Sql(version), Sql(id)}, std::nullopt);
}

absl::Status Store::PutUser(const UserRecord& user, const AuditRecord& audit) {
  return accounts_.PutPerson({.user = user}, audit);
}

absl::Status Store::DeleteUser(UserId id, const AuditRecord& audit) {
  return journal_.Run("DELETE FROM users WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::CreateAuthKey(const AuthKeyRecord& key,
                                  const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO auth_keys (id, tailnet_id, user_id, prefix, hash, reusable,"
      " ephemeral, tags, description, created_ms, expires_ms, revoked_ms,"
      " num_uses, preapproved, max_uses)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {Sql(key.id), Sql(key.tailnet), Sql(key.user), key.prefix, Sql(key.hash),
       Sql(key.grant.reusable), Sql(key.grant.ephemeral), Sql(key.grant.tags),
       key.description, key.created_ms, key.expires_ms, key.revoked_ms,
       Sql(key.num_uses), Sql(key.grant.preapproved), Sql(key.grant.max_uses)},
      audit);
}

absl::Status Store::RevokeAuthKey(AuthKeyId id, int64_t revoked_ms,
                                  const AuditRecord& audit) {
  return journal_.Run("UPDATE auth_keys SET revoked_ms = ? WHERE id = ?",
                      {revoked_ms, Sql(id)}, audit);
}

absl::Status Store::DeleteAuthKey(AuthKeyId id, const AuditRecord& audit) {
  return journal_.Run("DELETE FROM auth_keys WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::PutRelay(const RelayRecord& relay,
                             const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO relays (tailnet_id, region_id, definition)"
      " VALUES (?, ?, ?)"
      " ON CONFLICT (tailnet_id, region_id)"
      " DO UPDATE SET definition = excluded.definition",
      {Sql(relay.tailnet), Sql(relay.region.id), EncodeRegion(relay.region)},
      audit);
}

absl::Status Store::DeleteRelay(TailnetId tailnet, RelayId region,
                                const AuditRecord& audit) {
  return journal_.Run(
      "DELETE FROM relays WHERE tailnet_id = ? AND region_id = ?",
      {Sql(tailnet), Sql(region)}, audit);
}

}  // namespace warren::control
