#include "io/dial_wire.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "io/clock.h"
#include "io/resolve.h"
#include "io/tcp.h"

namespace warren::io {
namespace {

// For one of several addresses, so that a dead one leaves time for the rest.
constexpr absl::Duration kConnectTimeout = absl::Seconds(3);

}  // namespace

absl::Status DialWire::Unavailable(absl::string_view what) const {
  return absl::UnavailableError(
      absl::StrCat(who_, " ", url_.ToString(), ": ", what));
}

absl::StatusOr<DialWire> DialWire::Connect(
    const ControlUrl& url, std::shared_ptr<const TlsContext> tls,
    Instant deadline, const Cancel& cancel) {
  WARREN_ASSIGN_OR_RETURN(const auto addresses,
                          Resolve(url.host, deadline - Clock().Now(), cancel));
  DialTarget target;
  target.url = url;
  target.tls = std::move(tls);
  return Connect(target, addresses, deadline, cancel);
}

absl::StatusOr<DialWire> DialWire::Connect(
    const DialTarget& target, const std::vector<net::IpAddress>& addresses,
    Instant deadline, const Cancel& cancel) {
  if (target.url.https && target.tls == nullptr) {
    return absl::InvalidArgumentError("https needs TLS settings");
  }
  const Clock clock;
  DialWire wire(target, deadline, cancel);
  absl::Status status;
  for (size_t i = 0; i < addresses.size(); ++i) {
    const bool last = i + 1 == addresses.size();
    const Instant until =
        last ? deadline : std::min(deadline, clock.Now() + kConnectTimeout);
    status = wire.ConnectTo(addresses[i], until);
    if (status.ok() || absl::IsCancelled(status)) break;
  }
  WARREN_RETURN_IF_ERROR(status);
  SetLongLived(wire.socket_);
  if (target.url.https) WARREN_RETURN_IF_ERROR(wire.StartTls(target.tls));
  return wire;
}

absl::Status DialWire::StartTls(std::shared_ptr<const TlsContext> tls) {
  wire_ = Wire(TlsSession::Connect(std::move(tls), url_.host));
  WARREN_RETURN_IF_ERROR(Flush());
  while (!wire_.ready()) {
    WARREN_ASSIGN_OR_RETURN(const bool more, Receive());
    if (!more) return Unavailable("closed during the TLS handshake");
    WARREN_RETURN_IF_ERROR(Flush());
  }
  return absl::OkStatus();
}

absl::Status DialWire::ConnectTo(const net::IpAddress& address, Instant until) {
  const net::Endpoint to(address, url_.port);
  auto socket = StartConnectTcp(to);
  if (!socket.ok()) return Unavailable(socket.status().message());
  socket_ = *std::move(socket);
  WARREN_RETURN_IF_ERROR(WaitFor(POLLOUT, until));
  const absl::Status result = ConnectResult(socket_, to);
  return result.ok() ? result : Unavailable(result.message());
}

absl::Status DialWire::WaitFor(uint32_t events, Instant until) {
  pollfd ready[2] = {{socket_.get(), static_cast<short>(events), 0},
                     {cancel_->fd(), POLLIN, 0}};
  while (true) {
    const absl::Duration left = until - Clock().Now();
    if (left <= absl::ZeroDuration()) return Unavailable("no answer in time");
    const auto wait = absl::ToInt64Milliseconds(
        absl::Ceil(std::min(left, absl::Hours(1)), absl::Milliseconds(1)));
    const int n = poll(ready, 2, static_cast<int>(wait));
    if (ready[1].revents != 0) return absl::CancelledError("interrupted");
    if (n > 0) return absl::OkStatus();
  }
}

absl::Status DialWire::Flush() {
  while (!wire_.ToSocket().empty()) {
    WARREN_RETURN_IF_ERROR(WaitFor(POLLOUT, deadline_));
    const Bytes bytes = wire_.ToSocket();
    const ssize_t n =
        send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      wire_.Sent(static_cast<size_t>(n));
    } else if (errno != EAGAIN && errno != EINTR) {
      return Unavailable(absl::StrCat("sending: ", strerror(errno)));
    }
  }
  return absl::OkStatus();
}

absl::Status DialWire::Send(absl::string_view text) {
  WARREN_RETURN_IF_ERROR(wire_.Write(AsBytes(text)));
  return Flush();
}

absl::StatusOr<bool> DialWire::Receive() {
  std::array<uint8_t, 16 * 1024> buffer;
  while (true) {
    WARREN_RETURN_IF_ERROR(WaitFor(POLLIN, deadline_));
    const ssize_t n = recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (n == 0) return false;
    if (n > 0) {
      const absl::Status status = wire_.FromSocket(
          Bytes(buffer).first(static_cast<size_t>(n)), received_);
      if (!status.ok()) return Unavailable(status.message());
      return !wire_.peer_closed() || !received_.empty();
    }
    if (errno != EAGAIN && errno != EINTR) {
      return Unavailable(absl::StrCat("receiving: ", strerror(errno)));
    }
  }
}

absl::StatusOr<HttpResponse> DialWire::ReadHead() {
  HttpHeadReader reader;
  while (true) {
    Bytes stream(received_);
    const auto complete = reader.Take(stream);
    if (!complete.ok()) return Unavailable(complete.status().message());
    received_.erase(
        received_.begin(),
        received_.end() - static_cast<std::ptrdiff_t>(stream.size()));
    if (*complete) break;
    WARREN_ASSIGN_OR_RETURN(const bool more, Receive());
    if (!more) return Unavailable("closed before it answered");
  }
  auto response = reader.Response();
  if (!response.ok()) return Unavailable(response.status().message());
  return response;
}

absl::StatusOr<std::string> DialWire::ReadBody(size_t size) {
  if (size > kMaxBody) {
    return Unavailable(
        absl::StrCat("its answer has ", size, " bytes, at most ", kMaxBody));
  }
  while (received_.size() < size) {
    WARREN_ASSIGN_OR_RETURN(const bool more, Receive());
    if (!more) break;
  }
  return std::string(AsText(Bytes(received_)).substr(0, size));
}

}  // namespace warren::io
