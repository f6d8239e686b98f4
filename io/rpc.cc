#include "io/rpc.h"

#include <utility>

namespace warren::io {

void RpcOutbox::Put(Item item) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    items_.push_back(std::move(item));
    if (items_.size() > 1) return;  // Woken already.
    // Under the lock, so that Close() waits for it.
    wake_();
  }
}

std::vector<RpcOutbox::Item> RpcOutbox::Take() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(items_, {});
}

void RpcOutbox::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  items_.clear();
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
