#include "io/rpc.h"

#include <utility>

namespace warren::io {

void RpcOutbox::Put(Item item) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    waiting_ += item.message.size();
    items_.push_back(std::move(item));
    if (items_.size() > 1) return;  // Woken already.
    // Under the lock, so that Close() waits for it.
    wake_();
  }
}

void RpcOutbox::AwaitRoom() {
  absl::MutexLock lock(&mutex_);
  const auto room = [this]() ABSL_NO_THREAD_SAFETY_ANALYSIS {
    return closed_ || waiting_ < kMaxWaiting;
  };
  mutex_.Await(absl::Condition(&room));
}

std::vector<RpcOutbox::Item> RpcOutbox::Take(size_t most) {
  std::vector<Item> taken;
  absl::MutexLock lock(&mutex_);
  while (!items_.empty() && taken.size() < most) {
    waiting_ -= items_.front().message.size();
    taken.push_back(std::move(items_.front()));
    items_.pop_front();
  }
  if (!items_.empty()) wake_();
  return taken;
}

void RpcOutbox::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  items_.clear();
  waiting_ = 0;
}

void RpcCall::Put(RpcOutbox::Kind kind, std::string message,
                  const absl::Status& status) const {
  place_.outbox->Put(
      {kind, place_.connection, place_.stream, std::move(message), status});
}

void RpcCall::Send(std::string message) {
  Put(RpcOutbox::Kind::kMessage, std::move(message), absl::OkStatus());
}

void RpcCall::Finish(const absl::Status& status) {
  Put(RpcOutbox::Kind::kFinish, "", status);
}

void RpcCall::Welcome() {
  Put(RpcOutbox::Kind::kWelcome, "", absl::OkStatus());
}

void RpcCall::Abort() { Put(RpcOutbox::Kind::kAbort, "", absl::OkStatus()); }

void RpcCall::TellEnded() {
  // What it holds, such as the call itself, goes with it.
  const Events events = std::exchange(events_, Events());
  if (events.ended) events.ended();
}

}  // namespace warren::io
