#ifndef WARREN_CONTROL_WEBHOOK_WEBHOOK_SENDER_H_
#define WARREN_CONTROL_WEBHOOK_WEBHOOK_SENDER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "control/store/records.h"
#include "io/http_client.h"

namespace warren::control {

// One event, ready to go.
struct WebhookJob {
  int64_t delivery = 0;
  WebhookId webhook;
  TailnetId tailnet;
  std::string name;  // of the webhook, for logs
  std::string url;
  std::string secret;  // in clear: must not be logged
  std::string body;
  int64_t num_attempts = 0;  // failed before this one
};

// The queue behind the sender: the store, by way of the coordinator. Called
// from the sender's threads; may block.
class WebhookQueue {
 public:
  struct Due {
    std::vector<WebhookJob> jobs;    // oldest first
    std::optional<int64_t> next_ms;  // when the next is due; none: unknown
    uint64_t waiting = 0;            // also those that are not due yet
  };
  virtual ~WebhookQueue() = default;
  virtual absl::StatusOr<Due> FetchDue() = 0;
  virtual void Delivered(const WebhookJob& job) = 0;
  // Tries again later, or gives up.
  virtual void Failed(const WebhookJob& job, const std::string& error) = 0;
};

struct WebhookCounters {
  uint64_t delivered = 0;
  uint64_t failed = 0;   // attempts
  uint64_t waiting = 0;  // events, when the queue was last asked
};

// POSTs one event; OK: the receiver answered 2xx. The status says what else it
// did, without its body.
absl::Status SendWebhook(io::HttpCaller& caller, const WebhookJob& job,
                         int64_t now_ms);

// Sends what is due, a few at once but one at a time to each webhook, so that
// a slow receiver holds up nobody else. What it is busy with when it ends is
// sent again after a restart: receivers may see an event twice, with one id.
class WebhookSender {
 public:
  static constexpr size_t kNumWorkers = 4;

  // All must outlive it; `caller` and `unix_now_ms` are called by its threads.
  WebhookSender(WebhookQueue& queue, io::HttpCaller& caller,
                std::function<int64_t()> unix_now_ms);
  // Waits for the calls under way: cancel the caller first.
  ~WebhookSender();

  // Something may be due. Thread-safe, never blocks for long.
  void Wake() ABSL_LOCKS_EXCLUDED(mutex_);
  WebhookCounters counters() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Dispatch();
  std::set<WebhookId> Busy() const ABSL_LOCKS_EXCLUDED(mutex_);
  void Work();
  // Until it is woken or `next_ms` has come. False: it is to end.
  bool WaitForWork(std::optional<int64_t> next_ms) ABSL_LOCKS_EXCLUDED(mutex_);
  std::optional<WebhookJob> TakeJob() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasJob() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !jobs_.empty();
  }
  bool IsWoken() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || woken_;
  }

  WebhookQueue& queue_;
  io::HttpCaller& caller_;
  const std::function<int64_t()> unix_now_ms_;
  mutable absl::Mutex mutex_;
  bool woken_ ABSL_GUARDED_BY(mutex_) = true;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<WebhookJob> jobs_ ABSL_GUARDED_BY(mutex_);
  std::set<WebhookId> busy_ ABSL_GUARDED_BY(mutex_);
  WebhookCounters counters_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEBHOOK_WEBHOOK_SENDER_H_
