#include "control/document/spec_of.h"

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "control/coordinator/policy_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/document/plan.h"
#include "control/identity/access.h"
#include "proto/convert/netmap.h"
#include "warren/v1/admin_access.pb.h"

namespace warren::control {
namespace {

constexpr char kTimeFormat[] = "%Y-%m-%dT%H:%M:%E*SZ";

// The fields that both definitions have, by name.
void CopyFields(const google::protobuf::Message& from,
                google::protobuf::Message& to) {
  const auto* type = to.GetDescriptor();
  const auto& get = *from.GetReflection();
  const auto& set = *to.GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const auto* target = type->field(i);
    const auto* source = from.GetDescriptor()->FindFieldByName(target->name());
    if (source == nullptr) continue;
    if (target->is_repeated()) {
      for (int n = 0; n < get.FieldSize(from, source); ++n) {
        set.AddString(&to, target, get.GetRepeatedString(from, source, n));
      }
    } else if (target->cpp_type() == target->CPPTYPE_BOOL) {
      set.SetBool(&to, target, get.GetBool(from, source));
    } else if (target->cpp_type() == target->CPPTYPE_INT64) {
      set.SetInt64(&to, target, get.GetInt64(from, source));
    } else {
      set.SetString(&to, target, get.GetString(from, source));
    }
  }
}

void AddUsers(const TailnetState& tailnet, v1::TailnetSpec& spec) {
  std::map<UserId, v1::UserSpec*> by_id;
  for (const auto& [id, user] : tailnet.users) {
    v1::UserSpec& out = *spec.add_users();
    by_id[id] = &out;
    out.set_login(user.login);
    out.set_display_name(user.display_name);
    out.set_role(std::string(RoleName(user.role)));
    out.set_status(std::string(ToString(user.status)));
  }
  for (const auto& [id, identity] : tailnet.accounts.identities) {
    v1::IdentitySpec& out = *by_id.at(identity.user)->add_identities();
    out.set_issuer(identity.issuer);
    out.set_subject(identity.subject);
    out.set_email(identity.email);
    out.set_email_verified(identity.email_verified);
    out.mutable_groups()->Add(identity.groups.begin(), identity.groups.end());
  }
}

void AddNodes(const TailnetState& tailnet, v1::TailnetSpec& spec) {
  for (const auto& [id, state] : tailnet.nodes) {
    const NodeRecord& node = state.record;
    v1::NodeSpec& out = *spec.add_nodes();
    out.set_name(node.naming.name);
    out.set_owner(tailnet.users.at(node.owner).login);
    out.set_machine_key(node.keys.machine.ToString());
    out.set_node_key(node.keys.node.ToString());
    out.set_ipv4(node.ipv4.ToString());
    out.mutable_tags()->Add(node.grant.tags.begin(), node.grant.tags.end());
    out.set_ephemeral(node.grant.ephemeral);
    out.set_waits_for_approval(node.standing.approved_ms == 0);
    out.set_key_expires(ExpiryText(node.times.key_expiry_ms));
    out.set_name_fixed(node.naming.by_admin);
    for (const net::IpPrefix& route : node.standing.routes.approved) {
      out.add_approved_routes(route.ToString());
    }
    out.mutable_attributes()->insert(node.standing.attributes.begin(),
                                     node.standing.attributes.end());
  }
}

}  // namespace

v1::TailnetSettings SettingsSpec(const TailnetSettings& settings) {
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

TailnetSettings SettingsOf(const v1::TailnetSettings& message) {
  TailnetSettings out;
  out.approve_devices = message.approve_devices();
  out.approve_users = message.approve_users();
  out.invited_only = message.invited_only();
  out.local_accounts = message.local_accounts();
  out.require_second_factor = message.require_second_factor();
  out.key_lifetime_ms = message.key_lifetime_ms();
  out.ephemeral_timeout_ms = message.ephemeral_timeout_ms();
  out.session_lifetime_ms = message.session_lifetime_ms();
  return out;
}

std::string ExpiryText(int64_t ms) {
  if (ms == 0) return "";
  return absl::FormatTime(kTimeFormat, absl::FromUnixMillis(ms),
                          absl::UTCTimeZone());
}

absl::StatusOr<int64_t> ExpiryFrom(absl::string_view text) {
  if (text.empty()) return 0;
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(kTimeFormat, text, &time, &error)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "time \"", text, "\": write it in UTC, such as 2027-01-31T12:00:00Z"));
  }
  return absl::ToUnixMillis(time);
}

std::string ConfigOf(const v1::ProviderSpec& spec) {
  v1::Provider provider;
  CopyFields(spec, provider);
  return provider.SerializeAsString();
}

v1::TailnetSpec SpecOf(const TailnetState& tailnet) {
  v1::TailnetSpec spec;
  spec.set_format(kSpecFormat);
  spec.set_name(tailnet.record.name);
  *spec.mutable_settings() = SettingsSpec(tailnet.record.settings);
  for (const auto& [id, record] : tailnet.accounts.providers) {
    v1::Provider provider;
    provider.ParseFromString(record.config);
    v1::ProviderSpec& out = *spec.add_providers();
    CopyFields(provider, out);
    out.set_name(record.name);
  }
  AddUsers(tailnet, spec);
  spec.set_policy(TextInForce(tailnet));
  for (const derp::RelayRegion& region : tailnet.relays.regions) {
    *spec.add_relays() = convert::ToProto(region);
  }
  AddNodes(tailnet, spec);
  for (const auto& [id, webhook] : tailnet.access.webhooks) {
    v1::WebhookSpec& out = *spec.add_webhooks();
    out.set_name(webhook.name);
    out.set_url(webhook.url);
    out.mutable_events()->Add(webhook.events.begin(), webhook.events.end());
    out.set_disabled(!webhook.enabled);
  }
  Normalise(spec);
  return spec;
}

}  // namespace warren::control
