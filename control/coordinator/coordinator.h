#ifndef WARREN_CONTROL_COORDINATOR_COORDINATOR_H_
#define WARREN_CONTROL_COORDINATOR_COORDINATOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "control/coordinator/directory.h"

namespace warren::control {

struct CoordinatorCounters {
  uint64_t waiting = 0;   // commands in the queue now
  uint64_t commands = 0;  // run; rises only
  uint64_t refused = 0;   // the queue was full; rises only
};

// The one writer: runs commands on the directory, one after the other, on a
// thread of its own, and does what time makes due. Commands that wait together
// are one transaction of the store (each of their writes stands or falls by
// itself) and one publication; a command is answered after what it changed is
// durable and published.
//
// When the transaction cannot be made durable (disk full, I/O error), nothing
// of the batch happened: its commands are answered with the error, and the
// directory is read anew from the store. Until that succeeds no command runs.
// Commands run one by one then, until one that writes has succeeded, so that
// those that only read are not refused along with others.
class Coordinator {
 public:
  // Commands that may wait; more are refused.
  static constexpr size_t kMaxQueue = 16'384;

  using Work = std::function<void(Directory&, int64_t now_ms)>;
  // Gets OK, or why nothing of its batch happened: then what the work returned
  // is void.
  using Answer = std::function<void(const absl::Status& durable)>;

  // `unix_now_ms` is asked on the coordinator's thread only.
  Coordinator(std::unique_ptr<Directory> directory,
              std::function<int64_t()> unix_now_ms);
  // Runs what is waiting, then ends.
  ~Coordinator();

  // Runs `work` soon; `answer` when its changes are published. Both run on the
  // coordinator's thread and must not block. Thread-safe. UNAVAILABLE: it is
  // stopping; RESOURCE_EXHAUSTED: too much is waiting. Then neither runs.
  absl::Status Post(Work work, Answer answer) ABSL_LOCKS_EXCLUDED(mutex_);

  // For what must not be refused and is bounded by something else, such as the
  // end of each stream. Dropped when it is stopping.
  void PostAlways(Work work) ABSL_LOCKS_EXCLUDED(mutex_);

  // The same as Post(), and waits for the result. Not for the coordinator's own
  // thread.
  template <class T>
  absl::StatusOr<T> Call(
      const std::function<absl::StatusOr<T>(Directory&, int64_t)>& work);

  CoordinatorCounters counters() const ABSL_LOCKS_EXCLUDED(mutex_);

  // Refuses further commands, runs what is waiting. Thread-safe.
  void Stop() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Command {
    Work work;
    Answer answer;
  };
  void Run();
  // The status is that of the transaction.
  absl::Status RunBatch(const std::deque<Command>& batch, int64_t now_ms,
                        bool is_due);
  // Up to `batch_size_` commands, waiting for one until `deadline_ms`.
  std::deque<Command> Take(std::optional<int64_t> deadline_ms)
      ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !queue_.empty();
  }

  const std::unique_ptr<Directory> directory_;  // the thread's
  const std::function<int64_t()> unix_now_ms_;
  size_t batch_size_;        // the thread's
  int64_t prune_at_ms_ = 0;  // the thread's
  bool stale_ = false;  // the thread's: the directory is not what is stored
  mutable absl::Mutex mutex_;
  std::deque<Command> queue_ ABSL_GUARDED_BY(mutex_);
  CoordinatorCounters counters_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

// ---- Implementation of the template. ----

template <class T>
absl::StatusOr<T> Coordinator::Call(
    const std::function<absl::StatusOr<T>(Directory&, int64_t)>& work) {
  absl::StatusOr<T> result = absl::UnknownError("not run");
  absl::Mutex mutex;
  bool done = false;
  const absl::Status posted =
      Post([&](Directory& directory,
               int64_t now_ms) { result = work(directory, now_ms); },
           [&](const absl::Status& durable) {
             absl::MutexLock lock(&mutex);
             // What failed by itself keeps its own reason.
             if (!durable.ok() && result.ok()) result = durable;
             done = true;
           });
  if (!posted.ok()) return posted;
  absl::MutexLock lock(&mutex, absl::Condition(&done));
  return result;
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_COORDINATOR_H_
