#include "client/relay/client_stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// One read; as large as the largest TLS record and its overhead, several times.
constexpr size_t kReadSize = 64 * 1024;
// Reads of one stream before others get a turn.
constexpr int kMaxReads = 8;
// Queued bytes that are not left to Flush(): a few full TLS records.
constexpr size_t kFlushSize = 64 * 1024;
// Sent bytes at the front of a queue that are worth moving the rest.
constexpr size_t kMaxSentPrefix = 64 * 1024;

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

net::IpAddress AddressFrom(const sockaddr_storage& from) {
  if (from.ss_family == AF_INET) {
    return net::IpAddress::V4(
        ntohl(reinterpret_cast<const sockaddr_in&>(from).sin_addr.s_addr));
  }
  return net::IpAddress::V6(std::span<const uint8_t, 16>(
      reinterpret_cast<const sockaddr_in6&>(from).sin6_addr.s6_addr));
}

std::optional<net::IpAddress> LocalAddress(int fd) {
  sockaddr_storage local{};
  socklen_t size = sizeof local;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&local), &size) != 0) {
    return std::nullopt;
  }
  return AddressFrom(local);
}

void SetOption(int fd, int level, int name, int value) {
  // Each is a matter of speed: a kernel without it serves us too.
  (void)setsockopt(fd, level, name, &value, sizeof value);
}

absl::Status SystemError(absl::string_view what, int error) {
  return absl::UnavailableError(absl::StrCat(what, ": ", std::strerror(error)));
}

}  // namespace

ClientStream::ClientStream(io::EventLoop& loop, StreamTarget target,
                           StreamCallbacks callbacks)
    : loop_(loop),
      target_(std::move(target)),
      callbacks_(std::move(callbacks)) {
  TryNextAddress(absl::UnavailableError("no address to connect to"));
}

ClientStream::~ClientStream() { CloseSocket(); }

void ClientStream::CloseSocket() {
  if (!socket_.ok()) return;
  loop_.Unwatch(socket_.get());
  socket_.Reset();
}

void ClientStream::TryNextAddress(absl::Status why_not) {
  while (next_address_ < target_.endpoints.size()) {
    CloseSocket();
    const net::Endpoint& to = target_.endpoints[next_address_++];
    why_not = StartConnecting(to);
    if (!why_not.ok()) continue;
    const bool is_last = next_address_ == target_.endpoints.size();
    deadline_ =
        loop_.Now() + (is_last ? kLastAddressDeadline : kAddressDeadline);
    return;
  }
  Fail(std::move(why_not));
}

absl::Status ClientStream::StartConnecting(const net::Endpoint& to) {
  sockaddr_storage address;
  const socklen_t size = ToSockaddr(to, address);
  socket_.Reset(
      socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket_.ok()) return SystemError(to.ToString(), errno);
  SetOption(socket_.get(), IPPROTO_TCP, TCP_NODELAY, 1);
  SetOption(socket_.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, 15000);
  if (connect(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) !=
          0 &&
      errno != EINPROGRESS) {
    return SystemError(to.ToString(), errno);
  }
  return loop_.Watch(socket_.get(), EPOLLOUT,
                     [this](uint32_t events) { OnReady(events); });
}

void ClientStream::OnTimeout(Instant now) {
  if (now < deadline_) return;
  deadline_ = Instant::Never();
  if (phase_ == Phase::kFailed) {
    phase_ = Phase::kClosed;
    // Copies, because the owner may destroy this object.
    const auto closed = callbacks_.closed;
    return closed(absl::Status(why_));
  }
  if (phase_ == Phase::kConnecting) {
    TryNextAddress(absl::UnavailableError(
        absl::StrCat(target_.endpoints[next_address_ - 1].ToString(),
                     ": no answer to the connection attempt")));
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
          SystemError(target_.endpoints[next_address_ - 1].ToString(), error));
    }
    status = OnConnected();
  } else {
    if (events & EPOLLOUT) blocked_ = false;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) status = OnReadable();
    if (status.ok() && !blocked_) status = Send();
  }
  if (!status.ok()) Fail(std::move(status));
}

