#include "io/event_loop.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"

namespace warren::io {
namespace {

constexpr size_t kMaxEvents = 64;

absl::Status SystemError(absl::string_view call) {
  return absl::InternalError(
      absl::StrCat("event loop: ", call, ": ", strerror(errno)));
}

// Empties an eventfd, timerfd: the count does not matter.
void Drain(int fd) {
  uint64_t count;
  [[maybe_unused]] const ssize_t n = read(fd, &count, sizeof count);
}

uint64_t KeyOf(int fd, uint32_t generation) {
  return uint64_t{generation} << 32 | static_cast<uint32_t>(fd);
}

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create(
    const Clock& clock) {
  std::unique_ptr<EventLoop> loop(new EventLoop(clock));
  WARREN_RETURN_IF_ERROR(loop->Init());
  return loop;
}

EventLoop::~EventLoop() = default;

absl::Status EventLoop::Init() {
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll_.ok()) return SystemError("epoll_create1");
  wake_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wake_.ok()) return SystemError("eventfd");
  // Not epoll's own timeout, which stands still while the machine sleeps.
  timer_.Reset(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
  if (!timer_.ok()) return SystemError("timerfd_create");
  WARREN_RETURN_IF_ERROR(Watch(wake_.get(), EPOLLIN, [this](uint32_t) {
    Drain(wake_.get());
    RunPosted();
  }));
  return Watch(timer_.get(), EPOLLIN, [this](uint32_t) {
    Drain(timer_.get());
    armed_ = Instant::Never();
  });
}

absl::Status EventLoop::Watch(int fd, uint32_t events, FdCallback callback) {
  WARREN_CHECK(fd >= 0);
  const size_t slot = static_cast<size_t>(fd);
  if (watched_.size() <= slot) watched_.resize(slot + 1);
  WARREN_CHECK(watched_[slot] == nullptr);
  epoll_event event{};
  event.events = events;
  event.data.u64 = KeyOf(fd, ++generation_);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return SystemError("epoll_ctl(ADD)");
  }
  watched_[slot] = std::make_unique<Watched>(
      Watched{generation_, events, std::move(callback)});
  return absl::OkStatus();
}

absl::Status EventLoop::SetEvents(int fd, uint32_t events) {
  const size_t slot = static_cast<size_t>(fd);
  WARREN_CHECK(fd >= 0 && slot < watched_.size() && watched_[slot]);
  Watched& watched = *watched_[slot];
  if (watched.events == events) return absl::OkStatus();
  epoll_event event{};
  event.events = events;
  event.data.u64 = KeyOf(fd, watched.generation);
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) != 0) {
    return SystemError("epoll_ctl(MOD)");
  }
  watched.events = events;
  return absl::OkStatus();
}

void EventLoop::Unwatch(int fd) {
  const size_t slot = static_cast<size_t>(fd);
  if (fd < 0 || slot >= watched_.size() || !watched_[slot]) return;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  retired_.push_back(std::move(watched_[slot]));
}

void EventLoop::SetDeadline(std::function<Instant()> next,
                            std::function<void(Instant)> due) {
  hooks_.next = std::move(next);
  hooks_.due = std::move(due);
}

void EventLoop::SetTurnEnd(std::function<void()> turn_end) {
  hooks_.turn_end = std::move(turn_end);
}

absl::Status EventLoop::WatchSignals(const std::vector<int>& signals,
                                     std::function<void(int)> callback) {
  WARREN_CHECK(!signals_.ok());
  sigset_t set;
  sigemptyset(&set);
  for (int signal : signals) sigaddset(&set, signal);
  if (pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) {
    return SystemError("pthread_sigmask");
  }
  signals_.Reset(signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals_.ok()) return SystemError("signalfd");
  return Watch(signals_.get(), EPOLLIN,
               [this, callback = std::move(callback)](uint32_t) {
                 signalfd_siginfo info;
                 while (read(signals_.get(), &info, sizeof info) ==
                        static_cast<ssize_t>(sizeof info)) {
                   callback(static_cast<int>(info.ssi_signo));
                 }
               });
}

void EventLoop::Post(std::function<void()> task) {
  {
    absl::MutexLock lock(&mutex_);
    posted_.push_back(std::move(task));
    if (posted_.size() > 1) return;  // The first one has rung.
  }
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof one);
}

void EventLoop::RunPosted() {
  std::vector<std::function<void()>> tasks;
  {
    absl::MutexLock lock(&mutex_);
    tasks.swap(posted_);
  }
  for (auto& task : tasks) task();
}

void EventLoop::Stop() {
  Post([this] { running_ = false; });
}

void EventLoop::Run() {
  running_ = true;
  while (running_) Turn();
}

void EventLoop::ArmTimer(Instant at) {
  if (at >= armed_) return;  // A wake-up too early only asks again.
  absl::Duration when = clock_.BootTimeAt(at);
  if (when < absl::Nanoseconds(1)) when = absl::Nanoseconds(1);  // 0 disarms.
  itimerspec spec{};
  spec.it_value = absl::ToTimespec(absl::Ceil(when, absl::Nanoseconds(1)));
  WARREN_CHECK(
      timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr) == 0);
  armed_ = at;
}

void EventLoop::Dispatch(uint64_t key, uint32_t events) {
  const size_t slot = static_cast<uint32_t>(key);
  if (slot >= watched_.size() || !watched_[slot]) return;
  Watched& watched = *watched_[slot];
  if (watched.generation != key >> 32) return;
  watched.callback(events);
}

void EventLoop::Turn() {
  if (hooks_.next) ArmTimer(hooks_.next());
  std::array<epoll_event, kMaxEvents> events;
  const int n = epoll_wait(epoll_.get(), events.data(), kMaxEvents, -1);
  WARREN_CHECK(n >= 0 || errno == EINTR);
  for (int i = 0; i < n; ++i) {
    Dispatch(events[static_cast<size_t>(i)].data.u64,
             events[static_cast<size_t>(i)].events);
  }
  if (hooks_.next) {
    // Asked before the clock: a deadline of "now" must not stay in the future.
    const Instant next = hooks_.next();
    const Instant now = Now();
    if (next <= now) hooks_.due(now);
  }
  if (hooks_.turn_end) hooks_.turn_end();
  retired_.clear();
}

}  // namespace warren::io
