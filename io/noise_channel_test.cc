#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <thread>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/acceptor.h"
#include "io/channel_test_server.h"
#include "io/clock.h"
#include "io/tcp.h"

namespace warren::io {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

crypto::MachinePrivateKey NewMachine(ChannelTestServer& server) {
  return crypto::MachinePrivateKey::Generate(server.rng);
}

// Waits for a fact that another thread brings about.
template <class Fact>
bool Eventually(Fact fact) {
  const Instant end = Clock().Now() + absl::Seconds(20);
  while (!fact()) {
    if (Clock().Now() > end) return false;
    absl::SleepFor(absl::Milliseconds(2));
  }
  return true;
}

TEST(NoiseChannel, TellsTheServerWhichMachineCalls) {
  ChannelTestServer server;
  const auto machine = NewMachine(server);
  const auto channel = server.Dial(machine);
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(WhoAmI(**channel, channel->get()), machine.public_key().ToString());
}

TEST(NoiseChannel, RefusesACallWithoutAToken) {
  ChannelTestServer server;
  const auto channel = server.Dial(NewMachine(server));
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_THAT(WhoAmI(**channel, nullptr), StartsWith("16 "));
}

TEST(NoiseChannel, RefusesTheTokenOfAnotherChannel) {
  ChannelTestServer server;
  const auto mine = server.Dial(NewMachine(server));
  const auto theirs = server.Dial(NewMachine(server));
  ASSERT_TRUE(mine.ok() && theirs.ok());
  EXPECT_THAT(WhoAmI(**theirs, theirs->get()), StartsWith("mkey:"));
  EXPECT_THAT(WhoAmI(**mine, theirs->get()), StartsWith("16 "));
}

TEST(NoiseChannel, NeverMixesTwoMachinesUp) {
  ChannelTestServer server;
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto machine = NewMachine(server);
      const std::string want = machine.public_key().ToString();
      for (int dial = 0; dial < 5; ++dial) {
        const auto channel = server.Dial(machine);
        for (int call = 0; call < 20; ++call) {
          if (!channel.ok() || WhoAmI(**channel, channel->get()) != want) {
            ++wrong;
          }
        }
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(server.frontend->counters().channels, 20u);
}

TEST(NoiseChannel, ForgetsAMachineWhenItsConnectionEnds) {
  ChannelTestServer server;
  {
    const auto channel = server.Dial(NewMachine(server));
    ASSERT_TRUE(channel.ok()) << channel.status();
    WhoAmI(**channel, channel->get());
    EXPECT_EQ(server.frontend->counters().channels, 1u);
    EXPECT_EQ(server.frontend->counters().channels_ended, 0u);
  }
  EXPECT_TRUE(Eventually(
      [&] { return server.frontend->counters().channels_ended == 1; }));
}

TEST(NoiseChannel, CarriesAStreamToASlowReader) {
  ChannelTestServer server;
  const auto channel = server.Dial(NewMachine(server));
  ASSERT_TRUE(channel.ok()) << channel.status();
  grpc::ClientContext context;
  (*channel)->Authenticate(context);
  auto stream = v1::Coordination::NewStub((*channel)->grpc())
                    ->WatchNetmap(&context, v1::WatchNetmapRequest());
  v1::NetmapUpdate update;
  for (int i = 0; i < WhoCalls::kNumUpdates; ++i) {
    ASSERT_TRUE(stream->Read(&update)) << i;
    ASSERT_EQ(update.full().version(), static_cast<uint64_t>(i));
    ASSERT_EQ(update.full().tailnet().size(), 100'000u);
    // Other calls pass while the stream waits for its reader.
    if (i == 10) {
      EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
    }
  }
  context.TryCancel();
  EXPECT_TRUE(server.service.AwaitCancelled(1));
  stream->Finish();
}

TEST(NoiseChannel, EndsCallsAtBothEndsWhenTheClientGoes) {
  ChannelTestServer server;
  auto channel = server.Dial(NewMachine(server));
  ASSERT_TRUE(channel.ok()) << channel.status();
  grpc::ClientContext context;
  (*channel)->Authenticate(context);
  auto stream = v1::Coordination::NewStub((*channel)->grpc())
                    ->WatchNetmap(&context, v1::WatchNetmapRequest());
  v1::NetmapUpdate update;
  ASSERT_TRUE(stream->Read(&update));
  channel->reset();
  while (stream->Read(&update)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(server.service.AwaitCancelled(1));
}

TEST(NoiseChannel, EndsCallsAtBothEndsWhenTheServerGoes) {
  ChannelTestServer server;
  const auto channel = server.Dial(NewMachine(server));
  ASSERT_TRUE(channel.ok()) << channel.status();
  grpc::ClientContext context;
  (*channel)->Authenticate(context);
  auto stream = v1::Coordination::NewStub((*channel)->grpc())
                    ->WatchNetmap(&context, v1::WatchNetmapRequest());
  v1::NetmapUpdate update;
  ASSERT_TRUE(stream->Read(&update));
  server.frontend.reset();
  while (stream->Read(&update)) {
  }
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_TRUE(server.service.AwaitCancelled(1));
}

TEST(NoiseChannel, WorksInsideTls) {
  char folder[] = "/tmp/warren-tls-XXXXXX";
  ASSERT_NE(mkdtemp(folder), nullptr);
  TlsServerOptions tls;
  tls.self_signed_folder = folder;
  const auto server_context = TlsContext::Server(tls);
  ASSERT_TRUE(server_context.ok()) << server_context.status();
  NoiseFrontendOptions options;
  options.tls = *server_context;
  ChannelTestServer server(std::move(options));

  TlsClientOptions pinned;
  pinned.verify = TlsVerify::kPin;
  pinned.pin = (*server_context)->pin();
  NoiseDialOptions dial = server.DialOptions();
  dial.url.https = true;
  dial.tls = *TlsContext::Client(pinned);
  EXPECT_EQ(*FetchServerKey(dial, server.cancel), server.key.public_key());
  const auto machine = NewMachine(server);
  const auto channel = NoiseChannel::Dial(
      dial, machine, server.key.public_key(), server.rng, server.cancel);
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_EQ(WhoAmI(**channel, channel->get()), machine.public_key().ToString());

  dial.tls = *TlsContext::Client(TlsClientOptions());
  EXPECT_EQ(FetchServerKey(dial, server.cancel).status().code(),
            absl::StatusCode::kUnavailable);
  std::filesystem::remove_all(folder);
}

TEST(NoiseDial, FetchesTheServersKey) {
  ChannelTestServer server;
  const auto key = FetchServerKey(server.DialOptions(), server.cancel);
  ASSERT_TRUE(key.ok()) << key.status();
  EXPECT_EQ(*key, server.key.public_key());
}

TEST(NoiseDial, LearnsTheKeyAndConnectsAtFirstContact) {
  ChannelTestServer server;
  const auto machine = NewMachine(server);
  auto contact = NoiseChannel::DialFirst(server.DialOptions(), machine,
                                         server.rng, server.cancel);
  ASSERT_TRUE(contact.ok()) << contact.status();
  EXPECT_EQ(contact->server_key, server.key.public_key());
  const NoiseChannel& channel = *contact->channel;
  EXPECT_EQ(WhoAmI(channel, &channel), machine.public_key().ToString());

  const NoiseDialOptions options = server.DialOptions();
  server.frontend.reset();
  contact =
      NoiseChannel::DialFirst(options, machine, server.rng, server.cancel);
  EXPECT_EQ(contact.status().code(), absl::StatusCode::kUnavailable);
}

TEST(NoiseDial, NamesBothKeysWhenTheServerHasAnother) {
  ChannelTestServer server;
  const auto trusted = NewMachine(server).public_key();
  const auto channel =
      NoiseChannel::Dial(server.DialOptions(), NewMachine(server), trusted,
                         server.rng, server.cancel);
  EXPECT_EQ(channel.status().code(), absl::StatusCode::kFailedPrecondition);
  const std::string message(channel.status().message());
  EXPECT_THAT(message, HasSubstr(trusted.ToString()));
  EXPECT_THAT(message, HasSubstr(server.key.public_key().ToString()));
  EXPECT_EQ(server.frontend->counters().bad_handshakes, 1u);
}

TEST(NoiseDial, SaysThatNobodyListens) {
  ChannelTestServer server;
  const NoiseDialOptions options = server.DialOptions();
  server.frontend.reset();
  const auto key = FetchServerKey(options, server.cancel);
  EXPECT_EQ(key.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(key.status().message()),
              HasSubstr(options.url.ToString()));
}

// A listener that answers what it likes.
class OddServer {
 public:
  explicit OddServer(std::string answer) : answer_(std::move(answer)) {
    auto listener = ListenTcp(net::Endpoint(net::IpAddress::V4(0x7f000001), 0));
    WARREN_CHECK(listener.ok());
    options_.url = {false, "127.0.0.1", LocalEndpoint(*listener).port()};
    loop_ = *EventLoop::Create();
    acceptor_ =
        std::make_unique<Acceptor>(*loop_, *std::move(listener), [this](Fd fd) {
          if (answer_.empty()) {
            kept_.push_back(std::move(fd));
          } else {
            send(fd.get(), answer_.data(), answer_.size(), MSG_NOSIGNAL);
            shutdown(fd.get(), SHUT_WR);
            kept_.push_back(std::move(fd));
          }
        });
    WARREN_CHECK(acceptor_->Start().ok());
    thread_ = std::thread([this] { loop_->Run(); });
  }
  ~OddServer() {
    loop_->Stop();
    thread_.join();
  }
  const NoiseDialOptions& options() const { return options_; }

 private:
  const std::string answer_;
  NoiseDialOptions options_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Acceptor> acceptor_;
  std::vector<Fd> kept_;
  std::thread thread_;
};

struct OddAnswer {
  const char* name;
  std::string answer;
};

class NoiseDialTest : public ::testing::TestWithParam<OddAnswer> {};

TEST_P(NoiseDialTest, CallsTheServerUnavailable) {
  OddServer odd(GetParam().answer);
  crypto::SystemRng rng;
  Cancel cancel;
  const auto machine = crypto::MachinePrivateKey::Generate(rng);
  const auto channel = NoiseChannel::Dial(odd.options(), machine,
                                          machine.public_key(), rng, cancel);
  EXPECT_EQ(channel.status().code(), absl::StatusCode::kUnavailable)
      << channel.status();
  EXPECT_EQ(FetchServerKey(odd.options(), cancel).status().code(),
            absl::StatusCode::kUnavailable);
}

const char kSwitch[] =
    "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\n"
    "Upgrade: warren-control-protocol\r\n\r\n";

INSTANTIATE_TEST_SUITE_P(
    , NoiseDialTest,
    ::testing::ValuesIn(std::vector<OddAnswer>{
        {"NotHttp", "SSH-2.0-OpenSSH_9.2\r\n"},
        {"Closes", "H"},
        {"NotFound", "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"},
        {"HugeHead", "HTTP/1.1 200 OK\r\nX: " + std::string(40'000, 'a')},
        {"HugeBody", "HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"},
        {"NotJson", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"},
        {"OtherUpgrade",
         "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n"},
        {"TruncatedResponse", std::string(kSwitch) + "\x02"},
        {"GarbageResponse", kSwitch + std::string(60, '\x02')},
        {"ErrorFrame", kSwitch + std::string("\x03\x00\x02no", 5)},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(NoiseDial, GivesUpOnASilentServer) {
  OddServer silent("");
  Cancel cancel;
  NoiseDialOptions options = silent.options();
  options.timeout = absl::Milliseconds(50);
  EXPECT_EQ(FetchServerKey(options, cancel).status().code(),
            absl::StatusCode::kUnavailable);
}

TEST(NoiseDial, CanBeInterrupted) {
  OddServer silent("");
  Cancel cancel;
  std::thread other([&] { cancel.Now(); });
  EXPECT_EQ(FetchServerKey(silent.options(), cancel).status().code(),
            absl::StatusCode::kCancelled);
  other.join();
}

// Passes one connection on and writes down all that it sees.
class Observer {
 public:
  explicit Observer(const net::Endpoint& target) : target_(target) {
    auto listener = ListenTcp(net::Endpoint(net::IpAddress::V4(0x7f000001), 0));
    WARREN_CHECK(listener.ok());
    listener_ = *std::move(listener);
    thread_ = std::thread([this] { Run(); });
  }
  // All bytes of both directions. Call once, when the connection has ended.
  const std::string& Seen() {
    thread_.join();
    return seen_;
  }
  uint16_t port() const { return LocalEndpoint(listener_).port(); }

 private:
  void Run() {
    pollfd waiting{listener_.get(), POLLIN, 0};
    poll(&waiting, 1, -1);
    Fd client(accept(listener_.get(), nullptr, nullptr));
    Fd server = *StartConnectTcp(target_);
    while (Pass(client, server)) {
    }
  }
  bool Pass(const Fd& a, const Fd& b) {
    pollfd ready[2] = {{a.get(), POLLIN, 0}, {b.get(), POLLIN, 0}};
    poll(ready, 2, -1);
    for (int i = 0; i < 2; ++i) {
      if (ready[i].revents == 0) continue;
      std::array<char, 4096> buffer;
      const ssize_t n = recv(ready[i].fd, buffer.data(), buffer.size(), 0);
      if (n <= 0) return false;
      seen_.append(buffer.data(), static_cast<size_t>(n));
      send(ready[1 - i].fd, buffer.data(), static_cast<size_t>(n),
           MSG_NOSIGNAL);
    }
    return true;
  }

  const net::Endpoint target_;
  Fd listener_;
  std::string seen_;
  std::thread thread_;
};

TEST(NoiseChannel, ShowsNoSecretToWhoeverListens) {
  ChannelTestServer server;
  Observer observer(server.frontend->local());
  NoiseDialOptions options = server.DialOptions();
  options.url.port = observer.port();
  const auto machine = NewMachine(server);
  {
    const auto channel = NoiseChannel::Dial(
        options, machine, server.key.public_key(), server.rng, server.cancel);
    ASSERT_TRUE(channel.ok()) << channel.status();
    EXPECT_THAT(WhoAmI(**channel, channel->get(), "very-secret-auth-key"),
                StartsWith("mkey:"));
  }
  const std::string& seen = observer.Seen();
  EXPECT_THAT(seen, HasSubstr("X-Warren-Handshake"));
  EXPECT_THAT(seen, Not(HasSubstr("very-secret")));
  EXPECT_THAT(seen, Not(HasSubstr("Register")));
  EXPECT_THAT(seen, Not(HasSubstr(kChannelTokenMetadata)));
  EXPECT_THAT(seen, Not(HasSubstr(machine.public_key().ToHex())));
}

}  // namespace
}  // namespace warren::io
