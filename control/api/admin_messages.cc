#include "control/api/admin_messages.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "control/coordinator/tailnet_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/identity/access.h"
#include "proto/convert/netmap.h"

namespace warren::control {
namespace {

// How the user can sign in.
void AddAccounts(const AccountState& accounts, UserId user, v1::User& out) {
  for (const auto& [id, identity] : accounts.identities) {
    if (identity.user != user) continue;
    v1::Identity& told = *out.add_identities();
    const auto provider = accounts.providers.find(identity.provider);
    if (provider != accounts.providers.end()) {
      told.set_provider(provider->second.name);
    }
    told.set_issuer(identity.issuer);
    told.set_subject(identity.subject);
    told.set_email(identity.email);
    told.set_email_verified(identity.email_verified);
    for (const std::string& group : identity.groups) told.add_groups(group);
    told.set_last_login_ms(identity.last_login_ms);
  }
  const auto local = accounts.local_accounts.find(user);
  if (local != accounts.local_accounts.end()) {
    out.set_has_password(!local->second.password_hash.empty());
    out.set_has_totp(!local->second.totp_secret.empty());
  }
  for (const auto& [id, passkey] : accounts.passkeys) {
    if (passkey.user == user) out.set_num_passkeys(out.num_passkeys() + 1);
  }
}

void AddStanding(const NodeStanding& standing, v1::AdminNode& out) {
  out.set_approved(standing.approved_ms != 0);
  out.set_signed_in_by(standing.sign_in.by);
  out.set_signed_in_ms(standing.sign_in.at_ms);
  out.set_signed_in_from(standing.sign_in.from);
  for (const net::IpPrefix& route : standing.routes.advertised) {
    out.add_advertised_routes(route.ToString());
  }
  for (const net::IpPrefix& route : standing.routes.approved) {
    out.add_approved_routes(route.ToString());
  }
  for (const auto& [name, value] : standing.attributes) {
    (*out.mutable_attributes())[name] = value;
  }
}

// With whom of other tailnets the node is shared.
void AddGuests(Directory& directory, const TailnetState& tailnet, NodeId node,
               v1::AdminNode& out) {
  for (const auto& [id, share] : tailnet.access.shares) {
    if (share.node != node || share.owner_tailnet != tailnet.record.id) {
      continue;
    }
    const TailnetState* const other = directory.Tailnet(share.guest_tailnet);
    if (other == nullptr) continue;
    const auto guest = other->users.find(share.guest);
    if (guest == other->users.end()) continue;
    out.add_shared_with(
        absl::StrCat(guest->second.login, " of ", other->record.name));
  }
}

}  // namespace

v1::Tailnet ToMessage(const Directory& directory, const TailnetState& tailnet) {
  v1::Tailnet out;
  out.set_id(tailnet.record.id.value());
  out.set_name(tailnet.record.name);
  out.set_created_ms(tailnet.record.created_ms);
  out.set_version(tailnet.version);
  out.set_num_users(tailnet.users.size());
  out.set_num_nodes(tailnet.nodes.size());
  out.set_domain(DomainOf(directory, tailnet));
  return out;
}

v1::TailnetSettings ToMessage(const TailnetSettings& settings) {
  v1::TailnetSettings out;
  out.set_approve_devices(settings.approve_devices);
  out.set_approve_users(settings.approve_users);
  out.set_invited_only(settings.invited_only);
  out.set_local_accounts(settings.local_accounts);
  out.set_require_second_factor(settings.require_second_factor);
  out.set_key_lifetime_ms(settings.key_lifetime_ms);
  out.set_ephemeral_timeout_ms(settings.ephemeral_timeout_ms);
  out.set_session_lifetime_ms(settings.session_lifetime_ms);
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
  out.set_role(std::string(RoleName(user.role)));
  out.set_status(std::string(ToString(user.status)));
  out.set_last_login_ms(user.last_login_ms);
  AddAccounts(tailnet.accounts, user.id, out);
  return out;
}

v1::AdminNode ToMessage(Directory& directory, const TailnetState& tailnet,
                        const NodeState& node, int64_t now_ms) {
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
  out.set_domain_name(DomainNameOf(directory, tailnet, record));
  AddStanding(record.standing, out);
  const v1::Node& told = out.node();
  for (int i = told.addresses_size(); i < told.allowed_ips_size(); ++i) {
    out.add_routes(told.allowed_ips(i));
  }
  AddGuests(directory, tailnet, record.id, out);
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
