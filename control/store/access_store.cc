#include "control/store/access_store.h"

#include "absl/strings/str_cat.h"
#include "control/store/account_store.h"
#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

PolicyRecord PolicyOf(TailnetId tailnet, const SqlRow& row) {
  return {tailnet,
          static_cast<uint64_t>(row.Int(0)),
          row.Text(1),
          row.Text(2),
          row.Int(3),
          row.Text(4),
          static_cast<uint64_t>(row.Int(5))};
}

}  // namespace

absl::Status AccessStore::InsertPolicy(const PolicyRecord& policy,
                                       const AuditRecord& audit) {
  const auto write = [&]() -> absl::Status {
    SqlConnection& database = journal_.database();
    WARREN_ASSIGN_OR_RETURN(
        const int64_t newest,
        database.QueryInt(
            "SELECT max(version) FROM policies WHERE tailnet_id = ?",
            {Sql(policy.tailnet)}));
    if (Sql(policy.version) != newest + 1) {
      return absl::AbortedError(
          absl::StrCat("the policy was changed meanwhile: version ", newest,
                       " is in force. Read it again and repeat your change"));
    }
    return database.Run(
        "INSERT INTO policies (tailnet_id, version, text, author, created_ms,"
        " note, rolled_back_to) VALUES (?, ?, ?, ?, ?, ?, ?)",
        {Sql(policy.tailnet), Sql(policy.version), policy.text, policy.author,
         policy.created_ms, policy.note, Sql(policy.rolled_back_to)});
  };
  return journal_.Do(write, audit);
}

absl::StatusOr<std::vector<PolicyRecord>> AccessStore::PolicyVersions(
    TailnetId tailnet, uint64_t before_version, size_t limit) {
  std::vector<PolicyRecord> out;
  WARREN_RETURN_IF_ERROR(journal_.database().Query(
      "SELECT version, '', author, created_ms, note, rolled_back_to"
      " FROM policies WHERE tailnet_id = ?1 AND (?2 = 0 OR version < ?2)"
      " ORDER BY version DESC LIMIT ?3",
      {Sql(tailnet), Sql(before_version), static_cast<int64_t>(limit)},
      [&](const SqlRow& row) {
        out.push_back(PolicyOf(tailnet, row));
        return absl::OkStatus();
      }));
  return out;
}

absl::StatusOr<PolicyRecord> AccessStore::PolicyVersion(TailnetId tailnet,
                                                        uint64_t version) {
  PolicyRecord found;
  WARREN_RETURN_IF_ERROR(journal_.database().Query(
      "SELECT version, text, author, created_ms, note, rolled_back_to"
      " FROM policies WHERE tailnet_id = ? AND version = ?",
      {Sql(tailnet), Sql(version)}, [&](const SqlRow& row) {
        found = PolicyOf(tailnet, row);
        return absl::OkStatus();
      }));
  if (found.version != 0) return found;
  return absl::NotFoundError(
      absl::StrCat("there is no version ", version, " of the policy"));
}

absl::Status AccessStore::PutApiKey(const ApiKeyRecord& key,
                                    const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO api_keys (id, tailnet_id, user_id, kind, client_id, prefix,"
      " hash, scopes, tags, description, created_ms, expires_ms, revoked_ms,"
      " last_used_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET prefix = excluded.prefix,"
      " hash = excluded.hash, scopes = excluded.scopes, tags = excluded.tags,"
      " description = excluded.description, expires_ms = excluded.expires_ms,"
      " revoked_ms = excluded.revoked_ms,"
      " last_used_ms = excluded.last_used_ms",
      {Sql(key.id), Sql(key.tailnet), SqlOrNull(key.user), Sql(key.kind),
       SqlOrNull(key.client), key.prefix, Sql(key.hash), Sql(key.scopes),
       Sql(key.tags), key.description, key.created_ms, key.expires_ms,
       key.revoked_ms, key.last_used_ms},
      audit);
}

absl::Status AccessStore::RevokeApiKey(ApiKeyId id, int64_t revoked_ms,
                                       const AuditRecord& audit) {
  return journal_.Run(
      "UPDATE api_keys SET revoked_ms = ?1"
      " WHERE (id = ?2 OR client_id = ?2) AND revoked_ms = 0",
      {revoked_ms, Sql(id)}, audit);
}

absl::Status AccessStore::TouchApiKey(ApiKeyId id, int64_t last_used_ms) {
  return journal_.Run("UPDATE api_keys SET last_used_ms = ? WHERE id = ?",
                      {last_used_ms, Sql(id)}, std::nullopt);
}

absl::Status AccessStore::DeleteApiKey(ApiKeyId id, const AuditRecord& audit) {
  return journal_.Run("DELETE FROM api_keys WHERE id = ?", {Sql(id)}, audit);
}

absl::Status AccessStore::PutShare(const ShareRecord& share,
                                   const AuditRecord& audit) {
  return AccountStore(journal_).PutPerson({.share = share}, audit);
}

absl::Status AccessStore::DeleteShare(ShareId id, const AuditRecord& audit) {
  return journal_.Run("DELETE FROM shares WHERE id = ?", {Sql(id)}, audit);
}

absl::Status AccessStore::PutWebhook(const WebhookRecord& webhook,
                                     const AuditRecord& audit) {
  return journal_.Run(
      "INSERT INTO webhooks (id, tailnet_id, name, url, secret, events,"
      " enabled, created_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET name = excluded.name,"
      " url = excluded.url, secret = excluded.secret,"
      " events = excluded.events, enabled = excluded.enabled",
      {Sql(webhook.id), Sql(webhook.tailnet), webhook.name, webhook.url,
       SqlBlob(webhook.secret), Sql(webhook.events), Sql(webhook.enabled),
       webhook.created_ms},
      audit);
}

absl::Status AccessStore::DeleteWebhook(WebhookId id,
                                        const AuditRecord& audit) {
  return journal_.Run("DELETE FROM webhooks WHERE id = ?", {Sql(id)}, audit);
}

}  // namespace warren::control
