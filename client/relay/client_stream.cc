#include "client/relay/client_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// One read; as large as the largest TLS record and its overhead, several times.
constexpr size_t kReadSize = 64 * 1024;
// Reads of one stream before others get a turn.
constexpr int kMaxReads = 8;

socklen_t ToSockaddr(const net::Endpoint& endpoint, sockaddr_storage& out) {
  out = {};
  if (endpoint.address().is_v4()) {
    auto& v4 = reinterpret_cast<sockaddr_in&>(out);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port());
    v4.sin_addr.s_addr = htonl(endpoint.address().v4());
    return sizeof v4;
  }
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(endpoint.port());
  std::memcpy(&v6.sin6_addr, endpoint.address().bytes().data(), 16);
  return sizeof v6;
}

void SetOption(int fd, int level, int name, int value) {
  // Each is a matter of speed: a kernel without it serves us too.
  (void)setsockopt(fd, level, name, &value, sizeof value);
}

absl::Status Lost(absl::string_view what) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(errno)));
}

}  // namespace

ClientStream::ClientStream(io::EventLoop& loop, StreamTarget target,
                           StreamCallbacks callbacks)
    : loop_(loop),
      target_(std::move(target)),
      callbacks_(std::move(callbacks)) {
  TryNextAddress("no address to connect to");
}

ClientStream::~ClientStream() {
  if (socket_.ok()) loop_.Unwatch(socket_.get());
}

void ClientStream::TryNextAddress(const std::string& why_not) {
  std::string why = why_not;
  while (next_address_ < target_.endpoints.size()) {
    const net::Endpoint& to = target_.endpoints[next_address_++];
    if (socket_.ok()) loop_.Unwatch(socket_.get());
    sockaddr_storage address;
    const socklen_t size = ToSockaddr(to, address);
    socket_.Reset(socket(address.ss_family,
                         SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket_.ok()) {
      why = absl::StrCat(to.ToString(), ": ", std::strerror(errno));
      continue;
    }
    SetOption(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
    SetOption(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, 15000);
    if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) !=
            0 &&
        errno != EINPROGRESS) {
      why = absl::StrCat(to.ToString(), ": ", std::strerror(errno));
      continue;
    }
    phase_ = Phase::kConnecting;
    address_deadline_ = loop_.Now() + kAddressDeadline;
    const absl::Status watched = loop_.Watch(
        socket_.get(), EPOLLOUT, [this](uint32_t events) { OnReady(events); });
    if (watched.ok()) return;
    why = std::string(watched.message());
  }
  // Posted, because the owner may still be constructing us; the flag says
  // whether we live by then.
  address_deadline_ = loop_.Now();
  phase_ = Phase::kClosed;
  queue_.assign(why.begin(), why.end());
}

void ClientStream::OnTimeout(Instant now) {
  if (now < address_deadline_) return;
  address_deadline_ = Instant::Never();
  if (phase_ == Phase::kClosed) {  // every address failed
    return callbacks_.closed(absl::UnavailableError(AsText(queue_)));
  }
  if (phase_ == Phase::kConnecting) {
    TryNextAddress(absl::StrCat(target_.endpoints[next_address_ - 1].ToString(),
                                " does not answer"));
  }
}

void ClientStream::OnReady(uint32_t events) {
  absl::Status status;
  if (phase_ == Phase::kConnecting) {
    int error = 0;
    socklen_t size = sizeof error;
    (void)getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) {
      return TryNextAddress(
          absl::StrCat(target_.endpoints[next_address_ - 1].ToString(), ": ",
                       std::strerror(error)));
    }
    status = OnConnected();
  } else {
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) status = OnReadable();
    if (status.ok() && phase_ != Phase::kClosed) status = Send();
  }
  if (!status.ok()) Fail(status);
}

absl::Status ClientStream::OnConnected() {
  address_deadline_ = Instant::Never();
  if (!target_.tls) {
    phase_ = Phase::kOpen;
    WARREN_RETURN_IF_ERROR(loop_.SetEvents(socket_.get(), EPOLLIN));
    callbacks_.established();
    return phase_ == Phase::kClosed ? absl::OkStatus() : Send();
  }
  phase_ = Phase::kTls;
  tls_ = io::TlsSession::Connect(target_.tls, target_.tls_name);
  return Send();
}

absl::Status ClientStream::OnReadable() {
  std::array<uint8_t, kReadSize> buffer;
  for (int i = 0; i < kMaxReads; ++i) {
    const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (n < 0) return Lost("connection lost");
    if (n == 0) return absl::UnavailableError("the other end closed");
    WARREN_RETURN_IF_ERROR(
        OnWire(Bytes(buffer.data(), static_cast<size_t>(n))));
    if (phase_ == Phase::kClosed) break;
    if (static_cast<size_t>(n) < buffer.size()) break;
  }
  return absl::OkStatus();
}

absl::Status ClientStream::OnWire(Bytes bytes) {
  if (!tls_) return callbacks_.bytes(bytes);
  WARREN_RETURN_IF_ERROR(tls_->FromWire(bytes));
  if (phase_ == Phase::kTls && tls_->established()) {
    phase_ = Phase::kOpen;
    callbacks_.established();
    if (phase_ == Phase::kClosed) return absl::OkStatus();
  }
  std::array<uint8_t, 16 * 1024> plain;
  while (true) {
    WARREN_ASSIGN_OR_RETURN(const size_t n, tls_->ReadPlain(plain));
    if (n == 0) break;
    WARREN_RETURN_IF_ERROR(callbacks_.bytes(Bytes(plain).first(n)));
    if (phase_ == Phase::kClosed) return absl::OkStatus();
  }
  if (tls_->closed()) return absl::UnavailableError("the other end closed");
  return absl::OkStatus();
}

void ClientStream::Write(Bytes bytes) {
  if (phase_ != Phase::kOpen) return;
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
}

size_t ClientStream::backlog() const {
  return queue_.size() - queue_sent_ + (tls_ ? tls_->ToWire().size() : 0);
}

void ClientStream::Flush() {
  if (phase_ != Phase::kOpen || backlog() == 0) return;
  const absl::Status sent = Send();
  if (!sent.ok()) Fail(sent);
}

absl::Status ClientStream::Send() {
  if (tls_ && phase_ == Phase::kOpen && !queue_.empty()) {
    WARREN_RETURN_IF_ERROR(tls_->WritePlain(queue_));
    queue_.clear();
  }
  while (true) {
    const Bytes out =
        tls_ ? tls_->ToWire() : Bytes(queue_).subspan(queue_sent_);
    if (out.empty()) break;
    const ssize_t n = send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && errno == EAGAIN) {
      return loop_.SetEvents(socket_.get(), EPOLLIN | EPOLLOUT);
    }
    if (n < 0) return Lost("connection lost");
    if (tls_) {
      tls_->Sent(static_cast<size_t>(n));
    } else {
      queue_sent_ += static_cast<size_t>(n);
    }
  }
  queue_.clear();
  queue_sent_ = 0;
  return loop_.SetEvents(socket_.get(), EPOLLIN);
}

void ClientStream::Fail(absl::Status why) {
  if (phase_ == Phase::kClosed) return;
  phase_ = Phase::kClosed;
  address_deadline_ = Instant::Never();
  loop_.Unwatch(socket_.get());
  socket_.Reset();
  callbacks_.closed(std::move(why));
}

}  // namespace warren::client
