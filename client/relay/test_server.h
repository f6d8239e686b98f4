#ifndef WARREN_CLIENT_RELAY_TEST_SERVER_H_
#define WARREN_CLIENT_RELAY_TEST_SERVER_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "io/acceptor.h"
#include "io/event_loop.h"
#include "io/fd.h"
#include "io/tls.h"

namespace warren::client {

// The accepting side of one TCP connection in a test.
class TestConnection {
 public:
  TestConnection(io::EventLoop& loop, io::Fd socket,
                 const std::shared_ptr<const io::TlsContext>& tls);
  ~TestConnection();

  void Write(Bytes bytes);
  void Close();
  // Closes when all that was written is with the kernel.
  void CloseWhenSent();
  bool open() const { return socket_.ok(); }
  // Whether what arrives is read; else the client meets a full pipe.
  void SetReading(bool reading);

  std::function<void(Bytes)> on_bytes = [](Bytes) {};

 private:
  void OnReady();
  void OnWire(Bytes bytes);
  void Send();

  io::EventLoop& loop_;
  io::Fd socket_;
  std::optional<io::TlsSession> tls_;
  bool reading_ = true;
  bool close_when_sent_ = false;
  std::vector<uint8_t> queue_;
};

// A TCP or TLS server on 127.0.0.1.
class TestServer {
 public:
  using Accepted = std::function<void(TestConnection&)>;

  TestServer(io::EventLoop& loop, Accepted accepted,
             std::shared_ptr<const io::TlsContext> tls = nullptr,
             uint16_t port = 0);

  net::Endpoint endpoint() const { return endpoint_; }
  uint16_t port() const { return endpoint_.port(); }
  // All there were, oldest first.
  const std::vector<std::unique_ptr<TestConnection>>& connections() const {
    return connections_;
  }

 private:
  const std::shared_ptr<const io::TlsContext> tls_;
  std::vector<std::unique_ptr<TestConnection>> connections_;
  net::Endpoint endpoint_;
  std::optional<io::Acceptor> acceptor_;
};

// Where nobody listens: connections are refused.
net::Endpoint RefusingEndpoint();

// Where connection attempts get no answer at all, while it lives.
class BlackHole {
 public:
  BlackHole();
  net::Endpoint endpoint() const { return endpoint_; }

 private:
  net::Endpoint endpoint_;
  io::Fd listener_, filler_;
};

// A self-signed server in a folder of its own, and a client that pins it.
struct TestTls {
  TestTls();
  std::shared_ptr<const io::TlsContext> server, client;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_TEST_SERVER_H_
