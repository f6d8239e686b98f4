#include "core/derp/client_session.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "core/base/hex.h"
#include "core/base/rng.h"
#include "core/derp/derp_test_keys.h"
#include "core/derp/frame.h"
#include "core/derp/login.h"
#include "gtest/gtest.h"

namespace warren::derp {
namespace {

Instant At(double seconds) {
  return Instant::FromEpoch(absl::Seconds(seconds));
}

// A session of node A, and the relay's answers made by hand.
struct Fixture {
  explicit Fixture(bool fast_start)
      : session({.key = NodeA(),
                 .server = fast_start ? std::optional(server.public_key())
                                      : std::nullopt},
                rng, At(0)) {}

  absl::StatusOr<std::optional<ClientEvent>> Feed(
      const std::vector<uint8_t>& bytes, Instant now = At(1)) {
    Bytes stream = bytes;
    return session.Next(now, stream);
  }
  std::vector<uint8_t> ServerInfoFrame(const ServerInfo& info = {}) {
    return *BuildServerInfo(server, NodeA().public_key(), info, rng);
  }
  void LogIn(const ServerInfo& info = {}) {
    ASSERT_TRUE(Feed(BuildServerKey(server.public_key())).ok());
    const auto event = Feed(ServerInfoFrame(info));
    ASSERT_TRUE(event.ok() && *event);
    ASSERT_TRUE(std::holds_alternative<LoggedIn>(**event));
    session.PollTransmit();
  }
  template <class T>
  std::optional<T> Event(const std::vector<uint8_t>& bytes) {
    const auto event = Feed(bytes);
    if (!event.ok() || !*event) return std::nullopt;
    const T* got = std::get_if<T>(&**event);
    return got == nullptr ? std::nullopt : std::optional<T>(*got);
  }

