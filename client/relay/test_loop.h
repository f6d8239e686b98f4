#ifndef WARREN_CLIENT_RELAY_TEST_LOOP_H_
#define WARREN_CLIENT_RELAY_TEST_LOOP_H_

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>

#include "core/base/check.h"
#include "core/base/instant.h"
#include "io/clock.h"
#include "io/event_loop.h"

namespace warren::client {

// An event loop that a test turns until something holds.
class TestLoop {
 public:
  // `rate`: how much faster than the real clock the loop's is.
  explicit TestLoop(int rate = 1) {
    auto loop = io::EventLoop::Create(io::Clock(rate));
    WARREN_CHECK(loop.ok());
    loop_ = *std::move(loop);
    loop_->SetTurnEnd([this] { OnTurnEnd(); });
  }

  io::EventLoop& operator*() { return *loop_; }
  io::EventLoop* operator->() { return loop_.get(); }

  // What is under test: asked as a program's main loop asks. nullptr: nothing.
  template <class T>
  void Drive(T* object) {
    next_ = [object] { return object->Next(); };
    due_ = [object](Instant now) { object->OnTimeout(now); };
    if (object == nullptr) next_ = nullptr;
  }

  // What else a program's main loop does at the end of each turn.
  void SetTurnEnd(std::function<void()> turn_end) {
    turn_end_ = std::move(turn_end);
  }

  // Whether `done` held at the end of a turn before `limit`, by the loop's
  // clock, was over.
  bool RunUntil(std::function<bool()> done,
                absl::Duration limit = absl::Minutes(30)) {
    const Instant end = loop_->Now() + limit;
    held_ = stopped_ = false;
    done_ = std::move(done);
    loop_->SetDeadline(
        [this, end] { return next_ ? std::min(end, next_()) : end; },
        [this, end](Instant now) {
          if (next_ && next_() <= now) due_(now);
          if (now >= end) Stop();
        });
    loop_->Post([] {});  // a turn, in case it holds already
    loop_->Run();
    return held_;
  }
  void RunFor(absl::Duration time) {
    RunUntil([] { return false; }, time);
  }

  // So far: many without a reason are a loop that spins.
  int num_turns() const { return num_turns_; }

 private:
  void OnTurnEnd() {
    ++num_turns_;
    if (turn_end_) turn_end_();
    if (stopped_ || !done_()) return;
    held_ = true;
    Stop();
  }
  void Stop() {
    if (!std::exchange(stopped_, true)) loop_->Stop();
  }

  std::unique_ptr<io::EventLoop> loop_;
  std::function<Instant()> next_;
  std::function<void(Instant)> due_;
  std::function<void()> turn_end_;
  std::function<bool()> done_;
  bool held_ = false;
  bool stopped_ = false;
  int num_turns_ = 0;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_TEST_LOOP_H_
