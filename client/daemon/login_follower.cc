#include "client/daemon/login_follower.h"

#include <utility>

namespace warren::client {
namespace {

// Control holds a call for a minute. One that comes back sooner than this is
// not followed by the next at once.
constexpr absl::Duration kSoon = absl::Seconds(5);

// Whether the same question may be answered some time later.
bool IsPassing(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kResourceExhausted:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

}  // namespace

LoginFollower::LoginFollower(io::EventLoop& loop, Rng& rng,
                             ControlOptions options, RegisterParams params,
                             Events events)
    : loop_(loop),
      rng_(rng),
      params_(std::move(params)),
      events_(std::move(events)),
      alive_(std::make_shared<bool>(true)),
      control_(loop, rng, std::move(options),
               {.server_key = [](const crypto::MachineKey&) {},
                .connection = [](const absl::Status&) {},
                .server_time = [](absl::Duration) {},
                .netmap = [](netmap::Netmap) {},
                .diff = [](netmap::NetmapDiff) {}}) {
  Ask();
}

void LoginFollower::Ask() {
  asked_at_ = loop_.Now();
  ask_at_ = Instant::Never();
  control_.Register(params_, [this](const absl::StatusOr<Registration>& in) {
    OnAnswer(in);
  });
}

void LoginFollower::OnDeadline(Instant now) {
  if (now >= ask_at_) Ask();
}

void LoginFollower::OnAnswer(const absl::StatusOr<Registration>& answer) {
  if (!answer.ok() && IsPassing(answer.status())) {
    ask_at_ = loop_.Now() + backoff_.Next(rng_);
    return;
  }
  if (!answer.ok() || answer->auth_url.empty()) {
    return Post([this, answer] { events_.done(answer); });
  }
  const bool soon = loop_.Now() - asked_at_ < kSoon;
  if (!soon) backoff_.Reset();
  ask_at_ = soon ? loop_.Now() + backoff_.Next(rng_) : loop_.Now();
  if (answer->auth_url == params_.follow_url) return;
  params_.follow_url = answer->auth_url;
  Post([this, url = answer->auth_url] { events_.moved(url); });
}

void LoginFollower::Post(std::function<void()> task) {
  loop_.Post([alive = alive_, task = std::move(task)] {
    if (*alive) task();
  });
}

}  // namespace warren::client
