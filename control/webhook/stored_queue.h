#ifndef WARREN_CONTROL_WEBHOOK_STORED_QUEUE_H_
#define WARREN_CONTROL_WEBHOOK_STORED_QUEUE_H_

#include <string>

#include "absl/status/statusor.h"
#include "control/coordinator/coordinator.h"
#include "control/identity/seal.h"
#include "control/webhook/webhook_sender.h"

namespace warren::control {

// The events that wait in the store, of all tailnets. Thread-safe.
class StoredQueue final : public WebhookQueue {
 public:
  static constexpr size_t kBatch = 256;  // fetched at once

  StoredQueue(Coordinator& coordinator, const SealKey& seal_key)
      : coordinator_(coordinator), seal_key_(seal_key) {}

  absl::StatusOr<Due> FetchDue() override;
  void Delivered(const WebhookJob& job) override;
  // Gives up after kMaxAttempts, which is a row of the audit log.
  void Failed(const WebhookJob& job, const std::string& error) override;

 private:
  Coordinator& coordinator_;
  const SealKey& seal_key_;
};

// What is to be sent to `webhook`, its secret opened. DATA_LOSS as Unseal().
absl::StatusOr<WebhookJob> JobFor(const WebhookRecord& webhook,
                                  const SealKey& seal_key);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEBHOOK_STORED_QUEUE_H_
