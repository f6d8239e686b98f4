// What strangers and false friends can do to a device: roaming, replays,
// floods, cookies (reliability rows 76 to 80, cases "WireGuard" of 4e).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "core/wg/device.h"
#include "core/wg/message.h"
#include "core/wg/test_world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kA[] = "100.64.0.1";
constexpr char kB[] = "100.64.0.2";
constexpr uint8_t kInitiation = 1, kResponse = 2, kCookieReply = 3;

net::Endpoint At(absl::string_view text) { return *net::Endpoint::Parse(text); }

struct Attack : ::testing::Test {
  explicit Attack(DeviceConfig config_of_b = {})
      : b(world.Add(0x20, "192.0.2.2:2000", config_of_b)) {
    world.Link(a, "100.64.0.1/32", b, "100.64.0.2/32");
  }
  void Establish() {
    a.Send(kA, kB, "hello");
    world.Settle();
    b.inbox.clear();
  }
  // What a sends next, taken off the wire.
  Datagram Captured(absl::string_view text) {
    world.fate = [](const Datagram&) { return std::vector<absl::Duration>(); };
    a.Send(kA, kB, text);
    world.fate = nullptr;
    return world.sent.back().second;
  }
  net::Endpoint EndpointOfA() { return b.device.Info(0)->endpoint; }
  uint64_t CountSentTo(const net::Endpoint& to) {
    return static_cast<uint64_t>(
        std::count_if(world.sent.begin(), world.sent.end(),
                      [&](const auto& s) { return s.second.to == to; }));
  }

  World world;
  Node& a = world.Add(0x00, "192.0.2.1:1000");
  Node& b;
  const net::Endpoint mallory = At("203.0.113.66:6666");
};

TEST_F(Attack, APeerThatMovedIsFollowed) {
  Establish();
  a.endpoint = At("198.51.100.7:7");
  a.Send(kA, kB, "moved");
  world.Settle();
  EXPECT_EQ(EndpointOfA(), a.endpoint);
  b.Send(kB, kA, "found you");
  world.Settle();
  EXPECT_THAT(a.inbox, ElementsAre(InnerPacket(kB, kA, "found you")));
  const auto& moved = std::get<PeerAuthenticated>(b.events.back());
  EXPECT_EQ(moved.endpoint, a.endpoint);
}

TEST_F(Attack, AReplayedPacketWithAForgedSourceMovesNothing) {
  Establish();
  a.Send(kA, kB, "captured");
  Datagram replayed = world.sent.back().second;
  world.Settle();
  b.events.clear();
  replayed.from = mallory;
  b.Receive(replayed);
  EXPECT_EQ(b.dropped(Drop::kReplayed), 1u);
  EXPECT_EQ(EndpointOfA(), a.endpoint);
  EXPECT_THAT(b.events, IsEmpty());
}

TEST_F(Attack, AForgedPacketMovesNothing) {
  Establish();
  Datagram forged = Captured("captured");
  forged.from = mallory;
  forged.bytes.back() ^= 1;
  b.Receive(forged);
  EXPECT_EQ(b.dropped(Drop::kForged), 1u);
  EXPECT_EQ(EndpointOfA(), a.endpoint);
}

TEST_F(Attack, AReplayedInitiationIsNotAnsweredAndMovesNothing) {
  Establish();
  Datagram replayed = world.sent.front().second;
  ASSERT_EQ(replayed.type(), kInitiation);
  replayed.from = mallory;
  world.RunFor(absl::Seconds(1));
  b.Receive(replayed);
  EXPECT_EQ(b.dropped(Drop::kOldTimestamp), 1u);
  EXPECT_EQ(EndpointOfA(), a.endpoint);
  EXPECT_EQ(CountSentTo(mallory), 0u);
  // Also after the keys are gone.
  world.RunFor(absl::Minutes(20));
  b.Receive(replayed);
  EXPECT_EQ(b.dropped(Drop::kOldTimestamp), 2u);
}

TEST_F(Attack, AResponseReplayedIntoALiveSessionIsIgnored) {
  Establish();
  const auto response =
      std::find_if(world.sent.begin(), world.sent.end(),
                   [](const auto& s) { return s.second.type() == kResponse; });
  ASSERT_NE(response, world.sent.end());
  const Datagram replayed = response->second;
  for (int i = 0; i < 3; ++i) a.Receive(replayed);
  EXPECT_EQ(a.dropped(Drop::kUnknownIndex), 3u);
  a.Send(kA, kB, "goes on");
  world.Settle();
  EXPECT_THAT(b.inbox, SizeIs(1));
}

TEST_F(Attack, AnInitiationWithin20MillisecondsIsDropped) {
  world.fate = [](const Datagram&) { return std::vector<absl::Duration>(); };
  a.device.StartHandshake(world.now, 0);
  a.Drain();
  const Datagram first = world.sent.back().second;
  world.RunFor(absl::Seconds(6));
  const Datagram second = world.sent.back().second;
  ASSERT_NE(first.bytes, second.bytes);
  b.Receive(first);
  b.Receive(second);
  EXPECT_EQ(b.dropped(Drop::kTooSoon), 1u);
  world.RunFor(absl::Milliseconds(21));
  b.Receive(second);
  EXPECT_EQ(b.device.counters().responses_sent, 2u);
}

