#include "core/relay/relay.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/frame.h"
#include "core/disco/disco.h"
#include "core/relay/relay_world.h"
#include "gtest/gtest.h"

namespace warren::relay {
namespace {

// Each rule holds on one shard and across two.
class RelayTest : public testing::TestWithParam<bool> {
 protected:
  RelayTest() : world_(GetParam() ? 2 : 1) {}
  NodeKey Key(const std::string& name, uint32_t shard) {
    return world_.Named(name, world_.NewKeyOf(GetParam() ? shard : 0));
  }

  World world_;
  const NodeKey a_key_ = Key("a", 0);
  const NodeKey b_key_ = Key("b", 1);
  const NodeKey c_key_ = Key("c", 0);
};

INSTANTIATE_TEST_SUITE_P(, RelayTest, testing::Bool(), [](const auto& param) {
  return param.param ? "TwoShards" : "OneShard";
});

TEST_P(RelayTest, CarriesPacketsBothWays) {
  const ClientId a = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  world_.Send(a, b_key_, "hello");
  world_.Send(b, a_key_, "hi");
  EXPECT_EQ(world_.Received(b), "a:hello");
  EXPECT_EQ(world_.Received(a), "b:hi");
}

TEST_P(RelayTest, KeepsTheOrderOfOneSender) {
  const ClientId a = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  FrameBytes burst;
  std::string want;
  for (int i = 0; i < 500; ++i) {
    const std::string text = absl::StrCat(i);
    const auto frame =
        derp::BuildPacket(FrameType::kSendPacket, b_key_, AsBytes(text));
    burst.insert(burst.end(), frame.begin(), frame.end());
    absl::StrAppend(&want, i == 0 ? "" : " ", "a:", text);
  }
  EXPECT_EQ(world_.Feed(a, burst), Progress::kAll);
  // All of them, though a queue holds 32: who keeps up loses nothing.
  EXPECT_EQ(world_.Received(b), want);
}

TEST_P(RelayTest, DiscoForNobodyIsAnsweredThreeTimesThenOncePerSecond) {
  const ClientId a = world_.Join(a_key_);
  for (int i = 0; i < 5; ++i) world_.Send(a, b_key_, Disco());
  EXPECT_EQ(world_.Received(a), "not_here:b not_here:b not_here:b");
  world_.RunUntil(1);
  for (int i = 0; i < 5; ++i) world_.Send(a, b_key_, Disco());
  EXPECT_EQ(world_.Received(a), "not_here:b");
}

TEST_P(RelayTest, OtherPacketsForNobodyVanish) {
  const ClientId a = world_.Join(a_key_);
  world_.Send(a, b_key_, "hello");
  EXPECT_EQ(world_.Received(a), "");
}

TEST_P(RelayTest, WhoHeardFromAClientIsToldThatItLeft) {
  const ClientId a = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  const ClientId c = world_.Join(c_key_);
  world_.Send(a, b_key_, "hello");
  world_.Received(b);
  world_.Leave(a);
  EXPECT_EQ(world_.Received(b), "gone:a");
  EXPECT_EQ(world_.Received(c), "");
  // Once only, until it has spoken again.
  world_.Leave(world_.Join(a_key_));
  EXPECT_EQ(world_.Received(b), "");
}

TEST_P(RelayTest, NobodyIsToldWhileADuplicateRemains) {
  const ClientId first = world_.Join(a_key_);
  const ClientId second = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  world_.Send(first, b_key_, "1");
  world_.Received(b);
  world_.Leave(first);
  EXPECT_EQ(world_.Received(b), "");
  world_.Leave(second);
  EXPECT_EQ(world_.Received(b), "gone:a");
}

TEST_P(RelayTest, TheNewestDuplicateReceivesUntilAnotherSpeaks) {
  const ClientId first = world_.Join(a_key_);
  const ClientId second = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  world_.Send(b, a_key_, "1");
  EXPECT_EQ(world_.Received(first), "");
  EXPECT_EQ(world_.Received(second), "b:1");
  world_.Feed(first, derp::BuildNotePreferred(true));
  world_.Send(b, a_key_, "2");
  EXPECT_EQ(world_.Received(first), "b:2");
  EXPECT_EQ(world_.Received(second), "");
  world_.Leave(first);
  world_.Send(b, a_key_, "3");
  EXPECT_EQ(world_.Received(second), "b:3");
}

TEST_P(RelayTest, WhoSpokeLastTakesOverFromTheActiveDuplicate) {
  const ClientId first = world_.Join(a_key_);
  const ClientId second = world_.Join(a_key_);
  const ClientId third = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  world_.Feed(first, derp::BuildNotePreferred(true));
  world_.Feed(second, derp::BuildNotePreferred(true));
  world_.Feed(third, derp::BuildNotePreferred(true));
  world_.Leave(third);
  world_.Send(b, a_key_, "1");
  EXPECT_EQ(world_.Received(second), "b:1");
}

TEST_P(RelayTest, DuplicatesThatNeverSpokeLeaveNobodyActive) {
  const ClientId first = world_.Join(a_key_);
  world_.Join(a_key_);
  const ClientId third = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  world_.Leave(third);
  world_.Send(b, a_key_, Disco());
  EXPECT_EQ(world_.Received(first), "");
  EXPECT_EQ(world_.Received(b), "");  // The key is here: no PeerGone.
}

TEST_P(RelayTest, ABlockedClientLosesTheOldestAndNobodyElseAnything) {
  const ClientId a = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  const ClientId c = world_.Join(c_key_);
  world_.RelayOf(b).OnBlocked(world_.now(), b);
  for (int i = 0; i < 100; ++i) {
    world_.Send(a, b_key_, absl::StrCat(i));
    world_.Send(a, c_key_, absl::StrCat(i));
  }
  EXPECT_EQ(world_.Received(b), "");
  world_.RelayOf(b).OnUnblocked(b);
  world_.Drain();
  const std::string got = world_.Received(b);
  EXPECT_EQ(got.substr(0, 4), "a:68");
  EXPECT_EQ(got.substr(got.size() - 4), "a:99");
  const std::string other = world_.Received(c);
  EXPECT_EQ(std::count(other.begin(), other.end(), ':'), 100);
}

TEST_P(RelayTest, AClientThatDoesNotReadIsCutOffAfterTwoSeconds) {
  const ClientId a = world_.Join(a_key_);
  const ClientId b = world_.Join(b_key_);
  world_.Send(b, a_key_, "hello");
  world_.Received(a);
  world_.RelayOf(b).OnBlocked(world_.now(), b);
  world_.RunUntil(1.5);
  world_.RelayOf(b).OnProgress(world_.now(), b);
  world_.RunUntil(3.4);
  EXPECT_FALSE(world_.ClosedFor(b));
  world_.RunUntil(3.5);
  EXPECT_EQ(world_.ClosedFor(b), CloseReason::kStalled);
  EXPECT_EQ(world_.Received(a), "gone:b");
}

TEST_P(RelayTest, SendsAKeepaliveEveryMinute) {
  const ClientId a = world_.Join(a_key_);
  world_.RunUntil(59.9);
  EXPECT_EQ(world_.Received(a), "");
  world_.RunUntil(65);
  EXPECT_EQ(world_.Received(a), "keepalive");
  world_.RunUntil(131);
  EXPECT_EQ(world_.Received(a), "keepalive");
}

TEST_P(RelayTest, AnswersOnePingAtATime) {
  const ClientId a = world_.Join(a_key_);
  const auto ping = [](const char* text) {
    return derp::BuildFrame(FrameType::kPing, AsBytes(text));
  };
  FrameBytes two = ping("12345678and more");
  const FrameBytes second = ping("abcdefgh");
  two.insert(two.end(), second.begin(), second.end());
  world_.Feed(a, two);
  EXPECT_EQ(world_.Received(a), "pong:12345678");
  world_.Feed(a, second);
  EXPECT_EQ(world_.Received(a), "pong:abcdefgh");
}

struct BadFrame {
  const char* name;
  FrameType type;
  size_t size;
  CloseReason reason;
};

class BadFrameTest : public testing::TestWithParam<BadFrame> {};

TEST_P(BadFrameTest, ClosesItsSenderAlone) {
  World world;
  const NodeKey a_key = world.Named("a", world.NewKey());
  const ClientId a = world.Join(a_key);
  const ClientId b = world.Join(world.NewKey());
  const auto& c = GetParam();
  FrameBytes frame = derp::BuildFrame(c.type, FrameBytes(c.size, 0));
  EXPECT_EQ(world.Feed(a, frame), Progress::kClosed);
  EXPECT_EQ(world.ClosedFor(a), c.reason);
  EXPECT_FALSE(world.ClosedFor(b));
  EXPECT_EQ(world.Feed(a, frame), Progress::kClosed);
}

INSTANTIATE_TEST_SUITE_P(
    , BadFrameTest,
    testing::Values(
        BadFrame{"PacketTooLong", FrameType::kSendPacket, 32 + 65537,
                 CloseReason::kBadFrame},
        BadFrame{"PacketWithoutKey", FrameType::kSendPacket, 31,
                 CloseReason::kBadFrame},
        BadFrame{"NotePreferredLong", FrameType::kNotePreferred, 2,
                 CloseReason::kBadFrame},
        BadFrame{"PingShort", FrameType::kPing, 7, CloseReason::kBadFrame},
        BadFrame{"Forward", FrameType::kForwardPacket, 64,
                 CloseReason::kNotMesh},
        BadFrame{"Watch", FrameType::kWatchConns, 0, CloseReason::kNotMesh},
        BadFrame{"ClosePeer", FrameType::kClosePeer, 32,
                 CloseReason::kNotMesh}),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Relay, SkipsFramesItDoesNotKnow) {
  World world;
  const ClientId a = world.Join(world.NewKey());
  EXPECT_EQ(world.Feed(a, derp::BuildFrame(static_cast<FrameType>(0x42),
                                           FrameBytes(100000, 1))),
            Progress::kAll);
  EXPECT_EQ(world.Feed(a, derp::BuildFrame(FrameType::kPong, FrameBytes(8))),
            Progress::kAll);
}

TEST(Relay, ServerInfoIsTheFirstOutput) {
  World world;
  const NodeKey key = world.NewKey();
  const ClientId id = *world.shard(0).Register(At(0), key);
  world.Drain();
  EXPECT_EQ(world.Received(id), "server_info");
}

TEST(Relay, RefusesAKeyForWhichNothingCanBeSealed) {
  World world;
  EXPECT_FALSE(world.shard(0).Register(At(0), NodeKey()).ok());
  EXPECT_EQ(world.shard(0).counters().clients, 0u);
}

TEST(Relay, TheRateLimitSlowsTheReader) {
  World world(1, /*rate=*/10000);
  const NodeKey key = world.Named("a", world.NewKey());
  const ClientId a = world.Join(key);
  // The burst is one largest frame; then 10 kB a second.
  world.Send(a, key, std::string(65000, 'x'));
  EXPECT_LE(world.shard(0).ReadableAt(a), At(0));
  world.Send(a, key, std::string(10504, 'x'));
  const Instant at = world.shard(0).ReadableAt(a);
  EXPECT_GT(at, At(0.9));
  EXPECT_LT(at, At(1.1));
}

TEST(Relay, CountsItsHomeClientsAndForgetsThem) {
  World world;
  const ClientId a = world.Join(world.NewKey());
  world.Feed(a, derp::BuildNotePreferred(true));
  world.Feed(a, derp::BuildNotePreferred(true));
  EXPECT_EQ(world.shard(0).counters().home_clients, 1u);
  world.Leave(a);
  EXPECT_EQ(world.shard(0).counters().home_clients, 0u);
  EXPECT_EQ(world.shard(0).counters().clients, 0u);
  EXPECT_TRUE(world.shard(0).Next().IsNever());
}

TEST(Relay, TellsEverybodyBeforeARestart) {
  World world;
  const ClientId a = world.Join(world.NewKey());
  const ClientId b = world.Join(world.NewKey());
  world.shard(0).AnnounceRestart(absl::Seconds(2), absl::Seconds(60));
  world.Drain();
  EXPECT_EQ(world.Received(a), "restarting");
  EXPECT_EQ(world.Received(b), "restarting");
}

TEST(Relay, ToldOfNoMoreSourcesThanItRemembers) {
  World world;
  const NodeKey b_key = world.Named("b", world.NewKey());
  const ClientId b = world.Join(b_key);
  std::vector<ClientId> senders;
  for (size_t i = 0; i < Relay::kMaxSources + 20; ++i) {
    senders.push_back(world.Join(world.NewKey()));
    world.Send(senders.back(), b_key, "x");
  }
  world.Received(b);
  for (const ClientId id : senders) world.Leave(id);
  const std::string got = world.Received(b);
  EXPECT_EQ(static_cast<size_t>(std::count(got.begin(), got.end(), ':')),
            Relay::kMaxSources);
}

}  // namespace
}  // namespace warren::relay
