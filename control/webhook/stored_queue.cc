#include "control/webhook/stored_queue.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/webhook_commands.h"
#include "control/webhook/event.h"
#include "core/base/status_macros.h"
#include "spdlog/spdlog.h"

namespace warren::control {
namespace {

// The webhook with this id, in whatever tailnet; null: it is gone.
const WebhookRecord* Find(const Directory& directory, WebhookId id) {
  for (const auto& [tailnet_id, tailnet] : directory.tailnets()) {
    const auto found = tailnet.access.webhooks.find(id);
    if (found != tailnet.access.webhooks.end()) return &found->second;
  }
  return nullptr;
}

void LogFailure(const absl::Status& status) {
  if (status.ok()) return;
  spdlog::warn("webhook queue error=\"{}\"", std::string(status.message()));
}

// Nothing more is tried: on record, since the receiver has missed something.
absl::Status GiveUp(Directory& directory, const WebhookJob& job,
                    const std::string& error, int64_t now_ms) {
  AuditRecord audit;
  audit.tailnet = job.tailnet;
  audit.time_ms = now_ms;
  audit.actor = "server";
  audit.action = "webhook.give_up";
  audit.target = absl::StrCat("webhook ", job.name);
  audit.after = absl::StrCat("delivery ", job.delivery, ": ", error);
  WARREN_RETURN_IF_ERROR(
      directory.store().audit_log().DeleteDelivery(job.delivery));
  return directory.store().audit_log().Append(audit);
}

}  // namespace

absl::StatusOr<WebhookJob> JobFor(const WebhookRecord& webhook,
                                  const SealKey& seal_key) {
  WebhookJob job;
  job.webhook = webhook.id;
  job.tailnet = webhook.tailnet;
  job.name = webhook.name;
  job.url = webhook.url;
  WARREN_ASSIGN_OR_RETURN(
      job.secret,
      Unseal(seal_key, WebhookSecretPlace(webhook.id), webhook.secret));
  return job;
}

absl::StatusOr<WebhookQueue::Due> StoredQueue::FetchDue() {
  return coordinator_.Call<Due>([this](Directory& directory,
                                       int64_t now_ms) -> absl::StatusOr<Due> {
    AuditLog& log = directory.store().audit_log();
    Due due;
    WARREN_ASSIGN_OR_RETURN(const auto deliveries,
                            log.DueDeliveries(now_ms, kBatch));
    for (const DeliveryRecord& delivery : deliveries) {
      const WebhookRecord* const webhook = Find(directory, delivery.webhook);
      if (webhook == nullptr) continue;
      auto job = JobFor(*webhook, seal_key_);
      if (!job.ok()) {
        LogFailure(job.status());
        continue;
      }
      job->delivery = delivery.id;
      job->body = delivery.body;
      job->num_attempts = delivery.num_attempts;
      due.jobs.push_back(*std::move(job));
    }
    WARREN_ASSIGN_OR_RETURN(due.next_ms, log.NextDeliveryMs());
    WARREN_ASSIGN_OR_RETURN(const int64_t waiting, log.CountAllDeliveries());
    due.waiting = static_cast<uint64_t>(waiting);
    return due;
  });
}

void StoredQueue::Delivered(const WebhookJob& job) {
  LogFailure(
      coordinator_
          .Call<bool>(
              [&](Directory& directory, int64_t) -> absl::StatusOr<bool> {
                WARREN_RETURN_IF_ERROR(
                    directory.store().audit_log().DeleteDelivery(job.delivery));
                return true;
              })
          .status());
}

void StoredQueue::Failed(const WebhookJob& job, const std::string& error) {
  const int64_t num_attempts = job.num_attempts + 1;
  const auto wait = RetryAfter(num_attempts);
  LogFailure(
      coordinator_
          .Call<bool>([&](Directory& directory,
                          int64_t now_ms) -> absl::StatusOr<bool> {
            if (!wait) {
              WARREN_RETURN_IF_ERROR(GiveUp(directory, job, error, now_ms));
              return true;
            }
            WARREN_RETURN_IF_ERROR(directory.store().audit_log().RetryDelivery(
                job.delivery, now_ms + absl::ToInt64Milliseconds(*wait),
                error));
            return true;
          })
          .status());
}

}  // namespace warren::control