TEST_F(Attack, MessagesOfWrongSizeTypeOrMac1AreDroppedSilently) {
  const Datagram good = Captured("x");
  ASSERT_EQ(good.type(), kInitiation);
  world.sent.clear();
  for (const size_t size : {0, 1, 4, 31, 32, 63, 91, 93, 147, 149, 2000}) {
    Datagram bad = good;
    bad.bytes.resize(size);
    b.Receive(bad);
  }
  EXPECT_EQ(b.dropped(Drop::kBadLength), 11u);
  for (size_t i = 1; i < 4; ++i) {
    Datagram bad = good;
    bad.bytes[i] = 1;
    b.Receive(bad);
  }
  EXPECT_EQ(b.dropped(Drop::kUnknownType), 3u);
  for (size_t i = 4; i < kInitiationSize - kMacSize; ++i) {
    Datagram bad = good;
    bad.bytes[i] ^= 0x10;
    b.Receive(bad);
  }
  EXPECT_EQ(b.dropped(Drop::kBadMac1), 128u);
  EXPECT_THAT(world.sent, IsEmpty());
  b.Receive(good);
  EXPECT_EQ(b.device.counters().responses_sent, 1u);
}

TEST_F(Attack, AStrangerWhoKnowsOurKeyGetsNoAnswer) {
  Node& stranger = world.Add(0x60, "203.0.113.66:6666");
  PeerConfig config;
  config.key = b.key();
  config.endpoint = b.endpoint;
  config.allowed_ips = {*net::IpPrefix::Parse("100.64.0.2/32")};
  ASSERT_TRUE(stranger.device.AddPeer(world.now, std::move(config)).ok());
  stranger.Send("100.64.0.66", kB, "let me in");
  world.Settle();
  EXPECT_EQ(b.dropped(Drop::kUnknownPeer), 1u);
  EXPECT_EQ(CountSentTo(stranger.endpoint), 0u);
}

// b is always under load.
struct UnderLoad : Attack {
  UnderLoad() : Attack({.handshakes_per_second = 0}) {}
};

TEST_F(UnderLoad, AnHonestPeerComesInWithACookieAtItsNextAttempt) {
  a.Send(kA, kB, "hello");
  world.Settle();
  EXPECT_EQ(b.device.counters().cookies_sent, 1u);
  EXPECT_EQ(a.device.counters().cookies_accepted, 1u);
  EXPECT_EQ(world.CountSent(a, kInitiation), 1u) << "not before its time";
  world.RunFor(absl::Seconds(6));
  EXPECT_EQ(world.CountSent(a, kInitiation), 2u);
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "hello")));
}

TEST_F(UnderLoad, AResponseNeedsACookieToo) {
  b.Send(kB, kA, "hello");  // b asks, a answers, b is under load.
  world.Settle();
  EXPECT_EQ(a.device.counters().responses_sent, 1u);
  EXPECT_EQ(b.dropped(Drop::kCookieDemanded), 1u);
  EXPECT_EQ(a.device.counters().cookies_accepted, 1u);
  world.RunFor(absl::Seconds(6));
  EXPECT_THAT(a.inbox, ElementsAre(InnerPacket(kB, kA, "hello")));
}

TEST_F(UnderLoad, ACookieServesNoOtherAddressOrPort) {
  a.Send(kA, kB, "hello");
  world.Settle();
  for (const char* moved : {"192.0.2.1:1001", "192.0.2.9:1000"}) {
    a.endpoint = At(moved);
    world.RunFor(absl::Milliseconds(5400));
    EXPECT_EQ(b.device.counters().responses_sent, 0u) << moved;
  }
  EXPECT_EQ(b.device.counters().cookies_sent, 3u);
}

TEST_F(UnderLoad, ACookieReplyIsNeverLargerThanWhatItAnswers) {
  a.Send(kA, kB, "hello");
  world.Settle();
  for (const auto& [at, datagram] : world.sent) {
    if (datagram.type() == kCookieReply) {
      EXPECT_EQ(datagram.bytes.size(), kCookieReplySize);
    }
  }
  static_assert(kCookieReplySize < kResponseSize);
}

TEST_F(UnderLoad, AForgedCookieIsNotTaken) {
  const Datagram initiation = Captured("hello");
  CookieReply forged;
  forged.receiver = SenderOf(initiation.bytes);
  const auto bytes = WriteCookieReply(forged);
  a.Receive({b.endpoint, a.endpoint, Octets(bytes.begin(), bytes.end())});
  EXPECT_EQ(a.dropped(Drop::kForged), 1u);
  forged.receiver ^= 1;
  const auto lost = WriteCookieReply(forged);
  a.Receive({b.endpoint, a.endpoint, Octets(lost.begin(), lost.end())});
  EXPECT_EQ(a.dropped(Drop::kUnknownIndex), 1u);
}

