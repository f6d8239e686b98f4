#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/store/load_contents.h"
#include "control/store/load_rows.h"
#include "control/store/row_codec.h"
#include "control/store/sql_values.h"
#include "control/store/store.h"
#include "core/base/status_macros.h"

namespace warren::control {

absl::Status BadRow(absl::string_view table, int64_t id,
                    absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("control.db: row ", id, " of table ", table,
                   " is damaged: ", why, ". Restore a backup of the database"));
}

namespace {

template <class Key>
bool ReadKey(Bytes column, Key& key) {
  if (column.size() != Key::kSize) return false;
  key = Key::FromBytes(column.first<Key::kSize>());
  return true;
}

absl::Status LoadServer(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, public_key FROM server", {}, [&out](const SqlRow& row) {
        return ReadKey(row.Blob(1), out.server_key)
                   ? absl::OkStatus()
                   : BadRow("server", row.Int(0), "a key has another size");
      });
}

absl::Status LoadTailnets(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, name, created_ms, version, approve_devices, approve_users,"
      " invited_only, local_accounts, require_second_factor, key_lifetime_ms,"
      " ephemeral_timeout_ms, session_lifetime_ms FROM tailnets ORDER BY id",
      {}, [&out](const SqlRow& row) {
        out.tailnets.push_back(
            {TailnetId(row.Int(0)),
             row.Text(1),
             row.Int(2),
             static_cast<uint64_t>(row.Int(3)),
             {row.Bool(4), row.Bool(5), row.Bool(6), row.Bool(7), row.Bool(8),
              row.Int(9), row.Int(10), row.Int(11)}});
        return absl::OkStatus();
      });
}

absl::Status LoadUsers(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, login, display_name, created_ms, role, status,"
      " last_login_ms FROM users ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        UserRecord user{UserId(row.Int(0)), TailnetId(row.Int(1)), row.Text(2),
                        row.Text(3), row.Int(4)};
        WARREN_RETURN_IF_ERROR(
            ReadEnum("users", row, 5, policy::Role::kOwner, user.role));
        WARREN_RETURN_IF_ERROR(
            ReadEnum("users", row, 6, UserStatus::kSuspended, user.status));
        user.last_login_ms = row.Int(7);
        out.users.push_back(std::move(user));
        return absl::OkStatus();
      });
}

absl::StatusOr<AuthKeyRecord> AuthKeyOf(const SqlRow& row) {
  AuthKeyRecord key;
  key.id = AuthKeyId(row.Int(0));
  key.tailnet = TailnetId(row.Int(1));
  key.user = UserId(row.Int(2));
  key.prefix = row.Text(3);
  if (!ReadHash(row.Blob(4), key.hash)) {
    return BadRow("auth_keys", row.Int(0), "its hash has another size");
  }
  auto tags = SplitTexts(row.Text(7));
  if (!tags.ok()) return BadRow("auth_keys", row.Int(0), "its tags are bad");
  key.grant = {row.Bool(5), row.Bool(6), *std::move(tags), row.Bool(13),
               static_cast<uint64_t>(row.Int(14))};
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
      " description, created_ms, expires_ms, revoked_ms, num_uses, preapproved,"
      " max_uses"
      " FROM auth_keys ORDER BY id",
      {}, [&out](const SqlRow& row) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(AuthKeyRecord key, AuthKeyOf(row));
        out.auth_keys.push_back(std::move(key));
        return absl::OkStatus();
      });
}

// The columns of a node that hold more than one value.
absl::Status ReadLists(const SqlRow& row, NodeRecord& node) {
  auto tags = SplitTexts(row.Text(11));
  auto endpoints = SplitEndpoints(row.Text(21));
  auto advertised = SplitPrefixes(row.Text(27));
  auto approved = SplitPrefixes(row.Text(28));
  auto attributes = SplitAttributes(row.Text(30));
  absl::Status status = tags.status();
  status.Update(endpoints.status());
  status.Update(advertised.status());
  status.Update(approved.status());
  status.Update(attributes.status());
  if (!status.ok()) return BadRow("nodes", row.Int(0), status.message());
  node.grant.tags = *std::move(tags);
  node.reach.endpoints = *std::move(endpoints);
  node.standing.routes.advertised = *std::move(advertised);
  node.standing.routes.approved = *std::move(approved);
  node.standing.attributes = *std::move(attributes);
  return absl::OkStatus();
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
  node.auth_key = AuthKeyId(row.Int(13));
  node.times = {row.Int(14), row.Int(15), row.Int(16)};
  node.host = {row.Text(17), row.Text(18), row.Text(19), row.Text(20)};
  node.grant.ephemeral = row.Bool(12);
  WARREN_RETURN_IF_ERROR(ReadLists(row, node));
  node.reach.home_relay = RelayId(static_cast<uint16_t>(row.Int(22)));
  node.standing.approved_ms = row.Int(23);
  node.standing.sign_in = {row.Text(24), row.Int(25), row.Text(26)};
  node.standing.routes.since_ms = row.Int(29);
  return node;
}

absl::Status LoadNodes(SqlConnection& database, StoreContents& out) {
  return database.Query(
      "SELECT id, tailnet_id, user_id, machine_key, node_key, disco_key, name,"
      " wanted_name, named_by_admin, ipv4, ipv6, tags, ephemeral, auth_key_id,"
      " created_ms, key_expiry_ms, last_seen_ms, hostname, os, os_version,"
      " client_version, endpoints, home_relay, approved_ms, sign_in_by,"
      " sign_in_ms, sign_in_from, advertised_routes, approved_routes,"
      " routes_since_ms, attributes FROM nodes ORDER BY id",
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

absl::StatusOr<StoreContents> LoadContents(SqlConnection& database) {
  StoreContents out;
  WARREN_RETURN_IF_ERROR(LoadServer(database, out));
  WARREN_RETURN_IF_ERROR(LoadTailnets(database, out));
  WARREN_RETURN_IF_ERROR(LoadUsers(database, out));
  WARREN_RETURN_IF_ERROR(LoadAuthKeys(database, out));
  WARREN_RETURN_IF_ERROR(LoadNodes(database, out));
  WARREN_RETURN_IF_ERROR(LoadRelays(database, out));
  WARREN_RETURN_IF_ERROR(LoadAccounts(database, out.accounts));
  WARREN_RETURN_IF_ERROR(LoadAccess(database, out.access));
  return out;
}

absl::StatusOr<StoreContents> Store::Load() {
  return LoadContents(journal_.database());
}

}  // namespace warren::control
