#include "client/control/control_worker.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"
#include "io/cancel.h"
#include "io/grpc_status.h"
#include "io/retry_after.h"

namespace warren::client {
namespace {

constexpr absl::Duration kDialTimeout = absl::Seconds(10);
constexpr absl::Duration kReportTimeout = absl::Seconds(5);
// Reports are so far apart in the long run. A few in a row go out at once:
// after the start and after a move, peers wait for each of them.
constexpr absl::Duration kReportInterval = absl::Milliseconds(250);
constexpr int kReportBurst = 5;
// Control sends something at least each 60 s.
constexpr absl::Duration kMaxSilence = absl::Seconds(150);
// A stream that lived this long was a success.
constexpr absl::Duration kStable = absl::Seconds(30);

void SetTimeout(grpc::ClientContext& context, absl::Duration timeout) {
  // gRPC turns this into a monotonic deadline at once: a wrong clock is fine.
  context.set_deadline(std::chrono::system_clock::now() +
                       absl::ToChronoMicroseconds(timeout));
}

}  // namespace

ControlWorker::ControlWorker(Rng& rng, ControlOptions options, Events events)
    : rng_(rng),
      options_(std::move(options)),
      events_(std::move(events)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  WARREN_CHECK(wake_.ok());
  thread_ = std::thread([this] { Run(); });
}

ControlWorker::~ControlWorker() {
  Ask([](Wanted& wanted) { wanted.stop = true; });
  thread_.join();
}

void ControlWorker::Wake() const {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof one);
}

void ControlWorker::Ask(const std::function<void(Wanted&)>& change) {
  {
    absl::MutexLock lock(&mutex_);
    change(wanted_);
    const bool urgent = !wanted_.commands.empty() && under_way_.background;
    if (under_way_.interrupt && (wanted_.stop || urgent)) {
      under_way_.interrupt();
    }
  }
  Wake();
}

void ControlWorker::Do(Command command) {
  bool full = false;
  Ask([&](Wanted& wanted) {
    full = wanted.commands.size() >= kMaxCommands;
    if (!full) wanted.commands.push_back(command);
  });
  if (full) {
    command.done(absl::ResourceExhaustedError(
        "too many requests to control are waiting"));
  }
}

void ControlWorker::Watch(const crypto::NodeKey& node_key) {
  Ask([&](Wanted& wanted) { wanted.watch = node_key; });
}

void ControlWorker::Resync() {
  Ask([](Wanted& wanted) { wanted.resync = true; });
}

void ControlWorker::Report(v1::ReportRequest report) {
  Ask([&](Wanted& wanted) { wanted.report = std::move(report); });
}

bool ControlWorker::Begin(UnderWay under_way) {
  absl::MutexLock lock(&mutex_);
  const bool urgent = under_way.background && !wanted_.commands.empty();
  if (wanted_.stop || urgent) return false;
  under_way_ = std::move(under_way);
  return true;
}

void ControlWorker::End() {
  absl::MutexLock lock(&mutex_);
  under_way_ = UnderWay();
}

void ControlWorker::Run() {
  while (true) {
    Wanted wanted;
    {
      absl::MutexLock lock(&mutex_);
      std::swap(wanted, wanted_);
      wanted_.stop = wanted.stop;
    }
    if (wanted.stop) break;
    if (wanted.watch && watch_ != wanted.watch) {
      connection_.stream.reset();
      connection_.retry_at = Instant::LongAgo();
      watch_ = wanted.watch;
    }
    if (wanted.resync && connection_.stream) {
      connection_.stream.reset();
      connection_.retry_at = Instant::LongAgo();
    }
    if (wanted.report) {
      report_.latest = std::move(wanted.report);
      report_.due = true;
    }
    for (const Command& command : wanted.commands) RunCommand(command);
    KeepStream();
    SendReport();
    Wait();
  }
  Disconnect();
}

void ControlWorker::RunCommand(const Command& command) {
  const Instant deadline = clock_.Now() + command.timeout;
  // A connection from before may have broken unnoticed.
  const bool old = connection_.channel != nullptr;
  absl::Status status = Call(command, command.timeout);
  const absl::Duration left = deadline - clock_.Now();
  if (old && absl::IsUnavailable(status) && left > absl::ZeroDuration()) {
    FollowStream();
    Disconnect();
    status = Call(command, left);
  }
  {
    absl::MutexLock lock(&mutex_);
    if (wanted_.stop) return;
  }
  command.done(status);
}

absl::Status ControlWorker::Call(const Command& command,
                                 absl::Duration timeout) {
  const Instant deadline = clock_.Now() + timeout;
  WARREN_RETURN_IF_ERROR(EnsureChannel(std::min(timeout, kDialTimeout), false));
  grpc::ClientContext context;
  connection_.channel->Authenticate(context);
  SetTimeout(context, deadline - clock_.Now());
  if (!Begin({[&context] { context.TryCancel(); }, false})) {
    return absl::CancelledError("ending");
  }
  const auto stub = v1::Coordination::NewStub(connection_.channel->grpc());
  const absl::Status status = io::FromGrpc(command.call(*stub, context));
  End();
  return status;
}

void ControlWorker::Disconnect() {
  connection_.stream.reset();
  connection_.channel.reset();
}

