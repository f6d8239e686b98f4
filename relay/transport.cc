#include "relay/transport.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/base/status_macros.h"

namespace warren::relay {
namespace {

absl::Status Broken(absl::string_view call) {
  return absl::InternalError(absl::StrCat(call, ": ", std::strerror(errno)));
}

bool WouldBlock() { return errno == EAGAIN || errno == EWOULDBLOCK; }

// As recv(), but 0 when there is nothing now.
absl::StatusOr<size_t> Receive(int fd, MutableBytes to) {
  while (true) {
    const ssize_t n = recv(fd, to.data(), to.size(), 0);
    if (n > 0) return static_cast<size_t>(n);
    if (n == 0) return absl::UnavailableError("the peer closed");
    if (WouldBlock()) return 0;
    if (errno != EINTR) return Broken("recv");
  }
}

}  // namespace

Transport::Transport(io::Fd fd, std::shared_ptr<const io::TlsContext> tls)
    : fd_(std::move(fd)) {
  if (tls) tls_ = io::TlsSession::Accept(std::move(tls));
}

absl::StatusOr<size_t> Transport::ReadTransport(MutableBytes wire,
                                                MutableBytes plain) {
  WARREN_CHECK(plain.size() >= wire.size() + kMaxHeld);
  if (!tls_) return Receive(fd_.get(), plain.first(wire.size()));
  WARREN_ASSIGN_OR_RETURN(const size_t n, Receive(fd_.get(), wire));
  if (n == 0) return 0;
  WARREN_RETURN_IF_ERROR(tls_->FromWire(wire.first(n)));
  auto got = tls_->ReadPlain(plain);
  if (got.ok() && *got == 0 && tls_->closed()) {
    return absl::UnavailableError("the peer closed");
  }
  return got;
}

absl::Status Transport::WriteTransport(Bytes plain) {
  if (tls_) return tls_->WritePlain(plain);
  out_.insert(out_.end(), plain.begin(), plain.end());
  return absl::OkStatus();
}

absl::StatusOr<size_t> Transport::Read(MutableBytes wire, MutableBytes plain) {
  WARREN_ASSIGN_OR_RETURN(const size_t n, ReadTransport(wire, plain));
  return websocket_ ? Unwrap(plain.first(n)) : n;
}

absl::Status Transport::Write(Bytes plain) {
  if (!websocket_) return WriteTransport(plain);
  return WriteTransport(WebSocketFrames(plain));
}

absl::StatusOr<size_t> Transport::Unwrap(MutableBytes bytes) {
  std::vector<uint8_t> reply;
  WARREN_ASSIGN_OR_RETURN(const size_t n, websocket_->Decode(bytes, reply));
  // A client that does not read its pongs gets none.
  if (!reply.empty() && pending() == 0) {
    WARREN_RETURN_IF_ERROR(WriteTransport(reply));
    WARREN_RETURN_IF_ERROR(Flush().status());
  }
  return n;
}

absl::StatusOr<std::vector<uint8_t>> Transport::StartWebSocket(Bytes rest) {
  websocket_.emplace();
  std::vector<uint8_t> bytes(rest.begin(), rest.end());
  WARREN_ASSIGN_OR_RETURN(const size_t n, Unwrap(bytes));
  bytes.resize(n);
  return bytes;
}

size_t Transport::pending() const {
  return tls_ ? tls_->ToWire().size() : out_.size() - out_at_;
}

size_t Transport::unacknowledged() const {
  int bytes = 0;
  if (ioctl(fd_.get(), SIOCOUTQ, &bytes) != 0) return 0;
  return static_cast<size_t>(bytes);
}

absl::StatusOr<size_t> Transport::Flush() {
  size_t total = 0;
  while (pending() > 0) {
    const Bytes rest = tls_ ? tls_->ToWire() : Bytes(out_).subspan(out_at_);
    const ssize_t n = send(fd_.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && WouldBlock()) return total;
    if (n < 0) return Broken("send");
    total += static_cast<size_t>(n);
    if (tls_) {
      tls_->Sent(static_cast<size_t>(n));
      continue;
    }
    out_at_ += static_cast<size_t>(n);
    if (out_at_ == out_.size()) {
      out_ = {};  // An idle connection holds nothing.
      out_at_ = 0;
    }
  }
  return total;
}

void Transport::FinishWriting() {
  if (tls_) tls_->Close();
  (void)Flush();
  shutdown(fd_.get(), SHUT_WR);
}

}  // namespace warren::relay
