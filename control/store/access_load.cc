#include <utility>

#include "control/store/load_rows.h"
#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status LoadPolicies(SqlConnection& database, AccessContents& out) {
  return database.Query(
      "SELECT tailnet_id, version, text, author, created_ms, note,"
      " rolled_back_to FROM policies AS p WHERE version ="
      " (SELECT max(version) FROM policies WHERE tailnet_id = p.tailnet_id)"
      " ORDER BY tailnet_id",
      {}, [&out](const SqlRow& row) {
        out.policies.push_back({TailnetId(row.Int(0)),
                                static_cast<uint64_t>(row.Int(1)), row.Text(2),
                                row.Text(3), row.Int(4), row.Text(5),
                                static_cast<uint64_t>(row.Int(6))});
        return absl::OkStatus();
      });
}

absl::StatusOr<ApiKeyRecord> ApiKeyOf(const SqlRow& row) {
  ApiKeyRecord key;
  key.id = ApiKeyId(row.Int(0));
  key.tailnet = TailnetId(row.Int(1));
  key.user = UserId(row.Int(2));
  WARREN_RETURN_IF_ERROR(
      ReadEnum("api_keys", row, 3, ApiKeyKind::kAccessToken, key.kind));
  key.client = ApiKeyId(row.Int(4));
  key.prefix = row.Text(5);
  if (!ReadHash(row.Blob(6), key.hash)) {
    return BadRow("api_keys", row.Int(0), "its hash has another size");
  }
  auto scopes = SplitTexts(row.Text(7));
  auto tags = SplitTexts(row.Text(8));
  if (!scopes.ok() || !tags.ok()) {
    return BadRow("api_keys", row.Int(0), "a list cannot be read");
  }
  key.scopes = *std::move(scopes);
  key.tags = *std::move(tags);
  key.description = row.Text(9);
  key.created_ms = row.Int(10);
  key.expires_ms = row.Int(11);
  key.revoked_ms = row.Int(12);
  key.last_used_ms = row.Int(13);
  return key;
}

absl::Status LoadApiKeys(SqlConnection& database, AccessContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, user_id, kind, client_id, prefix, hash, scopes,"
      " tags, description, created_ms, expires_ms, revoked_ms, last_used_ms"
      " FROM api_keys ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(ApiKeyRecord key, ApiKeyOf(row));
        out.api_keys.push_back(std::move(key));
        return absl::OkStatus();
      });
}

absl::Status LoadShares(SqlConnection& database, AccessContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, node_id, guest_tailnet_id, guest_id, created_ms,"
      " created_by FROM shares ORDER BY id",
      {}, [&out](const SqlRow& row) {
        out.shares.push_back({ShareId(row.Int(0)), TailnetId(row.Int(1)),
                              NodeId(row.Int(2)), TailnetId(row.Int(3)),
                              UserId(row.Int(4)), row.Int(5), row.Text(6)});
        return absl::OkStatus();
      });
}

absl::Status LoadWebhooks(SqlConnection& database, AccessContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, name, url, secret, events, enabled, created_ms"
      " FROM webhooks ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        auto events = SplitTexts(row.Text(5));
        if (!events.ok()) {
          return BadRow("webhooks", row.Int(0), events.status().message());
        }
        out.webhooks.push_back({WebhookId(row.Int(0)), TailnetId(row.Int(1)),
                                row.Text(2), row.Text(3), ReadBlob(row.Blob(4)),
                                *std::move(events), row.Bool(6), row.Int(7)});
        return absl::OkStatus();
      });
}

}  // namespace

absl::Status LoadAccess(SqlConnection& database, AccessContents& out) {
  WARREN_RETURN_IF_ERROR(LoadPolicies(database, out));
  WARREN_RETURN_IF_ERROR(LoadApiKeys(database, out));
  WARREN_RETURN_IF_ERROR(LoadShares(database, out));
  return LoadWebhooks(database, out);
}

}  // namespace warren::control
