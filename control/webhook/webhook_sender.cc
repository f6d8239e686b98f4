#include "control/webhook/webhook_sender.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "control/webhook/event.h"
#include "core/base/status_macros.h"
#include "spdlog/spdlog.h"

namespace warren::control {
namespace {

// When the queue could not be asked.
constexpr int64_t kAskAgainMs = 5'000;
// The clock may jump: look again at least this often.
constexpr int64_t kLongestWaitMs = 60'000;

}  // namespace

absl::Status SendWebhook(io::HttpCaller& caller, const WebhookJob& job,
                         int64_t now_ms) {
  io::HttpCall call;
  call.method = "POST";
  call.url = job.url;
  call.headers = {{"Content-Type", "application/json"},
                  {"Warren-Webhook-Id", absl::StrCat(job.delivery)},
                  {"Warren-Webhook-Signature",
                   WebhookSignature(job.secret, job.body, now_ms)}};
  call.body = job.body;
  WARREN_ASSIGN_OR_RETURN(const io::HttpAnswer answer, caller.Call(call));
  if (answer.status >= 200 && answer.status < 300) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("the receiver answered ", answer.status, ", not 2xx"));
}

WebhookSender::WebhookSender(WebhookQueue& queue, io::HttpCaller& caller,
                             std::function<int64_t()> unix_now_ms)
    : queue_(queue), caller_(caller), unix_now_ms_(std::move(unix_now_ms)) {
  threads_.emplace_back([this] { Dispatch(); });
  for (size_t i = 0; i < kNumWorkers; ++i) {
    threads_.emplace_back([this] { Work(); });
  }
}

WebhookSender::~WebhookSender() {
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
  }
  for (std::thread& thread : threads_) thread.join();
}

void WebhookSender::Wake() {
  absl::MutexLock lock(&mutex_);
  woken_ = true;
}

WebhookCounters WebhookSender::counters() const {
  absl::MutexLock lock(&mutex_);
  return counters_;
}

bool WebhookSender::WaitForWork(std::optional<int64_t> next_ms) {
  int64_t wait_ms = kLongestWaitMs;
  if (next_ms)
    wait_ms = std::clamp<int64_t>(*next_ms - unix_now_ms_(), 0, wait_ms);
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &WebhookSender::IsWoken),
                          absl::Milliseconds(wait_ms));
  woken_ = false;
  return !stopping_;
}

std::set<WebhookId> WebhookSender::Busy() const {
  absl::MutexLock lock(&mutex_);
  return busy_;
}

void WebhookSender::Dispatch() {
  std::optional<int64_t> next_ms;
  while (WaitForWork(next_ms)) {
    // Asked before the queue, since only this thread makes one busy: what is
    // not busy now was not being sent while the queue was read.
    const std::set<WebhookId> busy = Busy();
    auto due = queue_.FetchDue();
    if (!due.ok()) {
      next_ms = unix_now_ms_() + kAskAgainMs;
      continue;
    }
    // Whoever is busy wakes us when it is done.
    next_ms = due->jobs.empty() ? due->next_ms : std::nullopt;
    absl::MutexLock lock(&mutex_);
    counters_.waiting = due->waiting;
    for (WebhookJob& job : due->jobs) {
      if (busy.contains(job.webhook)) continue;
      if (busy_.insert(job.webhook).second) jobs_.push_back(std::move(job));
    }
  }
}

std::optional<WebhookJob> WebhookSender::TakeJob() {
  absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(this, &WebhookSender::HasJob));
  if (stopping_) return std::nullopt;
  WebhookJob job = std::move(jobs_.front());
  jobs_.pop_front();
  return job;
}

void WebhookSender::Work() {
  while (const std::optional<WebhookJob> job = TakeJob()) {
    const absl::Status sent = SendWebhook(caller_, *job, unix_now_ms_());
    if (sent.ok()) {
      queue_.Delivered(*job);
    } else if (!absl::IsCancelled(sent)) {
      spdlog::warn(
          "webhook failed webhook={} delivery={} attempt={} error=\"{}\"",
          job->webhook.value(), job->delivery, job->num_attempts + 1,
          std::string(sent.message()));
      queue_.Failed(*job, std::string(sent.message()));
    }
    absl::MutexLock lock(&mutex_);
    ++(sent.ok() ? counters_.delivered : counters_.failed);
    busy_.erase(job->webhook);
    woken_ = true;
  }
}

}  // namespace warren::control
