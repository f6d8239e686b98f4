#include "io/noise_connection.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "io/tcp.h"

namespace warren::io {
namespace {

// With which a request in clear begins.
constexpr std::array<absl::string_view, 8> kMethods = {
    "GET ",    "HEAD ",  "POST ",    "PUT ",
    "DELETE ", "PATCH ", "OPTIONS ", "PRI * HTTP/2"};

}  // namespace

NoiseConnection::NoiseConnection(NoiseConnectionContext& context, uint64_t id,
                                 Fd socket, Wire wire)
    : context_(context), id_(id), first_(std::make_unique<FirstPart>()) {
  SetLongLived(socket);
  first_->remote = RemoteEndpoint(socket);
  first_->socket = std::move(socket);
  first_->wire = std::move(wire);
}

uint32_t NoiseConnection::Events() const {
  if (rpc_) return rpc_->Events();
  uint32_t bits = 0;
  if (state_ == State::kRequest) bits |= EPOLLIN;
  if (first_ && !first_->wire.ToSocket().empty()) bits |= EPOLLOUT;
  return bits;
}

void NoiseConnection::OnSocket(uint32_t ready) {
  if (rpc_) {
    rpc_->OnSocket(ready);
    Follow();
    return;
  }
  if (state_ == State::kRequest) {
    ReadRequest();
  } else if (ready & (EPOLLERR | EPOLLHUP)) {
    state_ = State::kDone;
  }
  if (state_ != State::kForeign) Flush();
}

void NoiseConnection::ReadRequest() {
  std::array<uint8_t, 16 * 1024> buffer;
  const ssize_t n = recv(first_->socket.get(), buffer.data(), buffer.size(), 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    state_ = State::kDone;
    return;
  }
  std::vector<uint8_t> plain;
  const absl::Status status = first_->wire.FromSocket(
      Bytes(buffer).first(static_cast<size_t>(n)), plain);
  const bool is_first = !std::exchange(first_->heard, true);
  if (!status.ok()) {
    const Bytes read = Bytes(buffer).first(static_cast<size_t>(n));
    if (is_first && AnswerInClear(read)) return;
    state_ = State::kAnswering;  // With TLS's alert, if it has one to send.
    return;
  }
  if (!IsForeign(plain)) TakeRequest(first_->begun);
}

bool NoiseConnection::AnswerInClear(Bytes bytes) {
  if (first_->wire.ready()) return false;
  const absl::string_view text = AsText(bytes);
  const bool is_http =
      absl::c_any_of(kMethods, [text](absl::string_view method) {
        return absl::StartsWith(text, method);
      });
  if (!is_http) return false;
  first_->wire = Wire();
  Answer(AnswerGarbage(
      "this port speaks TLS: use https://, and revoke a key that was sent "
      "without it"));
  return true;
}

// Fills `begun` with what the head has not had yet.
bool NoiseConnection::IsForeign(Bytes plain) {
  if (first_->ours) {
    first_->begun.assign(plain.begin(), plain.end());
    return false;
  }
  first_->begun.insert(first_->begun.end(), plain.begin(), plain.end());
  const auto ours = IsChannelRequest(AsText(first_->begun));
  if (ours == false && context_.has_site) state_ = State::kForeign;
  first_->ours = state_ == State::kRequest && ours.has_value();
  return !first_->ours;
}

Handover NoiseConnection::Release() {
  state_ = State::kDone;
  return {std::move(first_->socket), std::move(first_->wire),
          std::move(first_->begun), first_->remote};
}

void NoiseConnection::TakeRequest(Bytes plain) {
  const auto complete = first_->head.Take(plain);
  if (!complete.ok()) {
    Answer(AnswerGarbage(complete.status().message()));
    return;
  }
  if (!*complete) return;
  auto request = first_->head.Request();
  if (!request.ok()) {
    Answer(AnswerGarbage(request.status().message()));
    return;
  }
  if (request->path() != kChannelTarget) {
    Answer(AnswerRequest(*request, context_.key, context_.rng));
    return;
  }
  first_->request = *std::move(request);
  first_->begun = std::vector<uint8_t>(plain.begin(), plain.end());
  state_ = State::kAsking;
}

void NoiseConnection::Admit() {
  Answer(AnswerRequest(*first_->request, context_.key, context_.rng));
  if (!rpc_) Flush();
}

void NoiseConnection::Refuse(int retry_after_seconds) {
  Answer(AnswerBusy(retry_after_seconds));
  Flush();
}

void NoiseConnection::Answer(ChannelAnswer answer) {
  answered_ = answer.status;
  if (!first_->wire.Write(answer.bytes).ok()) {
    state_ = State::kDone;
    return;
  }
  if (!answer.accepted) {
    first_->wire.Close();
    state_ = State::kAnswering;
    return;
  }
  const auto first = std::move(first_);
  rpc_ = std::make_unique<NoiseRpc>(
      context_.rpc, id_, ChannelPeer{answer.accepted->machine, first->remote},
      std::move(first->socket), std::move(first->wire),
      std::move(answer.accepted->transport));
  state_ = State::kUnproven;
  rpc_->FromPeer(first->begun);
  rpc_->Flush();
  Follow();
}

void NoiseConnection::Flush() {
  while (first_ && !first_->wire.ToSocket().empty()) {
    const Bytes bytes = first_->wire.ToSocket();
    const ssize_t n =
        send(first_->socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      first_->wire.Sent(static_cast<size_t>(n));
    } else {
      if (errno != EAGAIN && errno != EINTR) state_ = State::kDone;
      return;
    }
  }
  if (state_ == State::kAnswering) state_ = State::kDone;
}

void NoiseConnection::Follow() {
  if (state_ == State::kUnproven && rpc_->proven()) state_ = State::kChannel;
  if (rpc_->done()) state_ = State::kDone;
}

}  // namespace warren::io
