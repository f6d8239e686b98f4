#include "control/document/apply.h"

#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/addresses.h"
#include "control/coordinator/administration.h"
#include "control/coordinator/policy_commands.h"
#include "control/coordinator/provider_commands.h"
#include "control/coordinator/tailnet_commands.h"
#include "control/coordinator/webhook_commands.h"
#include "control/document/apply_node.h"
#include "control/document/apply_user.h"
#include "control/document/message_texts.h"
#include "control/document/spec_of.h"
#include "control/document/yaml_message.h"
#include "control/identity/provider_record.h"
#include "control/webhook/event.h"
#include "core/base/status_macros.h"
#include "proto/convert/netmap.h"

namespace warren::control {
namespace {

// The plan, carried out one step after the other.
class Applier {
 public:
  Applier(const Target& target, const DocumentPlan& plan,
          const SealKey& seal_key, const ApplyOptions& options)
      : target_(target), plan_(plan), seal_key_(seal_key), options_(options) {}

  absl::Status Run() {
    // Owners first, so that there is always one.
    for (const SpecChange& change : plan_.changes) {
      if (MakesOwner(change)) WARREN_RETURN_IF_ERROR(Step(change));
    }
    for (const SpecChange& change : plan_.changes) {
      if (!MakesOwner(change)) WARREN_RETURN_IF_ERROR(Step(change));
    }
    return absl::OkStatus();
  }

 private:
  bool MakesOwner(const SpecChange& change) const {
    return change.kind == SpecKind::kUser && change.wanted >= 0 &&
           plan_.wanted.users(change.wanted).role() == "owner";
  }

  absl::Status Step(const SpecChange& change) {
    const absl::Status done = Carry(change);
    if (done.ok()) return done;
    return absl::Status(
        done.code(), absl::StrCat(ToString(change.kind), " ", change.name, ": ",
                                  done.message()));
  }

  absl::Status Carry(const SpecChange& change) {
    const auto& wanted = plan_.wanted;
    switch (change.kind) {
      case SpecKind::kName:
        return RenameTailnet(target_.directory, target_.order, target_.tailnet,
                             wanted.name());
      case SpecKind::kSettings:
        return SetSettings(target_.directory, target_.order, target_.tailnet,
                           SettingsOf(wanted.settings()));
      case SpecKind::kProvider:
        return Provider(change);
      case SpecKind::kUser:
        if (change.verb == SpecVerb::kDelete) {
          return RemoveUser(target_, change.name);
        }
        return ApplyUser(target_, wanted.users(change.wanted));
      case SpecKind::kPolicy:
        return Policy();
      case SpecKind::kRelay:
        return Relay(change);
      case SpecKind::kNode:
        if (change.verb == SpecVerb::kDelete) {
          return RemoveNode(target_, change.name);
        }
        return ApplyNode(target_, wanted.nodes(change.wanted),
                         change.now < 0 ? "" : change.name);
      case SpecKind::kWebhook:
        return Webhook(change);
    }
    return absl::InternalError("unknown kind of change");
  }

  absl::Status Provider(const SpecChange& change) {
    ProviderRecord record;
    if (change.now >= 0) {
      WARREN_ASSIGN_OR_RETURN(record,
                              FindProvider(target_.tailnet, change.name));
    }
    if (change.verb == SpecVerb::kDelete) {
      return DeleteProvider(target_.directory, target_.order, target_.tailnet,
                            record.id);
    }
    const v1::ProviderSpec& spec = plan_.wanted.providers(change.wanted);
    record.tailnet = target_.tailnet.record.id;
    record.name = spec.name();
    record.config = ConfigOf(spec);
    v1::Provider config;
    config.ParseFromString(record.config);
    config.set_name(spec.name());
    WARREN_RETURN_IF_ERROR(CheckProvider(record.id, config));
    return PutProvider(target_.directory, target_.order, target_.tailnet,
                       std::move(record))
        .status();
  }

