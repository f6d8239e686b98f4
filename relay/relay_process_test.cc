#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/hex.h"
#include "core/derp/frame.h"
#include "core/stun/stun.h"
#include "gtest/gtest.h"
#include "relay/listen.h"
#include "relay/test_relay.h"

namespace warren::relay {
namespace {

using absl::StrContains;

std::shared_ptr<const io::TlsContext> NoVerify() {
  io::TlsClientOptions options;
  options.verify = io::TlsVerify::kOff;
  return *io::TlsContext::Client(options);
}

// Whether a line of /metrics says that `name` is at least 1.
bool Counted(const RelayProcess& relay, absl::string_view name) {
  const std::string all = HttpGet(relay.metrics_port(), "/metrics");
  return StrContains(all, absl::StrCat("\n", name, " ")) &&
         !StrContains(all, absl::StrCat("\n", name, " 0\n"));
}

// Two clients send to each other, and it arrives.
void ExpectServes(const RelayProcess& relay) {
  TestClient a(relay.port());
  TestClient b(relay.port());
  ASSERT_TRUE(a.logged_in() && b.logged_in());
  a.SendTo(b.key(), "hello");
  const auto at_b = b.ReceivePacket();
  ASSERT_TRUE(at_b);
  EXPECT_EQ(at_b->source, a.key());
  EXPECT_EQ(at_b->packet, "hello");
  b.SendTo(a.key(), "hi");
  const auto at_a = a.ReceivePacket();
  ASSERT_TRUE(at_a);
  EXPECT_EQ(at_a->packet, "hi");
}

// Every way into the same relay.
struct WayIn {
  const char* name;
  bool tls;
  bool fast_start;
};

class WayInTest : public testing::TestWithParam<WayIn> {};

TEST_P(WayInTest, CarriesPacketsBothWays) {
  std::vector<std::string> arguments;
  if (!GetParam().tls) arguments.push_back("--plain-http");
  const RelayProcess relay(NewFolder(), arguments);
  ASSERT_NE(relay.port(), 0) << relay.log();
  const TestClient::Options options{
      .tls = GetParam().tls ? NoVerify() : nullptr,
      .fast_start = GetParam().fast_start};
  // Enough of them for every pair of shards.
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(std::make_unique<TestClient>(
        relay.port(), TestClient::NewKey(), options));
    ASSERT_TRUE(clients.back()->logged_in());
  }
  for (const auto& from : clients) {
    for (const auto& to : clients) {
      from->SendTo(to->key(), "hello");
      const auto packet = to->ReceivePacket();
      ASSERT_TRUE(packet);
      EXPECT_EQ(packet->source, from->key());
      EXPECT_EQ(packet->packet, "hello");
    }
  }
}

INSTANTIATE_TEST_SUITE_P(, WayInTest,
                         testing::Values(WayIn{"PlainHttp", false, false},
                                         WayIn{"Tls", true, false},
                                         WayIn{"TlsFastStart", true, true}),
                         [](const auto& param) {
                           return std::string(param.param.name);
                         });

// What follows talks plain HTTP to one relay.
class RelayProcessTest : public testing::Test {
 protected:
  RelayProcess relay_{NewFolder(), {"--plain-http"}};
};

TEST_F(RelayProcessTest, CarriesTheLargestPacket) {
  TestClient a(relay_.port());
  TestClient b(relay_.port());
  const std::string large(derp::kMaxPacketSize, 'x');
  a.SendTo(b.key(), large);
  const auto packet = b.ReceivePacket();
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->packet, large);
}

TEST_F(RelayProcessTest, TheDuplicateThatSpokeLastReceives) {
  const auto key = TestClient::NewKey();
  TestClient first(relay_.port(), key, {});
  TestClient second(relay_.port(), key, {});
  TestClient other(relay_.port());
  other.SendTo(key.public_key(), "to the newest");
  EXPECT_EQ(second.ReceivePacket()->packet, "to the newest");
  first.SendTo(other.key(), "now me");
  EXPECT_EQ(other.ReceivePacket()->packet, "now me");
  other.SendTo(key.public_key(), "to the first");
  EXPECT_EQ(first.ReceivePacket()->packet, "to the first");
}

TEST_F(RelayProcessTest, TellsWhoHeardFromAClientThatItLeft) {
  TestClient a(relay_.port());
  crypto::NodeKey gone;
  {
    TestClient b(relay_.port());
    gone = b.key();
    b.SendTo(a.key(), "hello");
    ASSERT_TRUE(a.ReceivePacket());
  }
  const auto event = a.Receive<derp::PeerGone>();
  ASSERT_TRUE(event);
  EXPECT_EQ(event->peer, gone);
  EXPECT_EQ(event->reason, derp::GoneReason::kDisconnected);
}

