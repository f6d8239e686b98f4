#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/store/row_codec.h"
#include "control/store/store.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// A row that cannot be what we wrote.
absl::Status BadRow(absl::string_view table, int64_t id,
                    absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("control.db: row ", id, " of table ", table,
                   " is damaged: ", why, ". Restore a backup of the database"));
}

template <class Key>
bool ReadKey(Bytes column, Key& key) {
  if (column.size() != Key::kSize) return false;
  key = Key::FromBytes(column.first<Key::kSize>());
  return true;
}

absl::Status LoadTailnets(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, name, created_ms, version FROM tailnets ORDER BY id", {},
      [&out](const SqlRow& row) {
        out.tailnets.push_back({TailnetId(row.Int(0)), row.Text(1), row.Int(2),
                                static_cast<uint64_t>(row.Int(3))});
        return absl::OkStatus();
      });
}

absl::Status LoadUsers(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, login, display_name, created_ms FROM users"
      " ORDER BY id",
      {}, [&out](const SqlRow& row) {
        out.users.push_back({UserId(row.Int(0)), TailnetId(row.Int(1)),
                             row.Text(2), row.Text(3), row.Int(4)});
        return absl::OkStatus();
      });
}

absl::StatusOr<AuthKeyRecord> AuthKeyOf(const SqlRow& row) {
  AuthKeyRecord key;
  key.id = AuthKeyId(row.Int(0));
  key.tailnet = TailnetId(row.Int(1));
  key.user = UserId(row.Int(2));
  key.prefix = row.Text(3);
  const Bytes hash = row.Blob(4);
  if (hash.size() != key.hash.size()) {
    return BadRow("auth_keys", row.Int(0), "its hash has another size");
  }
  std::copy(hash.begin(), hash.end(), key.hash.begin());
  key.grant = {row.Bool(5), row.Bool(6), SplitTags(row.Text(7))};
  key.description = row.Text(8);
  key.created_ms = row.Int(9);
  key.expires_ms = row.Int(10);
  key.revoked_ms = row.Int(11);
  key.num_uses = static_cast<uint64_t>(row.Int(12));
  return key;
}

absl::Status LoadAuthKeys(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, user_id, prefix, hash, reusable, ephemeral, tags,"
      " description, created_ms, expires_ms, revoked_ms, num_uses"
      " FROM auth_keys ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(AuthKeyRecord key, AuthKeyOf(row));
        out.auth_keys.push_back(std::move(key));
        return absl::OkStatus();
      });
}

absl::StatusOr<NodeRecord> NodeOf(const SqlRow& row) {
  NodeRecord node;
  node.id = NodeId(row.Int(0));
  node.tailnet = TailnetId(row.Int(1));
  node.owner = UserId(row.Int(2));
  if (!ReadKey(row.Blob(3), node.keys.machine) ||
      !ReadKey(row.Blob(4), node.keys.node) ||
      !ReadKey(row.Blob(5), node.keys.disco)) {
    return BadRow("nodes", row.Int(0), "a key has another size");
  }
  node.naming = {row.Text(6), row.Text(7), row.Bool(8)};
  const auto ipv4 = net::IpAddress::Parse(row.Text(9));
  const auto ipv6 = net::IpAddress::Parse(row.Text(10));
  if (!ipv4.ok() || !ipv6.ok()) {
    return BadRow("nodes", row.Int(0), "an address cannot be read");
  }
  node.ipv4 = *ipv4;
  node.ipv6 = *ipv6;
  node.grant = {false, row.Bool(12), SplitTags(row.Text(11))};
  node.auth_key = AuthKeyId(row.Int(13));
  node.times = {row.Int(14), row.Int(15), row.Int(16)};
  node.host = {row.Text(17), row.Text(18), row.Text(19), row.Text(20)};
  auto endpoints = SplitEndpoints(row.Text(21));
  if (!endpoints.ok()) {
    return BadRow("nodes", row.Int(0), endpoints.status().message());
  }
  node.reach = {*std::move(endpoints),
                RelayId(static_cast<uint16_t>(row.Int(22)))};
  return node;
}

absl::Status LoadNodes(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, user_id, machine_key, node_key, disco_key, name,"
      " wanted_name, named_by_admin, ipv4, ipv6, tags, ephemeral, auth_key_id,"
      " created_ms, key_expiry_ms, last_seen_ms, hostname, os, os_version,"
      " client_version, endpoints, home_relay FROM nodes ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(NodeRecord node, NodeOf(row));
        out.nodes.push_back(std::move(node));
        return absl::OkStatus();
      });
}

absl::Status LoadRelays(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT region_id, tailnet_id, definition FROM relays"
      " ORDER BY tailnet_id, region_id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        auto region = DecodeRegion(row.Blob(2));
        if (!region.ok()) {
          return BadRow("relays", row.Int(0), region.status().message());
        }
        out.relays.push_back({TailnetId(row.Int(1)), *std::move(region)});
        return absl::OkStatus();
      });
}

}  // namespace

absl::StatusOr<StoreContents> Store::Load() {
  StoreContents out;
  WARREN_RETURN_IF_ERROR(database_.Run(
      "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?",
      {kMaxAuditRows}));
  WARREN_RETURN_IF_ERROR(LoadTailnets(database_, out));
  WARREN_RETURN_IF_ERROR(LoadUsers(database_, out));
  WARREN_RETURN_IF_ERROR(LoadAuthKeys(database_, out));
  WARREN_RETURN_IF_ERROR(LoadNodes(database_, out));
  WARREN_RETURN_IF_ERROR(LoadRelays(database_, out));
  return out;
}

absl::StatusOr<std::vector<AuditRecord>> Store::Audit(TailnetId tailnet,
                                                      size_t limit) {
  std::vector<AuditRecord> out;
  WARREN_RETURN_IF_ERROR(database_.Query(
      "SELECT time_ms, actor, action, target, before, after FROM audit"
      " WHERE tailnet_id = ? ORDER BY id DESC LIMIT ?",
      {tailnet.value(), static_cast<int64_t>(limit)}, [&](const SqlRow& row) {
        out.push_back({tailnet, row.Int(0), row.Text(1), row.Text(2),
                       row.Text(3), row.Text(4), row.Text(5)});
        return absl::OkStatus();
      }));
  return out;
}

}  // namespace warren::control