  absl::Status Policy() {
    PolicyChange change;
    change.text = plan_.wanted.policy();
    change.any_base = true;
    change.force = options_.force;
    change.note = "applied from a document";
    return SetPolicy(target_.directory, target_.order, target_.tailnet, change)
        .status();
  }

  absl::Status Relay(const SpecChange& change) {
    if (change.verb == SpecVerb::kDelete) {
      return DeleteRelay(target_.directory, target_.order, target_.tailnet,
                         convert::FromProto(plan_.now.relays(change.now)));
    }
    return PutRelay(target_.directory, target_.order, target_.tailnet,
                    convert::FromProto(plan_.wanted.relays(change.wanted)));
  }

  absl::Status Webhook(const SpecChange& change) {
    WebhookRecord record;
    if (change.now >= 0) {
      WARREN_ASSIGN_OR_RETURN(record,
                              FindWebhook(target_.tailnet, change.name));
    }
    if (change.verb == SpecVerb::kDelete) {
      return DeleteWebhook(target_.directory, target_.order, target_.tailnet,
                           record.id);
    }
    const v1::WebhookSpec& spec = plan_.wanted.webhooks(change.wanted);
    if (change.now < 0) {
      record.id = WebhookId(target_.directory.NewId());
      record.tailnet = target_.tailnet.record.id;
      record.created_ms = target_.order.now_ms;
      record.secret = Seal(seal_key_, WebhookSecretPlace(record.id),
                           NewWebhookSecret(target_.directory.rng()),
                           target_.directory.rng());
    }
    record.name = spec.name();
    record.url = spec.url();
    record.events.assign(spec.events().begin(), spec.events().end());
    record.enabled = !spec.disabled();
    return PutWebhook(target_.directory, target_.order, target_.tailnet, record,
                      options_.allow_plain_webhooks);
  }

  const Target target_;
  const DocumentPlan& plan_;
  const SealKey& seal_key_;
  const ApplyOptions& options_;
};

// A device that is here changes its node key by itself: an older document does
// not take it back.
void KeepNodeKeys(const v1::TailnetSpec& now, v1::TailnetSpec& wanted) {
  std::map<std::string, std::string> node_keys;
  for (const auto& node : now.nodes()) {
    node_keys[node.machine_key()] = node.node_key();
  }
  for (auto& node : *wanted.mutable_nodes()) {
    const auto found = node_keys.find(node.machine_key());
    if (found != node_keys.end()) node.set_node_key(found->second);
  }
}

}  // namespace

std::string ExportYaml(const TailnetState& tailnet) {
  return ToYaml(SpecOf(tailnet), "warren.v1.TailnetSettings");
}

absl::StatusOr<DocumentPlan> PlanYaml(const TailnetState& tailnet,
                                      absl::string_view yaml, bool prune) {
  DocumentPlan plan;
  plan.now = SpecOf(tailnet);
  // A setting that the document leaves out stays as it is.
  *plan.wanted.mutable_settings() = plan.now.settings();
  WARREN_RETURN_IF_ERROR(FromYaml(yaml, plan.wanted));
  WARREN_RETURN_IF_ERROR(CheckTexts(plan.wanted));
  Normalise(plan.wanted);
  KeepNodeKeys(plan.now, plan.wanted);
  WARREN_RETURN_IF_ERROR(CheckSpec(plan.wanted));
  plan.changes = PlanSpec(plan.now, plan.wanted, prune);
  return plan;
}

absl::Status ApplyPlan(Directory& directory, const Order& order,
                       TailnetState& tailnet, const DocumentPlan& plan,
                       const SealKey& seal_key, const ApplyOptions& options) {
  const Target target{directory, order, tailnet};
  const absl::Status done = Applier(target, plan, seal_key, options).Run();
  if (!done.ok()) directory.GiveUpBatch();
  return done;
}

}  // namespace warren::control
