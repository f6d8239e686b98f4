#include "io/noise_connection.h"

#include <errno.h>
#include <grpcpp/server_posix.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>
#include <vector>

#include "io/tcp.h"

namespace warren::io {

NoiseConnection::NoiseConnection(const NoiseConnectionContext& context,
                                 Fd socket, Wire wire)
    : context_(context), socket_(std::move(socket)), wire_(std::move(wire)) {
  SetLongLived(socket_);
  peer_.remote = RemoteEndpoint(socket_);
}

int NoiseConnection::SocketEvents() const {
  if (pump_) return pump_->SocketEvents();
  if (state_ == State::kDone) return NoisePump::kNothing;
  uint32_t bits = 0;
  if (state_ == State::kRequest) bits |= EPOLLIN;
  if (!wire_.ToSocket().empty()) bits |= EPOLLOUT;
  return static_cast<int>(bits);
}

int NoiseConnection::InnerEvents() const {
  return pump_ ? pump_->InnerEvents() : NoisePump::kNothing;
}

void NoiseConnection::OnSocket(uint32_t ready) {
  if (pump_) {
    pump_->OnSocket(ready);
    FollowPump();
    return;
  }
  if (state_ == State::kRequest) {
    ReadRequest();
  } else if (ready & (EPOLLERR | EPOLLHUP)) {
    state_ = State::kDone;
  }
  if (!pump_) Flush();
}

void NoiseConnection::OnInner(uint32_t ready) {
  pump_->OnInner(ready);
  FollowPump();
}

void NoiseConnection::ReadRequest() {
  std::array<uint8_t, 16 * 1024> buffer;
  const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    state_ = State::kDone;
    return;
  }
  std::vector<uint8_t> plain;
  const absl::Status status =
      wire_.FromSocket(Bytes(buffer).first(static_cast<size_t>(n)), plain);
  if (!status.ok()) {
    state_ = State::kAnswering;  // With TLS's alert, if it has one to send.
    return;
  }
  if (!IsForeign(plain)) TakeRequest(begun_);
}

// Fills begun_ with what the head has not had yet.
bool NoiseConnection::IsForeign(Bytes plain) {
  if (ours_) {
    begun_.assign(plain.begin(), plain.end());
    return false;
  }
  begun_.insert(begun_.end(), plain.begin(), plain.end());
  const auto ours = IsChannelRequest(AsText(begun_));
  if (ours == false && context_.has_site) state_ = State::kForeign;
  ours_ = state_ == State::kRequest && ours.has_value();
  return !ours_;
}

Handover NoiseConnection::Release() {
  state_ = State::kDone;
  return {std::move(socket_), std::move(wire_), std::move(begun_),
          peer_.remote};
}

void NoiseConnection::TakeRequest(Bytes plain) {
  const auto complete = head_.Take(plain);
  if (!complete.ok()) {
    Answer(AnswerGarbage(complete.status().message()), {});
    return;
  }
  if (!*complete) return;
  const auto request = head_.Request();
  if (!request.ok()) {
    Answer(AnswerGarbage(request.status().message()), {});
    return;
  }
  Answer(AnswerRequest(*request, context_.key, context_.rng), plain);
}

void NoiseConnection::Answer(ChannelAnswer answer, Bytes rest) {
  answered_ = answer.status;
  if (!wire_.Write(answer.bytes).ok()) {
    state_ = State::kDone;
    return;
  }
  if (!answer.accepted) {
    wire_.Close();
    state_ = State::kAnswering;
    return;
  }
  peer_.machine = answer.accepted->machine;
  noise::Transport& transport = answer.accepted->transport;
  token_.emplace(std::move(transport.channel_token));
  pump_.emplace(std::move(socket_), std::move(wire_), std::move(transport));
  state_ = State::kUnproven;
  pump_->FromPeer(rest);
  pump_->OnSocket(EPOLLOUT);
  FollowPump();
}

void NoiseConnection::Flush() {
  while (!wire_.ToSocket().empty()) {
    const Bytes bytes = wire_.ToSocket();
    const ssize_t n =
        send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      wire_.Sent(static_cast<size_t>(n));
    } else {
      if (errno != EAGAIN && errno != EINTR) state_ = State::kDone;
      return;
    }
  }
  if (state_ == State::kAnswering) state_ = State::kDone;
}

void NoiseConnection::FollowPump() {
  if (state_ == State::kUnproven && !pump_->done() && pump_->HasPlain()) {
    ConnectGrpc();
  }
  if (state_ == State::kChannel && pump_->closing()) state_ = State::kClosing;
  if (pump_->done()) state_ = State::kDone;
}

void NoiseConnection::ConnectGrpc() {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
                 pair) != 0) {
    state_ = State::kDone;  // No descriptors left: the client will try again.
    return;
  }
  Fd ours(pair[0]), grpcs(pair[1]);
  entry_.emplace(context_.registry.Add(*token_, peer_, grpcs.get()));
  token_.reset();
  grpc::AddInsecureChannelFromFd(&context_.server, grpcs.Release());
  pump_->SetInner(std::move(ours));
  state_ = State::kChannel;
}

}  // namespace warren::io
