#include "io/noise_pump.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"

namespace warren::io {
namespace {

// Four full records at a time.
constexpr size_t kReadSize = 4 * noise::kMaxRecordPlaintext;
// Reads from one side before the others of the loop get their turn.
constexpr int kReadsPerTurn = 4;

absl::Status SystemError(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", strerror(errno)));
}

int Bits(bool in, bool out) {
  uint32_t bits = 0;
  if (in) bits |= EPOLLIN;
  if (out) bits |= EPOLLOUT;
  return static_cast<int>(bits);
}

bool WouldBlock() { return errno == EAGAIN || errno == EINTR; }

}  // namespace

NoisePump::NoisePump(Fd socket, Wire wire, noise::Transport transport)
    : wire_(std::move(wire)),
      sealer_(std::move(transport.sealer)),
      reader_(std::move(transport.reader)),
      socket_(std::move(socket)) {}

NoisePump::NoisePump(Fd socket, Wire wire)
    : wire_(std::move(wire)), socket_(std::move(socket)) {}

void NoisePump::SetInner(Fd inner) {
  WARREN_CHECK(!inner_.ok());
  inner_ = std::move(inner);
  FlushInner();
}

absl::Status NoisePump::Unpack(Bytes records) {
  std::vector<uint8_t>& back = to_inner_.Back();
  if (reader_) return reader_->Read(records, back);
  back.insert(back.end(), records.begin(), records.end());
  return absl::OkStatus();
}

void NoisePump::FromPeer(Bytes records) {
  absl::Status status = Unpack(records);
  if (!status.ok()) Finish(std::move(status));
}

int NoisePump::SocketEvents() const {
  const bool may_read = !socket_ended_ && to_inner_.size() < kMaxBuffered;
  const bool must_write = !wire_.ToSocket().empty();
  if (done_) return kNothing;
  return Bits(may_read, must_write);
}

int NoisePump::InnerEvents() const {
  if (done_ || !inner_.ok() || inner_ended_) return kNothing;
  const bool may_read = wire_.ToSocket().size() < kMaxBuffered;
  return Bits(may_read, !to_inner_.empty());
}

void NoisePump::OnSocket(uint32_t ready) {
  if (ready & EPOLLOUT) FlushSocket();
  const bool broken = ready & (EPOLLERR | EPOLLHUP);
  if (!done_ && !socket_ended_ && (ready & EPOLLIN || broken) &&
      to_inner_.size() < kMaxBuffered) {
    ReadSocket();
    FlushInner();
    FlushSocket();  // TLS may have something to answer.
  } else if (broken && !done_) {
    // Nothing will be read of it any more, and epoll would not stop telling.
    Finish(absl::UnavailableError("the connection broke"));
  }
}

void NoisePump::OnInner(uint32_t ready) {
  if (done_ || inner_ended_) return;
  if (ready & EPOLLOUT) FlushInner();
  if (done_ || inner_ended_) return;
  const bool gone = ready & (EPOLLERR | EPOLLHUP);
  if (ready & EPOLLIN || gone) ReadInner(gone);
  FlushSocket();
}

void NoisePump::ReadSocket() {
  std::array<uint8_t, kReadSize> buffer;
  for (int i = 0; i < kReadsPerTurn && to_inner_.size() < kMaxBuffered; ++i) {
    const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0) {
      if (!WouldBlock()) Finish(SystemError("receiving"));
      return;
    }
    if (n == 0) {
      socket_ended_ = true;
      return;
    }
    scratch_.clear();
    absl::Status status =
        wire_.FromSocket(Bytes(buffer).first(static_cast<size_t>(n)), scratch_);
    if (status.ok()) status = Unpack(scratch_);
    if (!status.ok()) {
      Finish(std::move(status));
      return;
    }
    if (wire_.peer_closed()) socket_ended_ = true;
  }
}

// `all`: the inner side is gone, so what it left (no more than the kernel
// holds of a socket pair) is taken even if that is more than kMaxBuffered.
void NoisePump::ReadInner(bool all) {
  std::array<uint8_t, kReadSize> buffer;
  for (int i = 0; all || i < kReadsPerTurn; ++i) {
    if (!all && wire_.ToSocket().size() >= kMaxBuffered) return;
    const ssize_t n = recv(inner_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) {
      inner_ended_ = true;
      wire_.Close();
      return;
    }
    const Bytes plain = Bytes(buffer).first(static_cast<size_t>(n));
    scratch_.clear();
    absl::Status status =
        sealer_ ? sealer_->Seal(plain, scratch_) : absl::OkStatus();
    if (status.ok()) status = wire_.Write(sealer_ ? scratch_ : plain);
    if (!status.ok()) {
      Finish(std::move(status));
      return;
    }
  }
}

void NoisePump::FlushInner() {
  if (done_ || !inner_.ok() || inner_ended_) return;
  while (!to_inner_.empty()) {
    const Bytes bytes = to_inner_.front();
    const ssize_t n =
        send(inner_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      to_inner_.Pop(static_cast<size_t>(n));
    } else if (errno == EINTR) {
      continue;
    } else if (errno == EAGAIN) {
      return;
    } else {  // It has closed: nobody wants these.
      to_inner_.Clear();
      ReadInner(/*all=*/true);
      FlushSocket();
      return;
    }
  }
  if (socket_ended_ && !told_inner_) {
    told_inner_ = true;
    shutdown(inner_.get(), SHUT_WR);
  }
}

void NoisePump::FlushSocket() {
  while (!done_ && !wire_.ToSocket().empty()) {
    const Bytes bytes = wire_.ToSocket();
    const ssize_t n =
        send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      wire_.Sent(static_cast<size_t>(n));
    } else if (WouldBlock()) {
      return;
    } else {
      Finish(SystemError("sending"));
    }
  }
  // Before gRPC has its end there is nobody to answer a peer that is gone.
  const bool unclaimed = socket_ended_ && !inner_.ok() && to_inner_.empty();
  if (inner_ended_ || unclaimed) Finish(absl::OkStatus());
}

void NoisePump::Finish(absl::Status status) {
  if (done_) return;
  done_ = true;
  status_ = std::move(status);
}

}  // namespace warren::io
