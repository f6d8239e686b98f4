#include "control/coordinator/webhook_commands.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/names.h"
#include "control/webhook/event.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

std::string Target(const WebhookRecord& webhook) {
  return absl::StrCat("webhook ", webhook.name);
}

// For the audit log. A URL may hold a secret in its path or query: the host is
// enough to know which it is.
std::string Describe(const WebhookRecord& webhook) {
  absl::string_view url = webhook.url;
  const size_t scheme = url.find("://");
  const size_t path =
      scheme == url.npos ? url.npos : url.find_first_of("/?", scheme + 3);
  return absl::StrCat(url.substr(0, path), " ",
                      absl::StrJoin(webhook.events, ","),
                      webhook.enabled ? "" : " (disabled)");
}

}  // namespace

absl::StatusOr<WebhookRecord> FindWebhook(const TailnetState& tailnet,
                                          absl::string_view ref) {
  int64_t id = 0;
  const bool is_number = absl::SimpleAtoi(ref, &id);
  std::vector<std::string> names;
  const WebhookRecord* by_id = nullptr;
  for (const auto& [webhook_id, webhook] : tailnet.access.webhooks) {
    if (webhook.name == ref) return webhook;
    if (is_number && webhook_id == WebhookId(id)) by_id = &webhook;
    names.push_back(webhook.name);
  }
  if (by_id != nullptr) return *by_id;
  return absl::NotFoundError(absl::StrCat(
      "there is no webhook \"", Printable(ref), "\" in ", tailnet.record.name,
      names.empty() ? "; there is none" : "; there are: ",
      absl::StrJoin(names, ", ")));
}

absl::Status PutWebhook(Directory& directory, const Order& order,
                        TailnetState& tailnet, const WebhookRecord& webhook,
                        bool allow_plain) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "change webhooks"));
  WARREN_RETURN_IF_ERROR(CheckWebhook(webhook, allow_plain));
  auto& webhooks = tailnet.access.webhooks;
  for (const auto& [id, other] : webhooks) {
    if (other.name != webhook.name || id == webhook.id) continue;
    return absl::AlreadyExistsError(absl::StrCat(
        "there is a webhook \"", webhook.name, "\" in ", tailnet.record.name));
  }
  const auto old = webhooks.find(webhook.id);
  const bool is_new = old == webhooks.end();
  if (is_new && webhooks.size() >= kMaxWebhooks) {
    return absl::ResourceExhaustedError(
        absl::StrCat(tailnet.record.name, " has ", kMaxWebhooks, " webhooks"));
  }
  WARREN_RETURN_IF_ERROR(directory.store().access().PutWebhook(
      webhook,
      AuditOf(order, tailnet, is_new ? "webhook.create" : "webhook.change",
              Target(webhook), is_new ? "" : Describe(old->second),
              Describe(webhook))));
  webhooks[webhook.id] = webhook;
  return absl::OkStatus();
}

absl::Status DeleteWebhook(Directory& directory, const Order& order,
                           TailnetState& tailnet, WebhookId id) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "change webhooks"));
  const auto found = tailnet.access.webhooks.find(id);
  if (found == tailnet.access.webhooks.end()) {
    return absl::NotFoundError("the webhook is gone");
  }
  WARREN_RETURN_IF_ERROR(directory.store().access().DeleteWebhook(
      id, AuditOf(order, tailnet, "webhook.delete", Target(found->second),
                  Describe(found->second), "")));
  tailnet.access.webhooks.erase(found);
  return absl::OkStatus();
}

absl::Status QueueTestEvent(Directory& directory, const Order& order,
                            const TailnetState& tailnet,
                            const WebhookRecord& webhook) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kAdmin, "test webhooks"));
  if (!webhook.enabled) {
    return absl::FailedPreconditionError(
        absl::StrCat("webhook ", webhook.name, " is disabled"));
  }
  DeliveryRecord delivery;
  delivery.webhook = webhook.id;
  delivery.body = TestBody(tailnet.record.name, order.actor, order.now_ms);
  delivery.created_ms = order.now_ms;
  delivery.next_ms = order.now_ms;
  WARREN_RETURN_IF_ERROR(
      directory.store().audit_log().AppendDelivery(delivery));
  directory.DeliveriesWait();
  return absl::OkStatus();
}

std::string WebhookSecretPlace(WebhookId id) {
  return absl::StrCat("webhooks.secret:", id.value());
}

}  // namespace warren::control
