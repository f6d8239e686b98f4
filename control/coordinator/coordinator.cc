#include "control/coordinator/coordinator.h"

#include <algorithm>
#include <optional>

#include "absl/time/time.h"
#include "control/coordinator/presence.h"

namespace warren::control {
namespace {

// Commands that share one publication.
constexpr size_t kBatch = 64;
// So that a deadline that cannot be met does not take the whole processor.
constexpr absl::Duration kSoonest = absl::Milliseconds(20);
// The wall clock may step, so a deadline is looked at again this often.
constexpr absl::Duration kLookAgain = absl::Seconds(1);

}  // namespace

Coordinator::Coordinator(std::unique_ptr<Directory> directory,
                         std::function<int64_t()> unix_now_ms)
    : directory_(std::move(directory)),
      unix_now_ms_(std::move(unix_now_ms)),
      thread_([this] { Run(); }) {}

Coordinator::~Coordinator() {
  Stop();
  thread_.join();
}

void Coordinator::Stop() {
  absl::MutexLock lock(&mutex_);
  stopping_ = true;
}

absl::Status Coordinator::Post(Work work, std::function<void()> answer) {
  absl::MutexLock lock(&mutex_);
  if (stopping_) return absl::UnavailableError("the server is stopping");
  if (queue_.size() >= kMaxQueue) {
    return absl::ResourceExhaustedError(
        "the server is busy: try again in a moment");
  }
  queue_.push_back({std::move(work), std::move(answer)});
  return absl::OkStatus();
}

void Coordinator::PostAlways(Work work) {
  absl::MutexLock lock(&mutex_);
  if (!stopping_) queue_.push_back({std::move(work), [] {}});
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
  while (!queue_.empty() && batch.size() < kBatch) {
    batch.push_back(std::move(queue_.front()));
    queue_.pop_front();
  }
  return batch;
}

void Coordinator::Run() {
  bool stopping = false;
  while (!stopping) {
    const auto deadline_ms = directory_->NextDeadlineMs();
    std::deque<Command> batch = Take(deadline_ms);
    const int64_t now_ms = unix_now_ms_();
    if (deadline_ms && *deadline_ms <= now_ms) OnTime(*directory_, now_ms);
    for (const Command& command : batch) command.work(*directory_, now_ms);
    directory_->Publish();
    for (const Command& command : batch) command.answer();
    absl::MutexLock lock(&mutex_);
    stopping = stopping_ && queue_.empty();
  }
}

}  // namespace warren::control
