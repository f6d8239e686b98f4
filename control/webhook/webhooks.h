#ifndef WARREN_CONTROL_WEBHOOK_WEBHOOKS_H_
#define WARREN_CONTROL_WEBHOOK_WEBHOOKS_H_

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "control/coordinator/coordinator.h"
#include "control/identity/seal.h"
#include "control/webhook/stored_queue.h"
#include "control/webhook/webhook_sender.h"
#include "io/cancel.h"
#include "io/http_client.h"

namespace warren::control {

// The webhooks of a server: the queue in its store and who empties it.
class Webhooks {
 public:
  struct Options {
    // Also receivers in private networks, and without TLS on this machine.
    bool allow_private = false;
    std::function<int64_t()> unix_now_ms;
  };
  // `coordinator` and `seal_key` must outlive it. FAILED_PRECONDITION: the
  // system's certificates cannot be used.
  static absl::StatusOr<std::unique_ptr<Webhooks>> Start(
      Coordinator& coordinator, const SealKey& seal_key, Options options);
  // Cuts off the calls under way; they are made again after a restart.
  ~Webhooks();

  void Wake() { sender_->Wake(); }
  WebhookCounters counters() const { return sender_->counters(); }

 private:
  Webhooks(Coordinator& coordinator, const SealKey& seal_key)
      : queue_(coordinator, seal_key) {}

  io::Cancel cancel_;
  std::unique_ptr<io::HttpClient> caller_;
  StoredQueue queue_;
  std::unique_ptr<WebhookSender> sender_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEBHOOK_WEBHOOKS_H_