TEST_F(RelayProcessTest, AReaderThatStallsIsCutOffAndHurtsNobody) {
  TestClient stalled(relay_.port(), TestClient::NewKey(),
                     {.receive_buffer = 4096});
  TestClient flooder(relay_.port());
  std::atomic<bool> cut_off = false;
  std::thread flood([&] {
    const std::string packet(1400, 'x');
    while (!cut_off) flooder.SendMany(stalled.key(), packet, 500);
  });
  TestClient a(relay_.port());
  TestClient b(relay_.port());
  // Meanwhile the others are served, until the stalled one is gone.
  int rounds = 0;
  while (!Counted(relay_,
                  "warren_relay_closed_clients_total{reason=\"stalled\"}")) {
    a.SendTo(b.key(), "hello");
    if (!b.ReceivePacket()) break;
    ++rounds;
  }
  cut_off = true;
  flood.join();
  EXPECT_GT(rounds, 5);
  EXPECT_TRUE(
      Counted(relay_, "warren_relay_closed_clients_total{reason=\"stalled\"}"));
  flooder.SendTo(a.key(), "still here");
  EXPECT_EQ(a.ReceivePacket()->packet, "still here");
}

TEST_F(RelayProcessTest, AFloodCostsOthersNoPacket) {
  TestClient flooder(relay_.port());
  TestClient sink(relay_.port());
  TestClient a(relay_.port());
  TestClient b(relay_.port());
  std::atomic<bool> done = false;
  std::thread flood([&] {
    while (!done) flooder.SendMany(sink.key(), "small packet", 2000);
  });
  std::thread drain([&] {
    while (sink.ReceivePacket()->packet != "the last one") {
    }
  });
  for (int i = 0; i < 300; ++i) {
    const std::string text = absl::StrCat(i);
    a.SendTo(b.key(), text);
    const auto packet = b.ReceivePacket();
    EXPECT_TRUE(packet && packet->packet == text);
  }
  done = true;
  flood.join();
  flooder.SendTo(sink.key(), "the last one");
  drain.join();
}

struct Liar {
  const char* name;
  std::string bytes;
};

class LiarTest : public testing::TestWithParam<Liar> {};

TEST_P(LiarTest, LosesItsConnectionAlone) {
  const RelayProcess relay(NewFolder(), {"--plain-http"});
  TestClient bystander(relay.port());
  TestConnection liar(relay.port());
  liar.SendText(GetParam().bytes);
  liar.ReceiveAll();  // Returns because the relay closes.
  char byte;
  EXPECT_EQ(recv(liar.fd(), &byte, 1, 0), 0);
  TestClient other(relay.port());
  other.SendTo(bystander.key(), "hello");
  EXPECT_EQ(bystander.ReceivePacket()->packet, "hello");
}

std::string AfterUpgrade(absl::string_view rest) {
  return absl::StrCat(
      "GET /derp HTTP/1.1\r\nUpgrade: derp\r\nDerp-Fast-Start: 1\r\n\r\n",
      rest);
}

INSTANTIATE_TEST_SUITE_P(
    , LiarTest,
    testing::Values(
        Liar{"Garbage", std::string(5000, '\xff')},
        Liar{"TlsHello", std::string("\x16\x03\x01\x02\x00\r\n\r\n", 9)},
        Liar{"EndlessHead",
             absl::StrCat("GET / HTTP/1.1\r\nX: ", std::string(20000, 'x'))},
        Liar{"NoUpgrade", "GET /derp HTTP/1.1\r\n\r\n"},
        Liar{"NotLoginFirst",
             AfterUpgrade(std::string("\x07\x00\x00\x00\x01\x01", 6))},
        Liar{"LoginTooLong",
             AfterUpgrade(std::string("\x02\x00\x10\x00\x00", 5))},
        Liar{"ForgedLogin",
             AfterUpgrade(absl::StrCat(std::string("\x02\x00\x00\x00\x68", 5),
                                       std::string(104, 'k')))}),
    [](const auto& param) { return param.param.name; });

TEST_F(RelayProcessTest, AnOversizedFrameCostsItsSenderTheConnection) {
  TestClient bad(relay_.port());
  TestClient good(relay_.port());
  bad.connection().Send(derp::BuildFrame(
      derp::FrameType::kSendPacket,
      std::vector<uint8_t>(derp::kKeySize + derp::kMaxPacketSize + 1)));
  EXPECT_FALSE(bad.ReceivePacket());
  EXPECT_TRUE(Counted(
      relay_, "warren_relay_closed_clients_total{reason=\"bad_frame\"}"));
  ExpectServes(relay_);
}

