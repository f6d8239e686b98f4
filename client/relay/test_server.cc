#include "client/relay/test_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <utility>

#include "core/base/check.h"

namespace warren::client {
namespace {

const net::IpAddress kLoopback = net::IpAddress::V4(0x7f000001);

// A socket bound to 127.0.0.1, and its port.
std::pair<io::Fd, uint16_t> Bound(uint16_t port) {
  io::Fd fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int one = 1;
  WARREN_CHECK(
      setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  WARREN_CHECK(bind(fd.get(), any, sizeof address) == 0);
  socklen_t size = sizeof address;
  WARREN_CHECK(getsockname(fd.get(), any, &size) == 0);
  return {std::move(fd), ntohs(address.sin_port)};
}

}  // namespace

TestConnection::TestConnection(io::EventLoop& loop, io::Fd socket,
                               const std::shared_ptr<const io::TlsContext>& tls)
    : loop_(loop), socket_(std::move(socket)) {
  if (tls) tls_ = io::TlsSession::Accept(tls);
  WARREN_CHECK(
      loop_.Watch(socket_.get(), EPOLLIN, [this](uint32_t) { OnReady(); })
          .ok());
}

TestConnection::~TestConnection() { Close(); }

void TestConnection::Close() {
  if (!socket_.ok()) return;
  loop_.Unwatch(socket_.get());
  socket_.Reset();
}

void TestConnection::CloseWhenSent() {
  close_when_sent_ = true;
  Send();
}

void TestConnection::SetReading(bool reading) {
  reading_ = reading;
  Send();
}

void TestConnection::OnReady() {
  std::array<uint8_t, 65536> buffer;
  const ssize_t n =
      reading_ ? recv(socket_.get(), buffer.data(), buffer.size(), 0) : 1;
  if (n == 0 || (n < 0 && errno != EAGAIN)) return Close();
  if (reading_ && n > 0) OnWire(Bytes(buffer.data(), static_cast<size_t>(n)));
  Send();
}

void TestConnection::OnWire(Bytes bytes) {
  if (!tls_) return on_bytes(bytes);
  if (!tls_->FromWire(bytes).ok()) return Close();
  std::array<uint8_t, 16384> plain;
  while (socket_.ok()) {
    const auto n = tls_->ReadPlain(plain);
    if (!n.ok()) return Close();
    if (*n == 0) return;
    on_bytes(Bytes(plain).first(*n));
  }
}

void TestConnection::Write(Bytes bytes) {
  queue_.insert(queue_.end(), bytes.begin(), bytes.end());
  Send();
}

void TestConnection::Send() {
  if (!socket_.ok()) return;
  if (tls_ && tls_->established()) {
    WARREN_CHECK(tls_->WritePlain(queue_).ok());
    queue_.clear();
  }
  const Bytes out = tls_ ? tls_->ToWire() : Bytes(queue_);
  const ssize_t n = send(socket_.get(), out.data(), out.size(), MSG_NOSIGNAL);
  const size_t sent = n < 0 ? 0 : static_cast<size_t>(n);
  const bool all = sent == out.size();
  if (tls_) {
    tls_->Sent(sent);
  } else {
    queue_.erase(queue_.begin(), queue_.begin() + static_cast<ptrdiff_t>(sent));
  }
  if (all && queue_.empty() && close_when_sent_) return Close();
  const uint32_t in = reading_ ? uint32_t{EPOLLIN} : 0;
  const uint32_t events = in | (all ? 0 : uint32_t{EPOLLOUT});
  WARREN_CHECK(loop_.SetEvents(socket_.get(), events).ok());
}

TestServer::TestServer(io::EventLoop& loop, Accepted accepted,
                       std::shared_ptr<const io::TlsContext> tls, uint16_t port)
    : tls_(std::move(tls)) {
  auto [fd, bound] = Bound(port);
  WARREN_CHECK(listen(fd.get(), 64) == 0);
  endpoint_ = net::Endpoint(kLoopback, bound);
  acceptor_.emplace(
      loop, std::move(fd),
      [this, &loop, accepted = std::move(accepted)](io::Fd socket) {
        connections_.push_back(
            std::make_unique<TestConnection>(loop, std::move(socket), tls_));
        accepted(*connections_.back());
      });
  WARREN_CHECK(acceptor_->Start().ok());
}

net::Endpoint RefusingEndpoint() {
  return net::Endpoint(kLoopback, Bound(0).second);
}

BlackHole::BlackHole() {
  auto [fd, port] = Bound(0);
  listener_ = std::move(fd);
  // A queue for one, which is then taken: the kernel ignores all who follow.
  WARREN_CHECK(listen(listener_.get(), 0) == 0);
  filler_.Reset(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  WARREN_CHECK(connect(filler_.get(), reinterpret_cast<sockaddr*>(&address),
                       sizeof address) == 0);
  endpoint_ = net::Endpoint(kLoopback, port);
}

TestTls::TestTls() {
  const char* const base = getenv("TEST_TMPDIR");
  std::string folder = std::string(base ? base : "/tmp") + "/tls.XXXXXX";
  WARREN_CHECK(mkdtemp(folder.data()) != nullptr);
  io::TlsServerOptions options;
  options.self_signed_folder = folder;
  options.self_signed_name = "relay.example";
  const auto made = io::TlsContext::Server(options);
  WARREN_CHECK(made.ok());
  server = *made;
  io::TlsClientOptions pinned;
  pinned.verify = io::TlsVerify::kPin;
  pinned.pin = server->pin();
  const auto pinning = io::TlsContext::Client(pinned);
  WARREN_CHECK(pinning.ok());
  client = *pinning;
}

}  // namespace warren::client