  crypto::NodePrivateKey server = RelayServer();
  SeededRng rng{1};
  ClientSession session;
};

void ExpectLogin(Fixture& f) {
  const auto bytes = f.session.PollTransmit();
  ASSERT_GT(bytes.size(), kFrameHeaderSize);
  const auto login =
      OpenClientInfo(Bytes(bytes).subspan(kFrameHeaderSize), f.server);
  ASSERT_TRUE(login.ok()) << login.status();
  EXPECT_EQ(login->client, NodeA().public_key());
}

TEST(ClientSession, WaitsForTheRelaysKeyThenLogsIn) {
  Fixture f(/*fast_start=*/false);
  EXPECT_TRUE(f.session.PollTransmit().empty());
  const auto event = f.Feed(BuildServerKey(f.server.public_key()));
  ASSERT_TRUE(event.ok());
  EXPECT_FALSE(*event);
  ExpectLogin(f);
  const auto logged_in = f.Event<LoggedIn>(f.ServerInfoFrame());
  ASSERT_TRUE(logged_in);
  EXPECT_EQ(logged_in->server, f.server.public_key());
}

TEST(ClientSession, FastStartLogsInAtOnceAndStillSkipsTheKey) {
  Fixture f(/*fast_start=*/true);
  ExpectLogin(f);
  EXPECT_TRUE(f.Feed(BuildServerKey(f.server.public_key())).ok());
  EXPECT_TRUE(f.session.PollTransmit().empty());
  EXPECT_TRUE(f.Event<LoggedIn>(f.ServerInfoFrame()));
}

TEST(ClientSession, FastStartToAnotherKeyIsAnError) {
  Fixture f(/*fast_start=*/true);
  EXPECT_FALSE(f.Feed(BuildServerKey(NodeB().public_key())).ok());
}

TEST(ClientSession, TakesAnHttpAnswerForAFailure) {
  Fixture f(/*fast_start=*/true);
  const Bytes text = AsBytes("HTTP/1.1 503 Service Unavailable\r\n\r\n");
  EXPECT_FALSE(f.Feed({text.begin(), text.end()}).ok());
}

TEST(ClientSession, RefusesAPacketBeforeTheLogin) {
  Fixture f(/*fast_start=*/false);
  EXPECT_FALSE(f.Feed(BuildFrame(FrameType::kKeepAlive, {})).ok());
}

TEST(ClientSession, ReportsWhatTheRelaySays) {
  Fixture f(/*fast_start=*/false);
  f.LogIn();
  const auto b = NodeB().public_key();
  const auto packet_bytes =
      BuildPacket(FrameType::kRecvPacket, b, AsBytes("hello"));
  Bytes stream = packet_bytes;
  const auto event = f.session.Next(At(1), stream);
  ASSERT_TRUE(event.ok() && *event);
  const auto& packet = std::get<PacketReceived>(**event);
  EXPECT_EQ(packet.source, b);
  EXPECT_EQ(AsText(packet.packet), "hello");

  const auto gone = f.Event<PeerGone>(BuildPeerGone(b, GoneReason::kNotHere));
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->peer, b);
  EXPECT_EQ(gone->reason, GoneReason::kNotHere);
  const auto no_reason =
      f.Event<PeerGone>(BuildFrame(FrameType::kPeerGone, b.bytes()));
  ASSERT_TRUE(no_reason);
  EXPECT_EQ(no_reason->reason, GoneReason::kDisconnected);
  const auto restart = f.Event<Restarting>(BuildRestarting(2000, 60000));
  ASSERT_TRUE(restart);
  EXPECT_EQ(restart->reconnect_in, absl::Seconds(2));
  EXPECT_EQ(restart->try_for, absl::Seconds(60));
  const auto health =
      f.Event<HealthChanged>(BuildFrame(FrameType::kHealth, AsBytes("test")));
  ASSERT_TRUE(health);
  EXPECT_EQ(health->problem, "test");
}

TEST(ClientSession, AnswersPingsAndReportsPongs) {
  Fixture f(/*fast_start=*/false);
  f.LogIn();
  const std::vector<uint8_t> payload = {1, 2, 3, 4, 5, 6, 7, 8};
  ASSERT_TRUE(f.Feed(BuildFrame(FrameType::kPing, payload)).ok());
  EXPECT_EQ(ToHex(f.session.PollTransmit()), "13000000080102030405060708");
  const auto pong =
      f.Event<PongReceived>(BuildFrame(FrameType::kPong, payload));
  ASSERT_TRUE(pong);
  EXPECT_EQ(ToHex(pong->payload), "0102030405060708");
}

TEST(ClientSession, IgnoresFramesTooShortToMeanAnything) {
  Fixture f(/*fast_start=*/false);
  f.LogIn();
  for (const FrameType type :
       {FrameType::kRecvPacket, FrameType::kPeerGone, FrameType::kPing,
        FrameType::kPong, FrameType::kRestarting}) {
    const auto event = f.Feed(BuildFrame(type, AsBytes("short")));
    ASSERT_TRUE(event.ok());
    EXPECT_FALSE(*event);
  }
}

TEST(ClientSession, SaysItsHomeAfterTheLogin) {
  Fixture f(/*fast_start=*/false);
  f.session.SetPreferred(true);
  EXPECT_TRUE(f.session.PollTransmit().empty());
  ASSERT_TRUE(f.Feed(BuildServerKey(f.server.public_key())).ok());
  f.session.PollTransmit();
  ASSERT_TRUE(f.Feed(f.ServerInfoFrame()).ok());
  EXPECT_EQ(ToHex(f.session.PollTransmit()), "070000000101");
}

TEST(ClientSession, GivesUpWithoutLoginOrSilence) {
  Fixture f(/*fast_start=*/false);
  EXPECT_EQ(f.session.Deadline(), At(10));
  ASSERT_TRUE(f.Feed(BuildServerKey(f.server.public_key()), At(5)).ok());
  EXPECT_EQ(f.session.Deadline(), At(10));
  ASSERT_TRUE(f.Feed(f.ServerInfoFrame(), At(6)).ok());
  EXPECT_EQ(f.session.Deadline(), At(126));
  ASSERT_TRUE(f.Feed(BuildFrame(FrameType::kKeepAlive, {}), At(66)).ok());
  EXPECT_EQ(f.session.Deadline(), At(186));
}

TEST(ClientSession, HoldsTheRelaysRateLimit) {
  Fixture f(/*fast_start=*/false);
  f.LogIn({.bytes_per_second = 1000, .burst_bytes = 2000});
  EXPECT_TRUE(f.session.TakeSendCredit(At(1), 1963));
  EXPECT_FALSE(f.session.TakeSendCredit(At(1), 0));
  EXPECT_TRUE(f.session.TakeSendCredit(At(2), 963));
  EXPECT_FALSE(f.session.TakeSendCredit(At(2), 0));
  Fixture unlimited(/*fast_start=*/false);
  unlimited.LogIn();
  EXPECT_TRUE(unlimited.session.TakeSendCredit(At(1), 65536));
}

}  // namespace
}  // namespace warren::derp
