#include "control/store/store.h"

#include <utility>

#include "absl/strings/str_join.h"
#include "control/store/row_codec.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

int64_t Sql(uint64_t n) { return static_cast<int64_t>(n); }
int64_t Sql(bool b) { return b ? 1 : 0; }

template <class Tag, class Int>
int64_t Sql(StrongId<Tag, Int> id) {
  return id.value();
}

template <class Role>
std::vector<uint8_t> Sql(const crypto::PublicKey<Role>& key) {
  return {key.bytes().begin(), key.bytes().end()};
}

std::string Sql(const std::vector<std::string>& list) {
  return absl::StrJoin(list, ",");
}

}  // namespace

absl::Status Store::AppendAudit(const AuditRecord& audit) {
  return database_.Run(
      "INSERT INTO audit (tailnet_id, time_ms, actor, action, target, before,"
      " after) VALUES (?, ?, ?, ?, ?, ?, ?)",
      {Sql(audit.tailnet), audit.time_ms, audit.actor, audit.action,
       audit.target, audit.before, audit.after});
}

absl::Status Store::RunAudited(const char* sql, SqlConnection::Values values,
                               const AuditRecord& audit) {
  WARREN_ASSIGN_OR_RETURN(SqlTransaction transaction,
                          SqlTransaction::Begin(database_));
  WARREN_RETURN_IF_ERROR(database_.Run(sql, values));
  WARREN_RETURN_IF_ERROR(AppendAudit(audit));
  return transaction.Commit();
}

absl::Status Store::PutTailnet(const TailnetRecord& tailnet,
                               const AuditRecord& audit) {
  return RunAudited(
      "INSERT INTO tailnets (id, name, created_ms, version)"
      " VALUES (?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
      " version = excluded.version",
      {Sql(tailnet.id), tailnet.name, tailnet.created_ms, Sql(tailnet.version)},
      audit);
}