TEST_F(RelayProcessTest, SpeaksDerpInsideWebSocketMessages) {
  TestConnection connection(relay_.port());
  connection.SendText(
      "GET /derp HTTP/1.1\r\nUpgrade: websocket\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Protocol: derp\r\n\r\n");
  std::string got;
  while (got.size() < 100 || !StrContains(got, "DERP\xf0\x9f\x94\x91")) {
    const auto bytes = connection.Receive();
    ASSERT_FALSE(bytes.empty()) << got;
    got.append(bytes.begin(), bytes.end());
  }
  // The example of RFC 6455 §1.3.
  EXPECT_TRUE(StrContains(
      got, "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"));
  EXPECT_TRUE(StrContains(got, std::string("\r\n\r\n\x82\x2d\x01", 7)));
}

TEST_F(RelayProcessTest, AnswersTheEndpointsThatClientsProbe) {
  EXPECT_TRUE(StrContains(HttpGet(relay_.port(), "/derp/latency-check"),
                          "Access-Control-Allow-Origin: *\r\n"));
  EXPECT_TRUE(StrContains(HttpGet(relay_.port(), "/generate_204"), " 204 "));
  EXPECT_TRUE(StrContains(HttpGet(relay_.port(), "/robots.txt"), "Disallow"));
  EXPECT_TRUE(StrContains(HttpGet(relay_.port(), "/"), "Warren relay"));
  EXPECT_TRUE(StrContains(HttpGet(relay_.port(), "/nothing"), " 404 "));
  EXPECT_TRUE(StrContains(HttpGet(relay_.port(), "/derp"), " 426 "));
  EXPECT_TRUE(StrContains(HttpGet(relay_.metrics_port(), "/healthz"), "ok"));
}

// A UDP socket on 127.0.0.1 that asks a relay's STUN.
class StunClient {
 public:
  StunClient() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {}
  void Send(uint16_t port, Bytes bytes) const {
    const sockaddr_in to = Loopback(port);
    sendto(fd_.get(), bytes.data(), bytes.size(), 0,
           reinterpret_cast<const sockaddr*>(&to), sizeof(to));
  }
  struct Answer {
    uint16_t from_port;
    std::vector<uint8_t> bytes;
  };
  // The next answer; empty after 10 s.
  Answer Receive() const {
    pollfd ready{fd_.get(), POLLIN, 0};
    if (poll(&ready, 1, 10000) <= 0) return {};
    std::vector<uint8_t> buffer(1500);
    sockaddr_in from{};
    socklen_t size = sizeof(from);
    const ssize_t n = recvfrom(fd_.get(), buffer.data(), buffer.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &size);
    buffer.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return {ntohs(from.sin_port), std::move(buffer)};
  }
  uint16_t port() const { return LocalEndpoint(fd_.get()).port(); }

 private:
  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return to;
  }
  io::Fd fd_;
};

TEST_F(RelayProcessTest, AnswersStunFromStockClients) {
  const StunClient client;
  // A stranger's request first: no answer, so the next one is to ours.
  client.Send(relay_.stun_port(),
              *ParseHex("000100002112a4420102030405060708090a0b0c"));
  SeededRng rng(1);
  const stun::TxId txid = stun::NewTxId(rng);
  client.Send(relay_.stun_port(), stun::BuildRequest(txid));
  const auto answer = client.Receive();
  EXPECT_EQ(answer.from_port, relay_.stun_port());
  const net::Endpoint seen(*net::IpAddress::Parse("127.0.0.1"), client.port());
  // What it says of other ports is for those who ask: byte for byte.
  const stun::ResponseBytes want = stun::BuildResponse({txid}, seen, 0);
  EXPECT_EQ(ToHex(answer.bytes), ToHex(want.view()));
}

TEST(RelayStun, AnswersFromThePortThatIsAskedFor) {
  const RelayProcess relay(NewFolder(), {"--stun-other-port", "0"});
  const uint16_t main = relay.stun_port();
  const uint16_t other = relay.other_stun_port();
  ASSERT_NE(other, 0) << relay.log();
  const StunClient client;
  SeededRng rng(1);
  for (const uint16_t asked : {main, other}) {
    const uint16_t alternate = asked == main ? other : main;
    for (const bool change : {false, true}) {
      const stun::TxId txid = stun::NewTxId(rng);
      client.Send(asked, stun::BuildExtendedRequest(txid, change));
      const auto answer = client.Receive();
      EXPECT_EQ(answer.from_port, change ? alternate : asked);
      const auto response = stun::ParseResponse(answer.bytes);
      ASSERT_TRUE(response.ok()) << response.status();
      EXPECT_EQ(response->txid, txid);
      EXPECT_EQ(response->seen.port(), client.port());
      EXPECT_EQ(response->other_port, alternate);
    }
  }
}

