#include "io/noise_frontend.h"

#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <array>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/channel_request.h"
#include "io/channel_test_server.h"
#include "io/tcp.h"

namespace warren::io {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// A connection that says what a test tells it.
class Raw {
 public:
  explicit Raw(const ChannelTestServer& server)
      : fd_(*StartConnectTcp(server.frontend->local())) {
    Wait(POLLOUT);
  }
  void Say(absl::string_view text) {
    send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL);
  }
  // What the server says, at least `size` bytes of it or up to its end.
  std::string Hear(size_t size) {
    std::string heard;
    std::array<char, 4096> buffer;
    while (heard.size() < size) {
      if (!Wait(POLLIN)) return heard + " and then silence";
      const ssize_t n = recv(fd_.get(), buffer.data(), buffer.size(), 0);
      if (n <= 0) break;
      heard.append(buffer.data(), static_cast<size_t>(n));
    }
    return heard;
  }
  std::string HearAll() { return Hear(std::string::npos); }

 private:
  bool Wait(short events) {
    pollfd ready{fd_.get(), events, 0};
    return poll(&ready, 1, 20'000) == 1;
  }
  Fd fd_;
};

std::string Initiation(ChannelTestServer& server,
                       const crypto::MachineKey& server_key) {
  const auto machine = crypto::MachinePrivateKey::Generate(server.rng);
  const auto initiator = noise::IkInitiator::Start(machine, server_key,
                                                   kChannelVersion, server.rng);
  return std::string(AsText(initiator->initiation()));
}

std::string Upgrade(absl::string_view initiation) {
  return ChannelRequest("lab:80", AsBytes(initiation));
}

TEST(NoiseFrontend, ServesItsKeyAndGivesAwayWhatIsNotForIt) {
  NoiseFrontendOptions options;
  // Answers with the first line of what came, and whose it is.
  options.site = [](Handover given) {
    const absl::string_view plain = AsText(given.plain);
    const std::string answer =
        absl::StrCat("site: ", plain.substr(0, plain.find('\r')), "\n");
    send(given.socket.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
    EXPECT_EQ(given.remote.address().ToString(), "127.0.0.1");
  };
  ChannelTestServer server(std::move(options));
  const auto say = [&](const std::vector<absl::string_view>& pieces) {
    Raw raw(server);
    for (const absl::string_view piece : pieces) raw.Say(piece);
    return raw.HearAll();
  };
  EXPECT_THAT(say({"GET /ke", "y?v=1 HTTP/1.1\r\nHost: a\r\n\r\n"}),
              HasSubstr(server.key.public_key().ToString()));
  EXPECT_EQ(say({"GET /keys HTTP/1.1\r\n"}), "site: GET /keys HTTP/1.1\n");
  EXPECT_EQ(say({"PRI * HTTP/2.0\r\n\r\n"}), "site: PRI * HTTP/2.0\n");
  EXPECT_EQ(server.frontend->counters().handed_over, 2u);
}

struct BadRequest {
  const char* name;
  std::string request;
  const char* want;
};

class BadRequestTest : public ::testing::TestWithParam<BadRequest> {};

TEST_P(BadRequestTest, IsAnsweredAndClosed) {
  ChannelTestServer server;
  Raw raw(server);
  raw.Say(GetParam().request);
  EXPECT_THAT(raw.HearAll(), StartsWith(GetParam().want));
  EXPECT_EQ(server.frontend->counters().channels, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    , BadRequestTest,
    ::testing::ValuesIn(std::vector<BadRequest>{
        {"Garbage", "\x16\x03\x01\r\n\r\n", "HTTP/1.1 400"},
        {"HugeHead", "GET / HTTP/1.1\r\nX: " + std::string(40'000, 'a'),
         "HTTP/1.1 400"},
        {"OtherMethod", "DELETE /key HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 405"},
        {"GetOfTheChannel",
         "GET /warren/v1/channel HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 405"},
        {"NoUpgrade", "POST /warren/v1/channel HTTP/1.1\r\nHost: a\r\n\r\n",
         "HTTP/1.1 400"},
        {"NoHandshake",
         "POST /warren/v1/channel HTTP/1.1\r\nHost: a\r\n"
         "Upgrade: warren-control-protocol\r\n\r\n",
         "HTTP/1.1 400"},
        {"NotBase64",
         "POST /warren/v1/channel HTTP/1.1\r\nHost: a\r\n"
         "Upgrade: warren-control-protocol\r\n"
         "X-Warren-Handshake: ***\r\n\r\n",
         "HTTP/1.1 400"},
        {"TruncatedInitiation", Upgrade(std::string(100, '\0')),
         "HTTP/1.1 400"},
        {"ZeroInitiation", Upgrade(std::string(101, '\0')), "HTTP/1.1 400"},
        {"LongInitiation", Upgrade(std::string(500, '\0')), "HTTP/1.1 400"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(NoiseFrontend, RefusesAHandshakeForAnotherServer) {
  ChannelTestServer server;
  const auto other = crypto::MachinePrivateKey::Generate(server.rng);
  Raw raw(server);
  raw.Say(Upgrade(Initiation(server, other.public_key())));
  EXPECT_THAT(raw.HearAll(), StartsWith("HTTP/1.1 403"));
  EXPECT_EQ(server.frontend->counters().bad_handshakes, 1u);
}

TEST(NoiseFrontend, GivesAReplayedHandshakeNoChannel) {
  ChannelTestServer server;
  const std::string request =
      Upgrade(Initiation(server, server.key.public_key()));
  for (int i = 0; i < 2; ++i) {
    Raw raw(server);
    raw.Say(request);
    EXPECT_THAT(raw.Hear(100), StartsWith("HTTP/1.1 101"));
    // Whoever replays has no key to make a record with.
    raw.Say(std::string("\x04\x00\x15", 3) + std::string(21, 'x'));
    raw.HearAll();
  }
  EXPECT_EQ(server.frontend->counters().channels, 0u);
}

TEST(NoiseFrontend, DropsWhoTakesTooLong) {
  NoiseFrontendOptions options;
  options.handshake_timeout = absl::Milliseconds(100);
  ChannelTestServer server(std::move(options));
  Raw slow(server), silent(server), unproven(server);
  slow.Say("GET /key?v=1 HT");
  unproven.Say(Upgrade(Initiation(server, server.key.public_key())));
  EXPECT_EQ(slow.HearAll(), "");
  EXPECT_EQ(silent.HearAll(), "");
  EXPECT_THAT(unproven.HearAll(), StartsWith("HTTP/1.1 101"));
  EXPECT_EQ(server.frontend->counters().timed_out, 3u);
}

TEST(NoiseFrontend, KeepsAChannelBeyondTheHandshakeTimeout) {
  NoiseFrontendOptions options;
  options.handshake_timeout = absl::Milliseconds(200);
  ChannelTestServer server(std::move(options));
  const auto channel =
      server.Dial(crypto::MachinePrivateKey::Generate(server.rng));
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
  Raw silent(server);  // Its end tells that the timeout has passed.
  EXPECT_EQ(silent.HearAll(), "");
  EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
}

TEST(NoiseFrontend, WhenFullTheOldestYoungConnectionGivesWay) {
  NoiseFrontendOptions options;
  options.max_connections = 3;
  ChannelTestServer server(std::move(options));
  const auto channel =
      server.Dial(crypto::MachinePrivateKey::Generate(server.rng));
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
  Raw oldest(server), second(server), third(server);
  EXPECT_EQ(oldest.HearAll(), "");
  second.Say("GET /key?v=1 HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(second.HearAll(), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
  EXPECT_EQ(server.frontend->counters().refused_full, 1u);
}

TEST(NoiseFrontend, WhenFullOfChannelsRefusesTheNewcomer) {
  NoiseFrontendOptions options;
  options.max_connections = 1;
  ChannelTestServer server(std::move(options));
  const auto channel =
      server.Dial(crypto::MachinePrivateKey::Generate(server.rng));
  ASSERT_TRUE(channel.ok()) << channel.status();
  EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
  Raw late(server);
  EXPECT_EQ(late.HearAll(), "");
  EXPECT_THAT(WhoAmI(**channel, channel->get()), StartsWith("mkey:"));
}

TEST(NoiseFrontend, RaisesTheLimitOfOpenFiles) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 64;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  ChannelTestServer server;
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
}

TEST(NoiseFrontend, NamesAnAddressInUse) {
  ChannelTestServer first;
  NoiseFrontendOptions options;
  options.listen = first.frontend->local();
  const auto second = NoiseFrontend::Start(
      std::move(options), first.key.Clone(), first.calls, first.rng);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(second.status().message()),
              HasSubstr(first.frontend->local().ToString()));
}

}  // namespace
}  // namespace warren::io
