#include "io/noise_rpc.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/hex.h"

namespace warren::io {
namespace {

constexpr size_t kReadSize = 16 * 1024;
// Reads from one connection before the others of the loop get their turn.
constexpr int kReadsPerTurn = 4;
// Plaintext sealed at a time: four full records.
constexpr size_t kSealSize = 4 * noise::kMaxRecordPlaintext;

bool WouldBlock() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

NoiseRpc::NoiseRpc(NoiseRpcContext& context, uint64_t id, ChannelPeer peer,
                   Fd socket, Wire wire, noise::Transport transport)
    : context_(context),
      id_(id),
      peer_(peer),
      socket_(std::move(socket)),
      wire_(std::move(wire)),
      transport_(std::move(transport)) {}

NoiseRpc::~NoiseRpc() {
  for (const auto& [stream, call] : calls_) call->TellEnded();
}

uint32_t NoiseRpc::Events() const {
  return wire_.ToSocket().empty() ? EPOLLIN : EPOLLIN | EPOLLOUT;
}

void NoiseRpc::OnSocket(uint32_t ready) {
  if (ready & (EPOLLIN | EPOLLERR | EPOLLHUP)) Read();
  Flush();
}

void NoiseRpc::Read() {
  std::array<uint8_t, kReadSize> buffer;
  for (int i = 0; i < kReadsPerTurn && !done_; ++i) {
    const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && WouldBlock()) return;
    if (n <= 0) {
      done_ = true;
      return;
    }
    std::vector<uint8_t> records;
    const absl::Status status =
        wire_.FromSocket(Bytes(buffer).first(static_cast<size_t>(n)), records);
    if (!status.ok() || wire_.peer_closed()) done_ = true;
    FromPeer(records);
    if (static_cast<size_t>(n) < buffer.size()) return;
  }
}

void NoiseRpc::FromPeer(Bytes records) {
  std::vector<uint8_t>& plain = context_.plain;
  plain.clear();
  const absl::Status status = transport_.reader.Read(records, plain);
  if (!plain.empty()) {
    if (session_ == nullptr) session_ = std::make_unique<H2Session>(*this);
    if (!session_->Receive(plain).ok()) done_ = true;
  }
  if (!status.ok()) done_ = true;
}

void NoiseRpc::OnRequest(int32_t stream, H2Request request) {
  const auto token = ParseHex(request.token);
  if (!token.ok() ||
      !crypto::ConstantTimeEqual(*token, transport_.channel_token.Expose())) {
    session_->Finish(stream,
                     absl::UnauthenticatedError(absl::StrCat(
                         "this call does not carry the token of this channel "
                         "in its ",
                         kChannelTokenMetadata, " metadata")));
    return;
  }
  const auto call =
      std::make_shared<RpcCall>(peer_, std::move(request.path),
                                RpcCall::Place{context_.outbox, id_, stream});
  calls_[stream] = call;
  context_.service.OnCall(call, request.message);
}

void NoiseRpc::OnSent(int32_t stream) {
  const auto found = calls_.find(stream);
  if (found != calls_.end()) found->second->TellSent();
}

void NoiseRpc::OnEnded(int32_t stream) {
  const auto found = calls_.find(stream);
  if (found == calls_.end()) return;  // Its token was wrong.
  const auto call = std::move(found->second);
  calls_.erase(found);
  call->TellEnded();
}

void NoiseRpc::Deliver(const RpcOutbox::Item& item) {
  if (session_ == nullptr) return;
  switch (item.kind) {
    case RpcOutbox::Kind::kMessage:
      session_->Send(item.stream, item.message);
      return;
    case RpcOutbox::Kind::kFinish:
      session_->Finish(item.stream, item.status);
      return;
    case RpcOutbox::Kind::kAbort:
      done_ = true;
      return;
    case RpcOutbox::Kind::kWelcome:
      return;  // The frontend's.
  }
}

void NoiseRpc::GoAway() {
  if (session_ != nullptr) session_->GoAway();
}

void NoiseRpc::Seal() {
  while (session_ != nullptr && wire_.ToSocket().size() < kMaxBuffered) {
    context_.plain.clear();
    context_.sealed.clear();
    absl::Status status = session_->Take(kSealSize, context_.plain);
    if (status.ok() && context_.plain.empty()) return;
    if (status.ok()) {
      status = transport_.sealer.Seal(context_.plain, context_.sealed);
    }
    if (status.ok()) status = wire_.Write(context_.sealed);
    if (!status.ok()) {
      done_ = true;
      return;
    }
  }
}

void NoiseRpc::Flush() {
  while (!done_) {
    Seal();
    const Bytes bytes = wire_.ToSocket();
    if (bytes.empty()) break;
    const ssize_t n =
        send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      wire_.Sent(static_cast<size_t>(n));
    } else if (WouldBlock()) {
      return;
    } else {
      done_ = true;
    }
  }
  if (session_ != nullptr && session_->done()) done_ = true;
}

}  // namespace warren::io
