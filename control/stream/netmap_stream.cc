#include "control/stream/netmap_stream.h"

#include <algorithm>
#include <utility>

namespace warren::control {

NetmapStream::NetmapStream(std::shared_ptr<io::RpcCall> call,
                           std::shared_ptr<const Hooks> hooks)
    : call_(std::move(call)), hooks_(std::move(hooks)), since_(hooks_->now()) {}

std::shared_ptr<NetmapStream> NetmapStream::Make(
    std::shared_ptr<io::RpcCall> call, std::shared_ptr<const Hooks> hooks) {
  std::shared_ptr<NetmapStream> stream(
      new NetmapStream(call, std::move(hooks)));
  // The call keeps the stream until it ends, when it drops its events.
  call->Listen({.sent = [stream] { stream->EndWrite(/*sent=*/true); },
                .ended = [stream] { stream->OnEnded(); }});
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

bool NetmapStream::BeginWrite(bool news) {
  absl::MutexLock lock(&mutex_);
  if (finished_ || closing_) return false;
  if (writing_) {
    again_ = again_ || news;
    return false;
  }
  writing_ = true;
  sending_since_ = Instant::Never();
  if (news) {
    again_ = false;
    std::swap(sending_since_, owed_since_);
  }
  since_ = hooks_->now();
  return true;
}

void NetmapStream::Owe(Instant since) {
  absl::MutexLock lock(&mutex_);
  owed_since_ = std::min(owed_since_, since);
}

void NetmapStream::EndWrite(bool sent) {
  bool again = false;
  std::optional<absl::Status> finish;
  std::optional<absl::Duration> took;
  {
    absl::MutexLock lock(&mutex_);
    writing_ = false;
    since_ = hooks_->now();
    if (sent && !sending_since_.IsNever()) took = since_ - sending_since_;
    again = again_;
    if (closing_ && !finished_) {
      finished_ = true;
      finish = closing_;
    }
  }
  if (took && hooks_->pushed) hooks_->pushed(*took);
  if (finish) {
    call_->Finish(*finish);
  } else if (again) {
    hooks_->ready(shared_from_this());
  }
}

std::optional<NetmapStream::Outgoing> NetmapStream::Prepare(
    std::shared_ptr<const netmap::Snapshot> latest) {
  if (!BeginWrite(/*news=*/true)) return std::nullopt;
  auto news = feed_->Next(std::move(latest));
  if (news.ok() && news->has_value()) {
    return Outgoing{(*news)->update.SerializeAsString(), (*news)->bearing,
                    std::move((*news)->before)};
  }
  if (!news.ok()) Close(news.status());
  EndWrite(/*sent=*/false);
  return std::nullopt;
}

void NetmapStream::Send(const Outgoing& message) {
  // Messages that follow each other are one: the time of sending comes last.
  v1::NetmapUpdate time;
  time.set_server_time_ms(hooks_->unix_now_ms());
  call_->AwaitRoom();
  call_->Send(message.bytes + time.SerializeAsString());
}

void NetmapStream::TakeBack(Outgoing message) {
  feed_->TakeBack(std::move(message.before));
  {
    absl::MutexLock lock(&mutex_);
    owed_since_ = std::min(owed_since_, sending_since_);
  }
  EndWrite(/*sent=*/false);
}

void NetmapStream::Pump(std::shared_ptr<const netmap::Snapshot> latest) {
  const auto message = Prepare(std::move(latest));
  if (message) Send(*message);
}

void NetmapStream::SkipTo(std::shared_ptr<const netmap::Snapshot> latest) {
  {
    absl::MutexLock lock(&mutex_);
    if (finished_ || closing_ || writing_ || again_) return;
  }
  feed_->SkipTo(std::move(latest));
}

void NetmapStream::Tend(Instant silent_since, Instant stuck_since) {
  bool stuck = false;
  {
    absl::MutexLock lock(&mutex_);
    stuck = (writing_ || closing_) && since_ < stuck_since;
    if (!stuck && (writing_ || !ticket_ || since_ > silent_since)) return;
  }
  if (stuck) {
    call_->Abort();
    return;
  }
  if (!BeginWrite(/*news=*/false)) return;
  v1::NetmapUpdate message;
  message.mutable_keep_alive();
  Send({message.SerializeAsString(), {}, {}});
}

void NetmapStream::Close(const absl::Status& status) {
  {
    absl::MutexLock lock(&mutex_);
    if (finished_ || closing_) return;
    closing_ = status;
    if (writing_) return;
    finished_ = true;
  }
  call_->Finish(status);
}

void NetmapStream::OnEnded() {
  std::optional<StreamTicket> ticket;
  {
    absl::MutexLock lock(&mutex_);
    finished_ = true;
    ticket = ticket_;
  }
  hooks_->ended(shared_from_this(), ticket);
}

}  // namespace warren::control