TEST(RelayStun, SaysNothingOfAnotherPortWithoutOne) {
  const RelayProcess relay(NewFolder(), {"--stun-other-port", "none"});
  const StunClient client;
  SeededRng rng(1);
  const stun::TxId txid = stun::NewTxId(rng);
  // No answer from another port, so the next one is to the next.
  client.Send(relay.stun_port(),
              stun::BuildExtendedRequest(stun::NewTxId(rng), true));
  client.Send(relay.stun_port(), stun::BuildExtendedRequest(txid, false));
  const auto response = stun::ParseResponse(client.Receive().bytes);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(response->txid, txid);
  EXPECT_EQ(response->other_port, 0);
}

TEST_F(RelayProcessTest, TellsItsClientsBeforeItEnds) {
  TestClient client(relay_.port());
  ASSERT_TRUE(client.logged_in());
  relay_.Signal(SIGTERM);
  EXPECT_TRUE(client.Receive<derp::Restarting>());
  EXPECT_TRUE(client.connection().ReceiveAll().empty());
  EXPECT_EQ(relay_.Wait(), 0) << relay_.log();
}

TEST(RelayStart, KeepsItsKeyAndItsCertificate) {
  const std::string folder = NewFolder();
  const auto line = [&](absl::string_view label) {
    const RelayProcess relay(folder, {});
    const std::string log = relay.log();
    const size_t at = log.find(std::string(label));
    EXPECT_NE(at, std::string::npos) << log;
    return log.substr(at, 80);
  };
  EXPECT_EQ(line("key=nodekey:"), line("key=nodekey:"));
  EXPECT_EQ(line("cert_name=sha256-raw:"), line("cert_name=sha256-raw:"));
  struct stat info {};
  ASSERT_EQ(stat((folder + "/relay.key").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST(RelayStart, RefusesADamagedKeyFileAndLeavesItAlone) {
  const std::string folder = NewFolder();
  const std::string path = folder + "/relay.key";
  std::ofstream(path) << "{\"PrivateKey\":\"privkey:00";
  RelayProcess relay(folder, {"--plain-http"});
  EXPECT_EQ(relay.Wait(), 1);
  EXPECT_TRUE(StrContains(relay.log(), path)) << relay.log();
  EXPECT_TRUE(StrContains(relay.log(), "damaged")) << relay.log();
  std::string text;
  std::ifstream(path) >> text;
  EXPECT_EQ(text, "{\"PrivateKey\":\"privkey:00");
}

TEST(RelayStart, SaysThatThePortIsTaken) {
  const RelayProcess first(NewFolder(), {"--plain-http"});
  RelayProcess second(NewFolder(), {"--plain-http", "--listen",
                                    absl::StrCat("127.0.0.1:", first.port())});
  EXPECT_EQ(second.Wait(), 1);
  EXPECT_TRUE(StrContains(second.log(), "another program has that port"))
      << second.log();
  EXPECT_EQ(std::count(second.log().begin(), second.log().end(), '\n'), 1)
      << second.log();
}

TEST(RelayStart, HoldsTheLimitOfConnections) {
  const RelayProcess relay(NewFolder(), {"--plain-http", "--max-clients", "1"});
  TestClient only(relay.port());
  ASSERT_TRUE(only.logged_in());
  TestClient more(relay.port());
  EXPECT_FALSE(more.logged_in());
  only.SendTo(only.key(), "me");
  EXPECT_EQ(only.ReceivePacket()->packet, "me");
}

TEST(RelayStart, AdmitsWhomTheUrlAllows) {
  // Nobody answers there.
  const std::string url = "http://127.0.0.1:1/verify";
  for (const bool fail_open : {true, false}) {
    const RelayProcess relay(
        NewFolder(),
        {"--plain-http", "--verify-client-url", url,
         "--verify-client-url-fail-open", fail_open ? "true" : "false"});
    TestClient client(relay.port());
    EXPECT_EQ(client.logged_in(), fail_open);
  }
}

TEST(RelayStart, ARateLimitSlowsButLosesNothing) {
  const RelayProcess relay(
      NewFolder(), {"--plain-http", "--rate-bytes-per-second", "200000"});
  TestClient a(relay.port());
  TestClient b(relay.port());
  std::thread sending(
      [&] { a.SendMany(b.key(), std::string(1000, 'x'), 200); });
  int received = 0;
  while (received < 200 && b.ReceivePacket()) ++received;
  sending.join();
  EXPECT_EQ(received, 200);
}

}  // namespace
}  // namespace warren::relay
