#include "control/coordinator/coordinator.h"

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "control/coordinator/presence.h"
#include "control/coordinator/prune.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// Commands that share one transaction and one publication. While one is made
// durable, the next gathers: larger under load, one when it is idle.
constexpr size_t kBatch = 512;
// So that a deadline that cannot be met does not take the whole processor.
constexpr absl::Duration kSoonest = absl::Milliseconds(20);
// The wall clock may step, so a deadline is looked at again this often.
constexpr absl::Duration kLookAgain = absl::Seconds(1);
// How often what has expired is forgotten.
constexpr int64_t kPruneEveryMs = 3'600'000;

}  // namespace

Coordinator::Coordinator(std::unique_ptr<Directory> directory,
                         std::function<int64_t()> unix_now_ms)
    : directory_(std::move(directory)),
      unix_now_ms_(std::move(unix_now_ms)),
      batch_size_(kBatch),
      thread_([this] { Run(); }) {}

Coordinator::~Coordinator() {
  Stop();
  thread_.join();
}

void Coordinator::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
}

CoordinatorCounters Coordinator::counters() const {
  absl::MutexLock lock(&mutex_);
  CoordinatorCounters out = counters_;
  out.waiting = queue_.size();
  return out;
}

absl::Status Coordinator::Post(Work work, Answer answer) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the server is stopping");
  if (queue_.size() >= kMaxQueue) {
    ++counters_.refused;
    return absl::ResourceExhaustedError(
        "the server is busy: try again in a moment");
  }
  queue_.push_back({std::move(work), std::move(answer)});
  return absl::OkStatus();
}

void Coordinator::PostAlways(Work work) {
  absl::MutexLock lock(&mutex_);
  if (!stopping_)
    queue_.push_back({std::move(work), [](const absl::Status&) {}});
}

std::deque<Coordinator::Command> Coordinator::Take(
    std::optional<int64_t> deadline_ms) {
  absl::Duration wait = absl::InfiniteDuration();
  if (deadline_ms) {
    wait = std::clamp(absl::Milliseconds(*deadline_ms - unix_now_ms_()),
                      kSoonest, kLookAgain);
  }
  std::deque<Command> batch;
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(this, &Coordinator::HasWork), wait);
  while (!queue_.empty() && batch.size() < batch_size_) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  counters_.commands += batch.size();
  return batch;
}

absl::Status Coordinator::RunBatch(const std::deque<Command>& batch,
                                   int64_t now_ms, bool is_due) {
  if (stale_) {
    WARREN_RETURN_IF_ERROR(directory_->Reload(now_ms));
    stale_ = false;
  }
  Store& store = directory_->store();
  store.BeginBatch();
  if (is_due) OnTime(*directory_, now_ms);
  if (prune_at_ms_ <= now_ms) {
    PruneExpired(*directory_, now_ms);
    prune_at_ms_ = now_ms + kPruneEveryMs;
  }
  for (const Command& command : batch) command.work(*directory_, now_ms);
  const auto written = store.CommitBatch();
  if (!written.ok()) {
    batch_size_ = 1;
    stale_ = !directory_->Reload(now_ms).ok();
    return written.status();
  }
  if (*written) batch_size_ = kBatch;
  directory_->OnDurable();
  return absl::OkStatus();
}

void Coordinator::Run() {
  bool stopping = false;
  while (!stopping) {
    const auto deadline_ms = directory_->NextDeadlineMs();
    const std::deque<Command> batch =
        Take(std::min(deadline_ms.value_or(prune_at_ms_), prune_at_ms_));
    const int64_t now_ms = unix_now_ms_();
    const bool is_due = deadline_ms && *deadline_ms <= now_ms;
    const absl::Status durable = RunBatch(batch, now_ms, is_due);
    if (!stale_) directory_->Publish();
    for (const Command& command : batch) command.answer(durable);
    absl::MutexLock lock(&mutex_);
    stopping = stopping_ && queue_.empty();
  }
}

}  // namespace warren::control
