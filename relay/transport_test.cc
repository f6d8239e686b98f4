#include "relay/transport.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/bytes.h"
#include "io/fd.h"
#include "io/tls.h"

namespace warren::relay {
namespace {

constexpr size_t kRead = 20'000;

// A client and the server's transport, connected.
class TransportTest : public testing::Test {
 protected:
  TransportTest()
      : client_(io::TlsSession::Connect(ClientContext(), "relay.example")) {
    int pair[2];
    EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
    socket_ = io::Fd(pair[0]);
    server_.emplace(io::Fd(pair[1]), ServerContext());
    for (int i = 0; i < 4; ++i) {
      Send();
      EXPECT_TRUE(Read().empty());
      EXPECT_TRUE(server_->Flush().ok());
      std::vector<uint8_t> bytes(kRead);
      const ssize_t n = recv(socket_.get(), bytes.data(), bytes.size(), 0);
      if (n <= 0) continue;
      bytes.resize(static_cast<size_t>(n));
      EXPECT_TRUE(client_.FromWire(bytes).ok());
    }
    EXPECT_TRUE(client_.established());
  }

  static std::shared_ptr<const io::TlsContext> ClientContext() {
    return *io::TlsContext::Client({.verify = io::TlsVerify::kOff});
  }
  static std::shared_ptr<const io::TlsContext> ServerContext() {
    io::TlsServerOptions options;
    options.self_signed_folder = testing::TempDir();
    options.self_signed_name = "relay.example";
    return *io::TlsContext::Server(options);
  }

  // Sends what the client's TLS has to send.
  void Send() {
    const Bytes out = client_.ToWire();
    EXPECT_EQ(send(socket_.get(), out.data(), out.size(), 0), std::ssize(out));
    client_.Sent(out.size());
  }
  std::string Read() {
    std::vector<uint8_t> wire(kRead), plain(kRead + Transport::kMaxHeld);
    const auto n = server_->Read(wire, plain);
    EXPECT_TRUE(n.ok()) << n.status();
    return std::string(AsText(Bytes(plain).first(n.value_or(0))));
  }

  io::TlsSession client_;
  io::Fd socket_;
  std::optional<Transport> server_;
};

TEST_F(TransportTest, KeepsBackNothingWhenTheSocketIsEmpty) {
  // Two full records and a short one: the second read of the socket ends the
  // second record, nearly all of which the first has brought, and the third.
  const std::string sent(2 * 16'384 + 5'000, 'x');
  ASSERT_TRUE(client_.WritePlain(AsBytes(sent)).ok());
  Send();
  std::string got = Read();
  got += Read();
  EXPECT_EQ(got.size(), sent.size());
}

}  // namespace
}  // namespace warren::relay