TEST_F(Attack, AFloodMakesLoadAndLoadEndsWithTheFlood) {
  const Datagram initiation = Captured("flood");
  for (int i = 0; i < 1000; ++i) b.Receive(initiation);
  // 128 cost us work, the rest a mac and a cookie.
  EXPECT_EQ(b.device.counters().responses_sent, 1u);
  EXPECT_EQ(b.dropped(Drop::kCookieDemanded), 1000u - 128);
  world.RunFor(absl::Seconds(2));
  a.Send(kA, kB, "x");
  world.RunFor(absl::Seconds(6));
  EXPECT_EQ(b.dropped(Drop::kCookieDemanded), 1000u - 128);
  EXPECT_THAT(b.inbox, SizeIs(2));
}

TEST_F(UnderLoad, OneAddressGets5HandshakesAtOnce) {
  Captured("hello");
  world.sent.clear();
  // The same initiation with a good mac2, again and again.
  a.Send(kA, kB, "x");
  world.RunFor(absl::Seconds(11));
  const auto with_mac2 = std::find_if(
      world.sent.rbegin(), world.sent.rend(),
      [](const auto& s) { return s.second.type() == kInitiation; });
  ASSERT_NE(with_mac2, world.sent.rend());
  const Datagram datagram = with_mac2->second;
  for (int i = 0; i < 20; ++i) b.Receive(datagram);
  EXPECT_EQ(b.dropped(Drop::kRateLimited), 15u);
  EXPECT_EQ(b.dropped(Drop::kOldTimestamp), 5u);
}

// In the mesh the caller finds the way.
struct Mesh : Attack {
  Mesh() : Attack({.roaming = false}) {}
};

TEST_F(Mesh, APeerIsAnsweredWhereItAskedAndMovedOnlyByTheCaller) {
  b.device.SetEndpoint(0, net::Endpoint());
  a.endpoint = At("198.51.100.7:7");
  a.Send(kA, kB, "hello");
  world.Settle();
  EXPECT_EQ(b.device.counters().sessions_established, 1u);
  EXPECT_FALSE(EndpointOfA().IsSet());
  EXPECT_EQ(std::get<PeerAuthenticated>(b.events.front()).endpoint, a.endpoint);
  Buffer buffer(InnerPacket(kB, kA, "route me"));
  net::PacketBatch plain, to_send;
  plain.Add(buffer.packet());
  b.device.Seal(world.now, plain, to_send);
  ASSERT_EQ(to_send.size(), 1u);
  EXPECT_FALSE(to_send[0].endpoint.IsSet());
  EXPECT_EQ(to_send[0].peer, 0u);
}

TEST_F(Mesh, AHandshakeOfOursWantsRoutingAndAnAnswerDoesNot) {
  b.device.SetEndpoint(0, net::Endpoint());
  b.device.StartHandshake(world.now, 0);
  net::PacketBatch out;
  b.device.PollTransmit(out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_FALSE(out[0].endpoint.IsSet());
  EXPECT_EQ(out[0].peer, 0u);
  EXPECT_GE(out[0].headroom, Device::kTransmitHeadroom);
  Datagram initiation = Captured("hello");
  initiation.from = net::Endpoint::Relay(RelayId(900));
  b.Receive(initiation);
  EXPECT_EQ(world.sent.back().second.to, initiation.from);
}

TEST(ForgetfulDevice, TakesAPeerWhoseClockWentBackAfter540Seconds) {
  // a's clock ran ten years ahead, then it was set right.
  for (const bool forgets : {false, true}) {
    World world;
    Node& b =
        world.Add(0x20, "192.0.2.2:2000", {.forget_idle_timestamps = forgets});
    Node* a = &world.Add(0x00, "192.0.2.1:1000");
    world.Link(*a, "100.64.0.1/32", b, "100.64.0.2/32");
    world.RunFor(absl::Hours(24 * 3650));
    a->Send(kA, kB, "from the future");
    world.Settle();
    ASSERT_THAT(b.inbox, SizeIs(1));
    // A new device on the same address and key: it restarted.
    a->endpoint = At("198.51.100.1:1");
    Node& restarted = world.Add(0x00, "192.0.2.1:1000");
    PeerConfig config;
    config.key = b.key();
    config.endpoint = b.endpoint;
    config.allowed_ips = {*net::IpPrefix::Parse("100.64.0.2/32")};
    ASSERT_TRUE(restarted.device.AddPeer(world.now, std::move(config)).ok());
    for (int minute = 0; minute < 12; ++minute) {
      restarted.Send(kA, kB, "from the present");
      world.RunFor(absl::Minutes(1));
    }
    EXPECT_EQ(b.inbox.size() > 1, forgets);
  }
}

}  // namespace
}  // namespace warren::wg
