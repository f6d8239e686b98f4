#include "control/api/admin_subjects.h"
#include "control/coordinator/webhook_commands.h"
#include "control/webhook/event.h"
#include "core/base/status_macros.h"
#include "warren/v1/admin.pb.h"

namespace warren::control {
namespace {

absl::Status Describe(AdminCall& call, const WebhookRecord& record,
                      v1::Webhook& out) {
  out.set_id(record.id.value());
  out.set_name(record.name);
  out.set_url(record.url);
  out.mutable_events()->Assign(record.events.begin(), record.events.end());
  out.set_created_ms(record.created_ms);
  out.set_enabled(record.enabled);
  AuditLog& log = call.directory.store().audit_log();
  WARREN_ASSIGN_OR_RETURN(const int64_t num_waiting,
                          log.CountDeliveries(record.id));
  WARREN_ASSIGN_OR_RETURN(*out.mutable_last_error(), log.LastError(record.id));
  out.set_num_waiting(static_cast<uint64_t>(num_waiting));
  return absl::OkStatus();
}

absl::Status ListWebhooks(AdminCall& call, const v1::ListRequest&,
                          v1::ListWebhooksResponse& out) {
  for (const auto& [id, record] : call.tailnet().access.webhooks) {
    WARREN_RETURN_IF_ERROR(Describe(call, record, *out.add_webhooks()));
  }
  return absl::OkStatus();
}

// The one called `ref`, or a new one of this name.
absl::StatusOr<WebhookRecord> FindOrBegin(AdminCall& call,
                                          const std::string& ref) {
  auto found = FindWebhook(call.tailnet(), ref);
  if (!absl::IsNotFound(found.status())) return found;
  WebhookRecord record;
  record.id = WebhookId(call.directory.NewId());
  record.tailnet = call.tailnet().record.id;
  record.name = ref;
  record.created_ms = call.order.now_ms;
  return record;
}

absl::Status PutWebhook(AdminCall& call, const v1::PutWebhookRequest& request,
                        v1::PutWebhookResponse& out) {
  if (call.server.seal_key == nullptr) {
    return absl::FailedPreconditionError("this server cannot store secrets");
  }
  WARREN_ASSIGN_OR_RETURN(WebhookRecord record,
                          FindOrBegin(call, request.ref()));
  const v1::Webhook& wanted = request.webhook();
  if (!wanted.name().empty()) record.name = wanted.name();
  record.url = wanted.url();
  record.events.assign(wanted.events().begin(), wanted.events().end());
  record.enabled = wanted.enabled();
  std::string secret;
  if (record.secret.empty() || request.new_secret()) {
    secret = NewWebhookSecret(call.directory.rng());
    record.secret = Seal(*call.server.seal_key, WebhookSecretPlace(record.id),
                         secret, call.directory.rng());
  }
  WARREN_RETURN_IF_ERROR(
      control::PutWebhook(call.directory, call.order, call.tailnet(), record,
                          call.server.allow_private_webhooks));
  out.set_secret(secret);
  return Describe(call, record, *out.mutable_webhook());
}

absl::Status DeleteWebhook(AdminCall& call, const v1::DeleteRequest& request,
                           v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const WebhookRecord record,
                          FindWebhook(call.tailnet(), request.ref()));
  out.set_deleted(record.name);
  return control::DeleteWebhook(call.directory, call.order, call.tailnet(),
                                record.id);
}

absl::Status TestWebhook(AdminCall& call, const v1::GetRequest& request,
                         v1::TestWebhookResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const WebhookRecord record,
                          FindWebhook(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(
      QueueTestEvent(call.directory, call.order, call.tailnet(), record));
  WARREN_ASSIGN_OR_RETURN(
      const int64_t num_waiting,
      call.directory.store().audit_log().CountDeliveries(record.id));
  out.set_num_waiting(static_cast<uint64_t>(num_waiting));
  return absl::OkStatus();
}

}  // namespace

void AddWebhookCalls(AdminCalls& calls) {
  calls.Add<v1::ListRequest, v1::ListWebhooksResponse>("ListWebhooks",
                                                       &ListWebhooks);
  calls.Add<v1::PutWebhookRequest, v1::PutWebhookResponse>("PutWebhook",
                                                           &PutWebhook);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteWebhook",
                                                   &DeleteWebhook);
  calls.Add<v1::GetRequest, v1::TestWebhookResponse>("TestWebhook",
                                                     &TestWebhook);
}

}  // namespace warren::control
