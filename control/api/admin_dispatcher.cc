#include "control/api/admin_dispatcher.h"

#include <utility>

namespace warren::control {

AdminDispatcher::AdminDispatcher(Coordinator& coordinator,
                                 const AdminCalls& calls,
                                 Doorkeeper& doorkeeper)
    : coordinator_(coordinator), calls_(calls), doorkeeper_(doorkeeper) {
  thread_ = std::thread([this] { RunSlow(); });
}

AdminDispatcher::~AdminDispatcher() {
  std::deque<Slow> left;
  {
    absl::MutexLock lock(&mutex_);
    stopping_ = true;
    left.swap(slow_);
  }
  for (Slow& slow : left) {
    slow.done(absl::UnavailableError("the server is stopping"));
  }
  thread_.join();
}

void AdminDispatcher::Call(const AdminMethod& method, Credential credential,
                           const google::protobuf::Message& request,
                           google::protobuf::Message& response, Done done) {
  struct Outcome {
    absl::Status status;
    AdminCalls::Later later;
  };
  const auto outcome = std::make_shared<Outcome>();
  const absl::Status posted = coordinator_.Post(
      [this, outcome, &method, &request, &response,
       credential = std::move(credential)](Directory& directory,
                                           int64_t now_ms) {
        const auto caller = doorkeeper_.CallerOf(directory, credential, now_ms);
        if (!caller.ok()) {
          outcome->status = caller.status();
          return;
        }
        outcome->status = calls_.Run(directory, *caller, now_ms, method,
                                     request, response, outcome->later);
        if (absl::IsPermissionDenied(outcome->status)) {
          doorkeeper_.OnRefused(directory, *caller, method.name, now_ms);
        }
      },
      [this, outcome, done](const absl::Status& durable) {
        if (!outcome->status.ok()) return done(outcome->status);
        if (!durable.ok()) return done(durable);
        if (!outcome->later) return done(absl::OkStatus());
        Enqueue({std::move(outcome->later), done});
      });
  if (!posted.ok()) done(posted);
}

void AdminDispatcher::Enqueue(Slow slow) {
  absl::Status refusal;
  {
    absl::MutexLock lock(&mutex_);
    if (stopping_) {
      refusal = absl::UnavailableError("the server is stopping");
    } else if (slow_.size() >= kMaxSlow) {
      refusal = absl::ResourceExhaustedError(
          "too many slow calls wait already: try again later");
    } else {
      slow_.push_back(std::move(slow));
      return;
    }
  }
  slow.done(refusal);
}

void AdminDispatcher::RunSlow() {
  while (true) {
    Slow slow;
    {
      absl::MutexLock lock(&mutex_);
      mutex_.Await(absl::Condition(this, &AdminDispatcher::HasSlow));
      if (stopping_) return;
      slow = std::move(slow_.front());
      slow_.pop_front();
    }
    slow.done(slow.work());
  }
}

}  // namespace warren::control
