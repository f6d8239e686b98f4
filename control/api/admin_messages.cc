#include "control/api/admin_messages.h"

#include <algorithm>

#include "proto/convert/netmap.h"

namespace warren::control {

v1::Tailnet ToMessage(const TailnetState& tailnet) {
  v1::Tailnet out;
  out.set_id(tailnet.record.id.value());
  out.set_name(tailnet.record.name);
  out.set_created_ms(tailnet.record.created_ms);
  out.set_version(tailnet.version);
  out.set_num_users(tailnet.users.size());
  out.set_num_nodes(tailnet.nodes.size());
  return out;
}

v1::User ToMessage(const TailnetState& tailnet, const UserRecord& user) {
  v1::User out;
  out.set_id(user.id.value());
  out.set_login(user.login);
  out.set_display_name(user.display_name);
  out.set_created_ms(user.created_ms);
  const auto num_nodes = std::count_if(
      tailnet.nodes.begin(), tailnet.nodes.end(), [&user](const auto& entry) {
        return entry.second.record.owner == user.id;
      });
  out.set_num_nodes(static_cast<uint64_t>(num_nodes));
  return out;
}

v1::AdminNode ToMessage(const TailnetState& tailnet, const NodeState& node,
                        int64_t now_ms) {
  const NodeRecord& record = node.record;
  v1::AdminNode out;
  *out.mutable_node() = convert::ToProto(DescribeNode(tailnet, node));
  out.set_machine_key(convert::KeyToProto(record.keys.machine));
  out.set_client_version(record.host.client_version);
  out.set_os_version(record.host.os_version);
  out.set_hostname(record.host.hostname);
  out.set_created_ms(record.times.created_ms);
  out.set_expired(node.IsExpired(now_ms));
  out.set_applied_version(node.applied_version);
  out.set_owner_login(tailnet.users.at(record.owner).login);
  return out;
}

v1::AuthKey ToMessage(const TailnetState& tailnet, const AuthKeyRecord& key) {
  v1::AuthKey out;
  out.set_id(key.id.value());
  out.set_prefix(key.prefix);
  out.set_user_id(key.user.value());
  out.set_user_login(tailnet.users.at(key.user).login);
  out.set_reusable(key.grant.reusable);
  out.set_ephemeral(key.grant.ephemeral);
  for (const std::string& tag : key.grant.tags) out.add_tags(tag);
  out.set_created_ms(key.created_ms);
  out.set_expires_ms(key.expires_ms);
  out.set_revoked_ms(key.revoked_ms);
  out.set_num_uses(key.num_uses);
  out.set_description(key.description);
  out.set_max_uses(key.grant.max_uses);
  out.set_preapproved(key.grant.preapproved);
  return out;
}

v1::AuditEntry ToMessage(const AuditRecord& audit) {
  v1::AuditEntry out;
  out.set_time_ms(audit.time_ms);
  out.set_actor(audit.actor);
  out.set_action(audit.action);
  out.set_target(audit.target);
  out.set_before(audit.before);
  out.set_after(audit.after);
  out.set_source(audit.source);
  out.set_id(audit.id);
  return out;
}

}  // namespace warren::control
