#include "control/store/row_codec.h"
#include "control/store/sql_values.h"
#include "control/store/store.h"
#include "core/base/status_macros.h"

namespace warren::control {

absl::Status Store::WriteNode(const NodeRecord& node) {
  const NodeStanding& standing = node.standing;
  return journal_.database().Run(
      "INSERT INTO nodes (id, tailnet_id, user_id, machine_key, node_key,"
      " disco_key, name, wanted_name, named_by_admin, ipv4, ipv6, tags,"
      " ephemeral, auth_key_id, created_ms, key_expiry_ms, last_seen_ms,"
      " hostname, os, os_version, client_version, endpoints, home_relay,"
      " approved_ms, sign_in_by, sign_in_ms, sign_in_from, advertised_routes,"
      " approved_routes, routes_since_ms, attributes)"
      " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
      " ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
      " ON CONFLICT (id) DO UPDATE SET user_id = excluded.user_id,"
      " node_key = excluded.node_key, disco_key = excluded.disco_key,"
      " name = excluded.name, wanted_name = excluded.wanted_name,"
      " named_by_admin = excluded.named_by_admin, ipv4 = excluded.ipv4,"
      " ipv6 = excluded.ipv6, tags = excluded.tags,"
      " ephemeral = excluded.ephemeral, auth_key_id = excluded.auth_key_id,"
      " key_expiry_ms = excluded.key_expiry_ms,"
      " last_seen_ms = excluded.last_seen_ms, hostname = excluded.hostname,"
      " os = excluded.os, os_version = excluded.os_version,"
      " client_version = excluded.client_version,"
      " endpoints = excluded.endpoints, home_relay = excluded.home_relay,"
      " approved_ms = excluded.approved_ms, sign_in_by = excluded.sign_in_by,"
      " sign_in_ms = excluded.sign_in_ms,"
      " sign_in_from = excluded.sign_in_from,"
      " advertised_routes = excluded.advertised_routes,"
      " approved_routes = excluded.approved_routes,"
      " routes_since_ms = excluded.routes_since_ms,"
      " attributes = excluded.attributes",
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
       Sql(node.reach.home_relay),
       standing.approved_ms,
       standing.sign_in.by,
       standing.sign_in.at_ms,
       standing.sign_in.from,
       JoinPrefixes(standing.routes.advertised),
       JoinPrefixes(standing.routes.approved),
       standing.routes.since_ms,
       JoinAttributes(standing.attributes)});
}

absl::Status Store::PutNode(const NodeRecord& node, const AuditRecord& audit) {
  return journal_.Do([&] { return WriteNode(node); }, audit);
}

absl::Status Store::RegisterNode(const NodeRecord& node, int64_t now_ms,
                                 const AuditRecord& audit) {
  const auto write = [&]() -> absl::Status {
    WARREN_RETURN_IF_ERROR(journal_.Require(
        "UPDATE auth_keys SET num_uses = num_uses + 1 WHERE id = ?"
        " AND tailnet_id = ? AND (reusable OR num_uses = 0)"
        " AND (max_uses = 0 OR num_uses < max_uses) AND revoked_ms = 0"
        " AND (expires_ms = 0 OR expires_ms > ?)",
        {Sql(node.auth_key), Sql(node.tailnet), now_ms},
        "the auth key is not good any more"));
    return WriteNode(node);
  };
  return journal_.Do(write, audit);
}

absl::Status Store::SignInNode(const NodeRecord& node,
                               const AuditRecord& audit) {
  const auto write = [&]() -> absl::Status {
    WARREN_ASSIGN_OR_RETURN(
        const int64_t may,
        journal_.database().QueryInt(
            "SELECT count(*) FROM users WHERE id = ? AND tailnet_id = ?"
            " AND status <> ?",
            {Sql(node.owner), Sql(node.tailnet), Sql(UserStatus::kSuspended)}));
    if (may == 0) {
      return absl::FailedPreconditionError(
          "the user is suspended, or gone from this tailnet");
    }
    return WriteNode(node);
  };
  return journal_.Do(write, audit);
}

absl::Status Store::UpdateReport(NodeId id, const crypto::DiscoKey& disco,
                                 const HostDetails& host,
                                 const NodeReach& reach) {
  return journal_.Run(
      "UPDATE nodes SET disco_key = ?, hostname = ?, os = ?, os_version = ?,"
      " client_version = ?, endpoints = ?, home_relay = ? WHERE id = ?",
      {Sql(disco), host.hostname, host.os, host.os_version, host.client_version,
       JoinEndpoints(reach.endpoints), Sql(reach.home_relay), Sql(id)},
      std::nullopt);
}

absl::Status Store::SetLastSeen(NodeId id, int64_t last_seen_ms) {
  return journal_.Run("UPDATE nodes SET last_seen_ms = ? WHERE id = ?",
                      {last_seen_ms, Sql(id)}, std::nullopt);
}

absl::Status Store::DeleteNode(NodeId id, const AuditRecord& audit) {
  return journal_.Run("DELETE FROM nodes WHERE id = ?", {Sql(id)}, audit);
}

}  // namespace warren::control
