#include "io/event_loop.h"

#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace warren::io {
namespace {

struct Pipe {
  Pipe() {
    int fds[2];
    EXPECT_EQ(pipe(fds), 0);
    read.Reset(fds[0]);
    write.Reset(fds[1]);
  }
  void Put() { EXPECT_EQ(::write(write.get(), "x", 1), 1); }
  void Get() {
    char c;
    EXPECT_EQ(::read(read.get(), &c, 1), 1);
  }
  Fd read, write;
};

std::unique_ptr<EventLoop> NewLoop(const Clock& clock = Clock()) {
  auto loop = EventLoop::Create(clock);
  EXPECT_TRUE(loop.ok()) << loop.status();
  return *std::move(loop);
}

TEST(EventLoop, CallsBackWhileADescriptorIsReadable) {
  auto loop = NewLoop();
  Pipe pipe;
  pipe.Put();
  pipe.Put();
  int calls = 0;
  ASSERT_TRUE(loop->Watch(pipe.read.get(), EPOLLIN,
                          [&](uint32_t events) {
                            EXPECT_TRUE(events & EPOLLIN);
                            pipe.Get();
                            if (++calls == 2) loop->Stop();
                          })
                  .ok());
  loop->Run();
  EXPECT_EQ(calls, 2);
}

TEST(EventLoop, ACallbackMayUnwatchItsOwnAndAnotherReadyDescriptor) {
  auto loop = NewLoop();
  Pipe a, b;
  a.Put();
  b.Put();
  int calls = 0;
  const auto callback = [&](uint32_t) {
    ++calls;
    loop->Unwatch(a.read.get());
    loop->Unwatch(b.read.get());
    loop->Stop();
  };
  ASSERT_TRUE(loop->Watch(a.read.get(), EPOLLIN, callback).ok());
  ASSERT_TRUE(loop->Watch(b.read.get(), EPOLLIN, callback).ok());
  loop->Run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, SetEventsSilencesAndWakesADescriptor) {
  auto loop = NewLoop();
  Pipe pipe;
  pipe.Put();
  int calls = 0;
  ASSERT_TRUE(loop->Watch(pipe.read.get(), 0,
                          [&](uint32_t) {
                            ++calls;
                            pipe.Get();
                            loop->Stop();
                          })
                  .ok());
  loop->Post([&] {
    EXPECT_EQ(calls, 0);
    ASSERT_TRUE(loop->SetEvents(pipe.read.get(), EPOLLIN).ok());
  });
  loop->Run();
  EXPECT_EQ(calls, 1);
}

TEST(EventLoop, RunsTasksOfOtherThreadsInOrder) {
  auto loop = NewLoop();
  std::vector<int> seen;
  std::thread other([&] {
    for (int i = 0; i < 1000; ++i)
      loop->Post([&seen, i] { seen.push_back(i); });
    loop->Stop();
  });
  loop->Run();
  other.join();
  ASSERT_EQ(seen.size(), 1000u);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(seen[static_cast<size_t>(i)], i);
}

TEST(EventLoop, CallsTheDeadlineWhenItHasComeAndNotBefore) {
  auto loop = NewLoop();
  const Instant start = loop->Now();
  Instant deadline = start + absl::Milliseconds(20);
  loop->SetDeadline([&] { return deadline; },
                    [&](Instant now) {
                      EXPECT_GE(now, deadline);
                      deadline = Instant::Never();
                      loop->Stop();
                    });
  loop->Run();
  EXPECT_GE(loop->Now() - start, absl::Milliseconds(20));
}

TEST(EventLoop, ADeadlineThatMovesCloserWakesTheLoop) {
  auto loop = NewLoop();
  Instant deadline = loop->Now() + absl::Hours(1);
  bool due = false;
  loop->SetDeadline([&] { return deadline; },
                    [&](Instant) {
                      due = true;
                      deadline = Instant::Never();
                      loop->Stop();
                    });
  loop->Post([&] { deadline = loop->Now(); });
  loop->Run();
  EXPECT_TRUE(due);
}

TEST(EventLoop, ReportsSignals) {
  auto loop = NewLoop();
  int seen = 0;
  ASSERT_TRUE(loop->WatchSignals({SIGUSR1},
                                 [&](int signal) {
                                   seen = signal;
                                   loop->Stop();
                                 })
                  .ok());
  raise(SIGUSR1);
  loop->Run();
  EXPECT_EQ(seen, SIGUSR1);
}

TEST(EventLoop, EndsEachTurnWithTheTurnEnd) {
  auto loop = NewLoop();
  std::string trace;
  loop->SetTurnEnd([&] {
    trace += "e";
    loop->Stop();
  });
  loop->Post([&] { trace += "t"; });
  loop->Run();
  EXPECT_EQ(trace.substr(0, 2), "te");
}

TEST(Clock, AFastClockReachesADeadlineSooner) {
  const Clock fast(1000);
  auto loop = NewLoop(fast);
  const Clock real;
  const Instant start = real.Now();
  bool due = false;
  const Instant deadline = loop->Now() + absl::Seconds(10);
  loop->SetDeadline([&] { return due ? Instant::Never() : deadline; },
                    [&](Instant) {
                      due = true;
                      loop->Stop();
                    });
  loop->Run();
  EXPECT_GE(real.Now() - start, absl::Milliseconds(9));
  EXPECT_LT(real.Now() - start, absl::Seconds(9));
}

}  // namespace
}  // namespace warren::io