absl::Status ClientStream::OnConnected() {
  deadline_ = Instant::Never();
  if (target_.tls) {
    phase_ = Phase::kTls;
    tls_ = io::TlsSession::Connect(target_.tls, target_.tls_name);
  } else {
    phase_ = Phase::kOpen;
    callbacks_.established();
  }
  return Send();
}

absl::Status ClientStream::OnReadable() {
  std::array<uint8_t, kReadSize> buffer;
  for (int i = 0; i < kMaxReads && socket_.ok(); ++i) {
    const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) break;
    if (n < 0) return SystemError("connection lost", errno);
    if (n == 0) return absl::UnavailableError("the other end closed");
    WARREN_RETURN_IF_ERROR(
        OnWire(Bytes(buffer.data(), static_cast<size_t>(n))));
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
  }
  std::array<uint8_t, 16 * 1024> plain;
  while (phase_ == Phase::kOpen) {
    WARREN_ASSIGN_OR_RETURN(const size_t n, tls_->ReadPlain(plain));
    if (n == 0) break;
    WARREN_RETURN_IF_ERROR(callbacks_.bytes(Bytes(plain).first(n)));
  }
  if (tls_->closed()) return absl::UnavailableError("the other end closed");
  return absl::OkStatus();
}

void ClientStream::Write(Bytes bytes) {
  if (!open()) return;
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
  if (queue_.size() >= kFlushSize) Flush();
}

size_t ClientStream::backlog() const {
  return queue_.size() - queue_sent_ + (tls_ ? tls_->ToWire().size() : 0);
}

std::optional<ClientStream::Ends> ClientStream::ends() const {
  if (!socket_.ok() || next_address_ == 0) return std::nullopt;
  const auto local = LocalAddress(socket_.get());
  if (!local) return std::nullopt;
  return Ends{.local = *local, .remote = target_.endpoints[next_address_ - 1]};
}

void ClientStream::Flush() {
  if (!open() || blocked_ || backlog() == 0) return;
  absl::Status sent = Send();
  if (!sent.ok()) Fail(std::move(sent));
}

absl::Status ClientStream::Send() {
  if (!socket_.ok()) return absl::OkStatus();
  if (tls_ && open() && !queue_.empty()) {
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
      blocked_ = true;
      if (queue_sent_ > kMaxSentPrefix) {
        queue_.erase(queue_.begin(),
                     queue_.begin() + static_cast<ptrdiff_t>(queue_sent_));
        queue_sent_ = 0;
      }
      return loop_.SetEvents(socket_.get(), EPOLLIN | EPOLLOUT);
    }
    if (n < 0) return SystemError("connection lost", errno);
    if (tls_) {
      tls_->Sent(static_cast<size_t>(n));
    } else {
      queue_sent_ += static_cast<size_t>(n);
    }
  }
  if (!tls_) {
    queue_.clear();
    queue_sent_ = 0;
  }
  return loop_.SetEvents(socket_.get(), EPOLLIN);
}

void ClientStream::Fail(absl::Status why) {
  if (phase_ == Phase::kFailed || phase_ == Phase::kClosed) return;
  if (tls_ && socket_.ok()) {  // an alert, if it fits
    const Bytes out = tls_->ToWire();
    (void)send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
  }
  CloseSocket();
  phase_ = Phase::kFailed;
  why_ = std::move(why);
  deadline_ = Instant::LongAgo();
}

std::optional<net::IpAddress> SourceFor(const net::Endpoint& remote) {
  sockaddr_storage address;
  const socklen_t size = ToSockaddr(remote, address);
  const io::Fd fd(socket(address.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  // Sends nothing: it only chooses the route.
  if (!fd.ok() ||
      connect(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) {
    return std::nullopt;
  }
  return LocalAddress(fd.get());
}

}  // namespace warren::client
