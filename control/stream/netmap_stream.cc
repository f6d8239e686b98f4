#include "control/stream/netmap_stream.h"

#include <utility>

#include "io/grpc_status.h"

namespace warren::control {

NetmapStream::NetmapStream(grpc::CallbackServerContext* call, Hooks hooks)
    : call_(call), hooks_(std::move(hooks)), since_(hooks_.now()) {}

std::shared_ptr<NetmapStream> NetmapStream::Make(
    grpc::CallbackServerContext* call, Hooks hooks) {
  std::shared_ptr<NetmapStream> stream(
      new NetmapStream(call, std::move(hooks)));
  absl::MutexLock lock(&stream->mutex_);
  stream->self_ = stream;
  return stream;
}

bool NetmapStream::Open(const StreamTicket& ticket) {
  absl::MutexLock lock(&mutex_);
  if (finished_ || closing_) return false;
  ticket_ = ticket;
  feed_.emplace(ticket.node);
  return true;
}

StreamTicket NetmapStream::ticket() const {
  absl::MutexLock lock(&mutex_);
  return ticket_.value_or(StreamTicket());
}

bool NetmapStream::BeginWrite() {
  absl::MutexLock lock(&mutex_);
  if (finished_ || closing_) return false;
  if (writing_) {
    again_ = true;
    return false;
  }
  writing_ = true;
  since_ = hooks_.now();
  return true;
}

void NetmapStream::EndWrite() {
  bool again = false;
  std::optional<absl::Status> finish;
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    since_ = hooks_.now();
    again = std::exchange(again_, false);
    if (closing_ && !finished_) {
      finished_ = true;
      finish = closing_;
    }
  }
  if (finish) {
    Finish(io::ToGrpc(*finish));
  } else if (again) {
    hooks_.ready(shared_from_this());
  }
}

void NetmapStream::Send() {
  message_.set_server_time_ms(hooks_.unix_now_ms());
  StartWrite(&message_);
}

void NetmapStream::Pump(std::shared_ptr<const netmap::Snapshot> latest) {
  if (!BeginWrite()) return;
  auto update = feed_->Next(std::move(latest));
  if (update.ok() && update->has_value()) {
    message_ = **std::move(update);
    Send();
    return;
  }
  if (!update.ok()) Close(update.status());
  EndWrite();
}

void NetmapStream::Tend(Instant silent_since, Instant stuck_since) {
  {
    absl::MutexLock lock(&mutex_);
    if (writing_) {
      if (since_ < stuck_since) call_->TryCancel();
      return;
    }
    if (!ticket_ || since_ > silent_since) return;
  }
  if (!BeginWrite()) return;
  message_.Clear();
  message_.mutable_keep_alive();
  Send();
}

void NetmapStream::Close(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (finished_ || closing_) return;
    closing_ = status;
    if (writing_) return;
    finished_ = true;
  }
  Finish(io::ToGrpc(status));
}

void NetmapStream::OnWriteDone(bool ok) {
  message_.Clear();
  if (!ok) Close(absl::CancelledError("the connection is gone"));
  EndWrite();
}

void NetmapStream::OnCancel() {
  Close(absl::CancelledError("the call was cancelled"));
}

void NetmapStream::OnDone() {
  std::shared_ptr<NetmapStream> self;
  std::optional<StreamTicket> ticket;
  {
    absl::MutexLock lock(&mutex_);
    finished_ = true;
    ticket = ticket_;
    self = std::move(self_);
  }
  hooks_.ended(std::move(self), ticket);
}

}  // namespace warren::control