absl::Status Store::DeleteTailnet(TailnetId id, const AuditRecord& audit) {
  return RunAudited("DELETE FROM tailnets WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::ReserveVersions(TailnetId id, uint64_t version) {
  return database_.Run("UPDATE tailnets SET version = ? WHERE id = ?",
                       {Sql(version), Sql(id)});
}

absl::Status Store::PutUser(const UserRecord& user, const AuditRecord& audit) {
  return RunAudited(
      "INSERT INTO users (id, tailnet_id, login, display_name, created_ms)"
      " VALUES (?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET login = excluded.login,"
      " display_name = excluded.display_name",
      {Sql(user.id), Sql(user.tailnet), user.login, user.display_name,
       user.created_ms},
      audit);
}

absl::Status Store::DeleteUser(UserId id, const AuditRecord& audit) {
  return RunAudited("DELETE FROM users WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::CreateAuthKey(const AuthKeyRecord& key,
                                  const AuditRecord& audit) {
  return RunAudited(
      "INSERT INTO auth_keys (id, tailnet_id, user_id, prefix, hash, reusable,"
      " ephemeral, tags, description, created_ms, expires_ms, revoked_ms,"
      " num_uses) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      {Sql(key.id), Sql(key.tailnet), Sql(key.user), key.prefix,
       std::vector<uint8_t>(key.hash.begin(), key.hash.end()),
       Sql(key.grant.reusable), Sql(key.grant.ephemeral), Sql(key.grant.tags),
       key.description, key.created_ms, key.expires_ms, key.revoked_ms,
       Sql(key.num_uses)},
      audit);
}

absl::Status Store::RevokeAuthKey(AuthKeyId id, int64_t revoked_ms,
                                  const AuditRecord& audit) {
  return RunAudited("UPDATE auth_keys SET revoked_ms = ? WHERE id = ?",
                    {revoked_ms, Sql(id)}, audit);
}

absl::Status Store::DeleteAuthKey(AuthKeyId id, const AuditRecord& audit) {
  return RunAudited("DELETE FROM auth_keys WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::WriteNode(const NodeRecord& node) {
  return database_.Run(
      "INSERT INTO nodes (id, tailnet_id, user_id, machine_key, node_key,"
      " disco_key, name, wanted_name, named_by_admin, ipv4, ipv6, tags,"
      " ephemeral, auth_key_id, created_ms, key_expiry_ms, last_seen_ms,"
      " hostname, os, os_version, client_version, endpoints, home_relay)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id,"
      " node_key = excluded.node_key, disco_key = excluded.disco_key,"
      " name = excluded.name, wanted_name = excluded.wanted_name,"
      " named_by_admin = excluded.named_by_admin, tags = excluded.tags,"
      " ephemeral = excluded.ephemeral, auth_key_id = excluded.auth_key_id,"
      " key_expiry_ms = excluded.key_expiry_ms,"
      " last_seen_ms = excluded.last_seen_ms, hostname = excluded.hostname,"
      " os = excluded.os, os_version = excluded.os_version,"
      " client_version = excluded.client_version,"
      " endpoints = excluded.endpoints, home_relay = excluded.home_relay",
      {Sql(node.id),
       Sql(node.tailnet),
       Sql(node.owner),
       Sql(node.keys.machine),
       Sql(node.keys.node),
       Sql(node.keys.disco),
       node.naming.name,
       node.naming.wanted,
       Sql(node.naming.by_admin),
       node.ipv4.ToString(),
       node.ipv6.ToString(),
       Sql(node.grant.tags),
       Sql(node.grant.ephemeral),
       Sql(node.auth_key),
       node.times.created_ms,
       node.times.key_expiry_ms,
       node.times.last_seen_ms,
       node.host.hostname,
       node.host.os,
       node.host.os_version,
       node.host.client_version,
       JoinEndpoints(node.reach.endpoints),
       Sql(node.reach.home_relay)});
}

absl::Status Store::PutNode(const NodeRecord& node, const AuditRecord& audit) {
  WARREN_ASSIGN_OR_RETURN(SqlTransaction transaction,
                          SqlTransaction::Begin(database_));
  WARREN_RETURN_IF_ERROR(WriteNode(node));
  WARREN_RETURN_IF_ERROR(AppendAudit(audit));
  return transaction.Commit();
}

absl::Status Store::RegisterNode(const NodeRecord& node, int64_t now_ms,
                                 const AuditRecord& audit) {
  WARREN_ASSIGN_OR_RETURN(SqlTransaction transaction,
                          SqlTransaction::Begin(database_));
  WARREN_RETURN_IF_ERROR(database_.Run(
      "UPDATE auth_keys SET num_uses = num_uses + 1 WHERE id = ?"
      " AND tailnet_id = ? AND (reusable OR num_uses = 0) AND revoked_ms = 0"
      " AND (expires_ms = 0 OR expires_ms > ?)",
      {Sql(node.auth_key), Sql(node.tailnet), now_ms}));
  if (database_.num_changed() != 1) {
    return absl::FailedPreconditionError("the auth key is not good any more");
  }
  WARREN_RETURN_IF_ERROR(WriteNode(node));
  WARREN_RETURN_IF_ERROR(AppendAudit(audit));
  return transaction.Commit();
}

absl::Status Store::UpdateReport(NodeId id, const crypto::DiscoKey& disco,
                                 const HostDetails& host,
                                 const NodeReach& reach) {
  return database_.Run(
      "UPDATE nodes SET disco_key = ?, hostname = ?, os = ?, os_version = ?,"
      " client_version = ?, endpoints = ?, home_relay = ? WHERE id = ?",
      {Sql(disco), host.hostname, host.os, host.os_version, host.client_version,
       JoinEndpoints(reach.endpoints), Sql(reach.home_relay), Sql(id)});
}

absl::Status Store::SetLastSeen(NodeId id, int64_t last_seen_ms) {
  return database_.Run("UPDATE nodes SET last_seen_ms = ? WHERE id = ?",
                       {last_seen_ms, Sql(id)});
}

absl::Status Store::DeleteNode(NodeId id, const AuditRecord& audit) {
  return RunAudited("DELETE FROM nodes WHERE id = ?", {Sql(id)}, audit);
}

absl::Status Store::PutRelay(const RelayRecord& relay,
                             const AuditRecord& audit) {
  return RunAudited(
      "INSERT INTO relays (tailnet_id, region_id, definition)"
      " VALUES (?, ?, ?)"
      " ON CONFLICT (tailnet_id, region_id)"
      " DO UPDATE SET definition = excluded.definition",
      {Sql(relay.tailnet), Sql(relay.region.id), EncodeRegion(relay.region)},
      audit);
}

absl::Status Store::DeleteRelay(TailnetId tailnet, RelayId region,
                                const AuditRecord& audit) {
  return RunAudited("DELETE FROM relays WHERE tailnet_id = ? AND region_id = ?",
                    {Sql(tailnet), Sql(region)}, audit);
}

}  // namespace warren::control
