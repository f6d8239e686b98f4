#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/names.h"
#include "control/coordinator/stored_policy.h"
#include "control/webhook/event.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

void PlaceAccounts(std::map<TailnetId, TailnetState>& tailnets,
                   AccountContents& contents) {
  for (IdentityRecord& identity : contents.identities) {
    AccountState& accounts = tailnets.at(identity.tailnet).accounts;
    accounts.by_subject[{identity.issuer, identity.subject}] = identity.id;
    accounts.identities[identity.id] = std::move(identity);
  }
  for (LocalAccountRecord& account : contents.local_accounts) {
    tailnets.at(account.tailnet).accounts.local_accounts[account.user] =
        std::move(account);
  }
  for (PasskeyRecord& passkey : contents.passkeys) {
    tailnets.at(passkey.tailnet).accounts.passkeys[passkey.credential_id] =
        std::move(passkey);
  }
  for (ProviderRecord& provider : contents.providers) {
    tailnets.at(provider.tailnet).accounts.providers[provider.id] =
        std::move(provider);
  }
}

}  // namespace

Directory::Directory(std::unique_ptr<Store> store, HashKey hash_key, Rng& rng,
                     DirectoryOptions options)
    : store_(std::move(store)),
      hash_key_(std::move(hash_key)),
      rng_(rng),
      options_(std::move(options)) {
  store_->SetOutbox(
      [this](const AuditRecord& audit) { return DeliveriesOf(audit); });
}

std::vector<DeliveryRecord> Directory::DeliveriesOf(const AuditRecord& audit) {
  std::vector<DeliveryRecord> out;
  const TailnetState* const tailnet = Tailnet(audit.tailnet);
  // With the tailnet its webhooks went, in this very transaction.
  if (tailnet == nullptr || audit.action == "tailnet.delete") return out;
  for (const auto& [id, webhook] : tailnet->access.webhooks) {
    if (!webhook.enabled || !Wants(webhook.events, audit.action)) continue;
    // It would be told for ever that it cannot be told, or is not there.
    const bool of_itself =
        audit.target == absl::StrCat("webhook ", webhook.name);
    if (of_itself && (audit.action == "webhook.give_up" ||
                      audit.action == "webhook.delete")) {
      continue;
    }
    DeliveryRecord delivery;
    delivery.webhook = id;
    delivery.body = EventBody(audit, tailnet->record.name);
    delivery.created_ms = audit.time_ms;
    delivery.next_ms = audit.time_ms;
    out.push_back(std::move(delivery));
  }
  made_deliveries_ = made_deliveries_ || !out.empty();
  return out;
}

absl::StatusOr<std::unique_ptr<Directory>> Directory::Load(
    std::unique_ptr<Store> store, HashKey hash_key, Rng& rng,
    DirectoryOptions options, int64_t now_ms) {
  std::unique_ptr<Directory> directory(new Directory(
      std::move(store), std::move(hash_key), rng, std::move(options)));
  WARREN_RETURN_IF_ERROR(directory->Fill(now_ms));
  WARREN_RETURN_IF_ERROR(directory->EnsureTailnet(now_ms));
  directory->Publish();
  return directory;
}

absl::Status Directory::Fill(int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(StoreContents contents, store_->Load());
  // Foreign keys hold: every tailnet and owner named is there.
  for (TailnetRecord& record : contents.tailnets) {
    AddTailnet(std::move(record));
  }
  for (UserRecord& user : contents.users) {
    tailnets_.at(user.tailnet).users[user.id] = std::move(user);
  }
  for (AuthKeyRecord& key : contents.auth_keys) {
    TailnetState& tailnet = tailnets_.at(key.tailnet);
    AddAuthKey(tailnet, std::move(key));
  }
  for (RelayRecord& relay : contents.relays) {
    tailnets_.at(relay.tailnet)
        .relays.regions.push_back(std::move(relay.region));
  }
  PlaceAccounts(tailnets_, contents.accounts);
  for (SessionRecord& session : contents.accounts.sessions) {
    TailnetState& tailnet = tailnets_.at(session.tailnet);
    PutSession(tailnet, std::move(session));
  }
  for (InvitationRecord& invitation : contents.accounts.invitations) {
    TailnetState& tailnet = tailnets_.at(invitation.tailnet);
    PutInvitation(tailnet, std::move(invitation));
  }
  WARREN_RETURN_IF_ERROR(PlaceAccess(contents.access));
  for (NodeRecord& node : contents.nodes) {
    TailnetState& tailnet = tailnets_.at(node.tailnet);
    PutNode(tailnet, std::move(node), now_ms);
  }
  return absl::OkStatus();
}

absl::Status Directory::PlaceAccess(AccessContents& contents) {
  for (PolicyRecord& policy : contents.policies) {
    tailnets_.at(policy.tailnet).access.policy = std::move(policy);
  }
  for (auto& [id, tailnet] : tailnets_) {
    tailnet.access.policy.tailnet = id;
    WARREN_ASSIGN_OR_RETURN(tailnet.access.parsed_policy,
                            ReadStoredPolicy(tailnet.access.policy));
  }
  for (ApiKeyRecord& key : contents.api_keys) {
    TailnetState& tailnet = tailnets_.at(key.tailnet);
    PutApiKey(tailnet, std::move(key));
  }
  for (ShareRecord& share : contents.shares) {
    tailnets_.at(share.guest_tailnet).access.shares[share.id] = share;
    tailnets_.at(share.owner_tailnet).access.shares[share.id] =
        std::move(share);
  }
  for (WebhookRecord& webhook : contents.webhooks) {
    tailnets_.at(webhook.tailnet).access.webhooks[webhook.id] =
        std::move(webhook);
  }
  return absl::OkStatus();
}

absl::Status Directory::EnsureTailnet(int64_t now_ms) {
  if (!tailnets_.empty()) return absl::OkStatus();
  TailnetRecord first{TailnetId(NewId()), TailnetName(rng_), now_ms, 0};
  WARREN_RETURN_IF_ERROR(
      store_->PutTailnet(first, {first.id, now_ms, "server", "tailnet.create",
                                 first.name, "", first.name}));
  AddTailnet(std::move(first));
  return absl::OkStatus();
}

}  // namespace warren::control
