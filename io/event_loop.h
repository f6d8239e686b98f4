#ifndef WARREN_IO_EVENT_LOOP_H_
#define WARREN_IO_EVENT_LOOP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/instant.h"
#include "io/clock.h"
#include "io/fd.h"

namespace warren::io {

// One thread's wait for descriptors, time, signals and messages from other
// threads: level-triggered epoll and one timer.
//
// Threads: the thread that calls Run() owns the loop. Everything else must be
// called from that thread (or before Run()), except Post() and Stop(), which
// any thread may call. Callbacks run on the loop's thread, no lock held; they
// may call anything here but Run().
class EventLoop {
 public:
  using FdCallback = std::function<void(uint32_t events)>;

  // INTERNAL names the system call that failed (no descriptors left).
  static absl::StatusOr<std::unique_ptr<EventLoop>> Create(
      const Clock& clock = Clock());
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Calls `callback` with the ready EPOLL* bits while any of `events` (or
  // EPOLLERR, EPOLLHUP) holds. `fd` stays the caller's; Unwatch it before
  // closing it. One watch a descriptor.
  absl::Status Watch(int fd, uint32_t events, FdCallback callback);
  // Changes the events of a watched descriptor; no system call if they stay.
  absl::Status SetEvents(int fd, uint32_t events);
  // Safe inside the descriptor's own callback. Nothing if it is not watched.
  void Unwatch(int fd);

  // The one deadline. After each turn `next` is asked when it will be; `due`
  // is called once that has come, perhaps a little late, never early.
  void SetDeadline(std::function<Instant()> next,
                   std::function<void(Instant now)> due);
  // Called at the end of each turn, after the callbacks and the deadline,
  // before the loop waits again: the place to send what the turn produced.
  void SetTurnEnd(std::function<void()> turn_end);

  // Blocks `signals` in this thread, and so in threads it starts later, and
  // calls `callback` with the number of each one that comes. Once a loop.
  absl::Status WatchSignals(const std::vector<int>& signals,
                            std::function<void(int signal)> callback);

  // Runs `task` on the loop's thread, soon, in order of posting. Thread-safe.
  // Tasks posted after Run() has returned are destroyed unrun.
  void Post(std::function<void()> task) ABSL_LOCKS_EXCLUDED(mutex_);

  // Turns until Stop().
  void Run();
  // Makes Run() return once the tasks posted before have run. Thread-safe.
  void Stop();

  Instant Now() const { return clock_.Now(); }
  const Clock& clock() const { return clock_; }

 private:
  struct Watched {
    uint32_t generation = 0;
    uint32_t events = 0;
    FdCallback callback;
  };
  struct Hooks {
    std::function<Instant()> next;
    std::function<void(Instant)> due;
    std::function<void()> turn_end;
  };

  explicit EventLoop(const Clock& clock) : clock_(clock) {}
  absl::Status Init();
  void Turn();
  void Dispatch(uint64_t key, uint32_t events);
  void RunPosted() ABSL_LOCKS_EXCLUDED(mutex_);
  // Sets the timer for `at` unless it is already set to fire earlier.
  void ArmTimer(Instant at);

  const Clock clock_;
  Fd epoll_, wake_, timer_, signals_;
  Instant armed_ = Instant::Never();
  // By descriptor. The generation in the epoll key tells a reused descriptor
  // from the one that an event still in the queue was meant for.
  std::vector<std::unique_ptr<Watched>> watched_;
  // Unwatched during this turn; one of them may be running.
  std::vector<std::unique_ptr<Watched>> retired_;
  uint32_t generation_ = 0;
  Hooks hooks_;
  absl::Mutex mutex_;
  std::vector<std::function<void()>> posted_ ABSL_GUARDED_BY(mutex_);
  bool running_ = true;  // only the loop's thread
};

}  // namespace warren::io

#endif  // WARREN_IO_EVENT_LOOP_H_
