#ifndef WARREN_IO_HTTP_TEST_SERVER_H_
#define WARREN_IO_HTTP_TEST_SERVER_H_

#include <poll.h>
#include <sys/socket.h>

#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/bytes.h"
#include "core/base/check.h"
#include "io/cancel.h"
#include "io/fd.h"
#include "io/http_upgrade.h"
#include "io/tcp.h"
#include "io/tls.h"
#include "io/wire.h"

namespace warren::io {

// A web server on loopback that answers whatever a test wants, malformed
// things included. One request a connection, one after the other.
class HttpTestServer {
 public:
  // The bytes to answer with, head and all (see Answer()); or kHang: nothing,
  // and the connection stays open. Called on the server's thread.
  using Handler =
      std::function<std::string(const HttpRequest&, const std::string& body)>;
  static constexpr char kHang[] = "(hang)";

  // With `tls` it speaks https.
  explicit HttpTestServer(Handler handler,
                          std::shared_ptr<const TlsContext> tls = nullptr)
      : handler_(std::move(handler)), tls_(std::move(tls)) {
    auto listener = ListenTcp(net::Endpoint(net::IpAddress::V4(0x7f000001), 0));
    WARREN_CHECK(listener.ok());
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { Run(); });
  }
  ~HttpTestServer() {
    stop_.Now();
    thread_.join();
  }

  uint16_t port() const { return LocalEndpoint(listener_).port(); }
  std::string url() const {
    return absl::StrCat(tls_ ? "https" : "http", "://127.0.0.1:", port());
  }

  static std::string Answer(int status, absl::string_view type,
                            absl::string_view body) {
    HttpResponse response;
    response.status = status;
    response.headers = {{"Content-Type", std::string(type)},
                        {"Connection", "close"}};
    return BuildHttpResponse(response, body);
  }

 private:
  // False: stopped, or nothing for 5 s.
  bool Wait(const Fd& fd, short events) {
    pollfd ready[2] = {{fd.get(), events, 0}, {stop_.fd(), POLLIN, 0}};
    const int timeout = fd.get() == listener_.get() ? -1 : 5000;
    return poll(ready, 2, timeout) > 0 && ready[1].revents == 0;
  }

  void Run() {
    while (Wait(listener_, POLLIN)) {
      Fd socket(accept4(listener_.get(), nullptr, nullptr,
                        SOCK_CLOEXEC | SOCK_NONBLOCK));
      if (socket.ok()) Serve(std::move(socket));
    }
  }

  bool Flush(const Fd& socket, Wire& wire) {
    while (!wire.ToSocket().empty()) {
      if (!Wait(socket, POLLOUT)) return false;
      const Bytes bytes = wire.ToSocket();
      const ssize_t n =
          send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n < 0) return false;
      wire.Sent(static_cast<size_t>(n));
    }
    return true;
  }

  bool Receive(const Fd& socket, Wire& wire, std::vector<uint8_t>& plain) {
    uint8_t buffer[16384];
    if (!Wait(socket, POLLIN)) return false;
    const ssize_t n = recv(socket.get(), buffer, sizeof buffer, 0);
    if (n <= 0) return false;
    const bool ok =
        wire.FromSocket(Bytes(buffer, static_cast<size_t>(n)), plain).ok();
    return Flush(socket, wire) && ok;
  }

  void Serve(Fd socket) {
    Wire wire;
    if (tls_) wire = Wire(TlsSession::Accept(tls_));
    std::vector<uint8_t> plain;
    HttpHeadReader head;
    Bytes rest;
    while (!head.Take(rest = plain).value_or(false)) {
      head.Clear();
      if (!Receive(socket, wire, plain)) return;
    }
    const auto request = head.Request();
    if (!request.ok()) return;
    std::string body(AsText(rest));
    while (body.size() < request->ContentLength().value_or(0)) {
      plain.clear();
      if (!Receive(socket, wire, plain)) return;
      body.append(plain.begin(), plain.end());
    }
    const std::string answer = handler_(*request, body);
    if (answer == kHang) {
      held_.push_back(std::move(socket));
      return;
    }
    if (!wire.Write(AsBytes(answer)).ok() || !Flush(socket, wire)) return;
    wire.Close();
    Flush(socket, wire);
  }

  const Handler handler_;
  const std::shared_ptr<const TlsContext> tls_;
  Fd listener_;
  Cancel stop_;
  std::vector<Fd> held_;
  std::thread thread_;
};

}  // namespace warren::io

#endif  // WARREN_IO_HTTP_TEST_SERVER_H_