absl::Status ControlWorker::EnsureChannel(absl::Duration timeout,
                                          bool background) {
  if (connection_.channel) return absl::OkStatus();
  io::Cancel cancel;
  if (!Begin({[&cancel] { cancel.Now(); }, background})) {
    return absl::CancelledError("interrupted");
  }
  absl::Status status = Dial(timeout, cancel);
  End();
  return status;
}

absl::Status ControlWorker::Dial(absl::Duration timeout,
                                 const io::Cancel& cancel) {
  io::NoiseDialOptions dial;
  dial.url = options_.url;
  dial.timeout = timeout;
  if (dial.url.https) {
    WARREN_ASSIGN_OR_RETURN(dial.tls, io::TlsContext::Client(options_.tls));
  }
  if (options_.server_key) {
    WARREN_ASSIGN_OR_RETURN(
        connection_.channel,
        io::NoiseChannel::Dial(dial, options_.machine_key, *options_.server_key,
                               rng_, cancel));
    return absl::OkStatus();
  }
  WARREN_ASSIGN_OR_RETURN(
      io::FirstContact contact,
      io::NoiseChannel::DialFirst(dial, options_.machine_key, rng_, cancel));
  connection_.channel = std::move(contact.channel);
  options_.server_key = contact.server_key;
  events_.server_key(contact.server_key);
  return absl::OkStatus();
}

void ControlWorker::KeepStream() {
  FollowStream();
  if (watch_ && !connection_.stream && clock_.Now() >= connection_.retry_at) {
    OpenStream();
  }
}

void ControlWorker::FollowStream() {
  if (!connection_.stream) return;
  const Instant now = clock_.Now();
  const auto ended = connection_.stream->ended();
  if (!ended) {
    if (now - connection_.stream->last_heard() > kMaxSilence) {
      connection_.stream->Cancel();
    }
    return;
  }
  if (now - connection_.stream_since > kStable) connection_.backoff.Reset();
  Disconnect();
  connection_.retry_at = now + connection_.backoff.Next(rng_);
  events_.connection(absl::Status(
      ended->code(), absl::StrCat("control server ", options_.url.ToString(),
                                  ": ", ended->message())));
}

void ControlWorker::OpenStream() {
  const absl::Status status = EnsureChannel(kDialTimeout, true);
  const Instant now = clock_.Now();
  if (absl::IsCancelled(status)) return;  // Somebody is in more of a hurry.
  if (!status.ok()) {
    const auto asked = io::RetryAfter(status);
    connection_.retry_at =
        now + (asked ? connection_.backoff.NextAfter(*asked, rng_)
                     : connection_.backoff.Next(rng_));
    events_.connection(status);
    return;
  }
  connection_.stream_since = now;
  NetmapStream::Events events;
  events.ended = [this] { Wake(); };
  events.update = [this, first = true](const v1::NetmapUpdate& update) mutable {
    if (std::exchange(first, false)) events_.connection(absl::OkStatus());
    return events_.update(update);
  };
  connection_.stream = std::make_unique<NetmapStream>(
      *connection_.channel, *watch_, std::move(events));
  report_.due = report_.latest.has_value();
}

void ControlWorker::SendReport() {
  const Instant now = clock_.Now();
  if (!report_.due || !connection_.stream || now < report_.not_before) return;
  grpc::ClientContext context;
  connection_.channel->Authenticate(context);
  SetTimeout(context, kReportTimeout);
  if (!Begin({[&context] { context.TryCancel(); }, true})) return;
  v1::ReportResponse response;
  const auto stub = v1::Coordination::NewStub(connection_.channel->grpc());
  const grpc::Status status =
      stub->Report(&context, *report_.latest, &response);
  End();
  const Instant sent = clock_.Now();
  report_.paid_until = std::max(report_.paid_until, sent) + kReportInterval;
  report_.not_before = report_.paid_until - kReportBurst * kReportInterval;
  switch (status.error_code()) {
    case grpc::StatusCode::CANCELLED:
      return;  // For a command; due as before.
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
    case grpc::StatusCode::RESOURCE_EXHAUSTED:  // Busy, or its disk is full.
    case grpc::StatusCode::INTERNAL:
      report_.not_before = sent + kReportTimeout;
      return;
    default:
      report_.due = false;  // Taken, or refused for good.
  }
}

Instant ControlWorker::NextDeadline() const {
  Instant next = Instant::Never();
  if (connection_.stream) {
    next = connection_.stream->last_heard() + kMaxSilence;
    if (report_.due) next = std::min(next, report_.not_before);
  } else if (watch_) {
    next = connection_.retry_at;
  }
  return next;
}

void ControlWorker::Wait() {
  const absl::Duration left = NextDeadline() - clock_.Now();
  const absl::Duration wait =
      std::clamp(left, absl::ZeroDuration(), absl::Duration(absl::Hours(1)));
  pollfd ready{wake_.get(), POLLIN, 0};
  // Not a condition variable: those of Abseil follow the wall clock.
  poll(&ready, 1,
       static_cast<int>(
           absl::ToInt64Milliseconds(absl::Ceil(wait, absl::Milliseconds(1)))));
  uint64_t count;
  [[maybe_unused]] const ssize_t n = read(wake_.get(), &count, sizeof count);
}

}  // namespace warren::client
