// The timers of a device over hours of virtual time (specs 9.10).

#include <string>
#include <utility>
#include <vector>

#include "core/wg/device.h"
#include "core/wg/test_world.h"
#include "core/wg/timers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kA[] = "100.64.0.1";
constexpr char kB[] = "100.64.0.2";
constexpr uint8_t kInitiation = 1, kData = 4;

std::vector<absl::Duration> Lost(const Datagram&) { return {}; }

struct Timers : ::testing::Test {
  Timers() { world.Link(a, "100.64.0.1/32", b, "100.64.0.2/32"); }
  void Establish() {
    a.Send(kA, kB, "hello");
    world.Settle();
    b.inbox.clear();
    world.sent.clear();
  }
  // When `node` put messages of `type` on the wire, in whole seconds since
  // `start`.
  std::vector<int64_t> Sent(const Node& node, uint8_t type, Instant start) {
    std::vector<int64_t> seconds;
    for (const auto& [at, datagram] : world.sent) {
      if (datagram.from == node.endpoint && datagram.type() == type) {
        seconds.push_back(absl::ToInt64Seconds(at - start));
      }
    }
    return seconds;
  }
  // The index that the last data of `node` on the wire is for.
  uint32_t DataReceiverOf(const Node& node) {
    uint32_t index = 0;
    for (const auto& [at, datagram] : world.sent) {
      if (datagram.from == node.endpoint && datagram.type() == kData) {
        index = LoadLe32(datagram.bytes.data() + 4);
      }
    }
    return index;
  }

  World world;
  Node& a = world.Add(0x00, "192.0.2.1:1000");
  Node& b = world.Add(0x20, "192.0.2.2:2000");
};

TEST_F(Timers, AnIdleDeviceHasNoDeadlineAndSendsNothing) {
  EXPECT_TRUE(a.device.Next().at.IsNever());
  EXPECT_EQ(a.device.Next().reason, Timer::kNone);
  world.RunFor(absl::Hours(24));
  EXPECT_THAT(world.sent, IsEmpty());
}

TEST_F(Timers, AnUnansweredHandshakeIsRepeated19TimesAndThenGivenUp) {
  world.fate = Lost;
  const Instant start = world.now;
  a.Send(kA, kB, "hello");
  EXPECT_EQ(a.device.Next().reason, Timer::kRetransmitHandshake);
  world.RunFor(absl::Minutes(3));
  const auto sent = Sent(a, kInitiation, start);
  EXPECT_THAT(sent, SizeIs(20));
  for (size_t i = 1; i < sent.size(); ++i) {
    EXPECT_GE(world.sent[i].first - world.sent[i - 1].first, absl::Seconds(5));
    EXPECT_LE(world.sent[i].first - world.sent[i - 1].first,
              absl::Milliseconds(5334));
  }
  EXPECT_EQ(a.Count<HandshakeGaveUp>(), 1u);
  EXPECT_EQ(a.dropped(Drop::kGaveUp), 1u) << "what was staged";
  world.fate = nullptr;
  a.Send(kA, kB, "again");
  world.Settle();
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "again")));
}

TEST_F(Timers, TrafficDuringARowOfAttemptsDoesNotHideThatItFailed) {
  world.fate = Lost;
  for (int second = 0; second < 130; ++second) {
    a.Send(kA, kB, "again and again");
    world.RunFor(absl::Seconds(1));
  }
  EXPECT_EQ(a.Count<HandshakeGaveUp>(), 1u);
  EXPECT_GE(world.CountSent(a, kInitiation), 24u) << "and it goes on";
  EXPECT_LE(world.CountSent(a, kInitiation), 26u) << "once in 5 s";
}

TEST_F(Timers, TheInitiatorRekeysAfter120SecondsOfSending) {
  Establish();
  const Instant start = world.now;
  for (int second = 0; second < 125; ++second) {
    a.Send(kA, kB, "data");
    world.RunFor(absl::Seconds(1));
  }
  EXPECT_THAT(Sent(a, kInitiation, start), ElementsAre(120));
  EXPECT_THAT(Sent(b, kInitiation, start), IsEmpty());
  EXPECT_THAT(b.inbox, SizeIs(125)) << "nothing is lost by it";
}

TEST_F(Timers, TheResponderNeverRekeysForAgeAndTheInitiatorDoesOnReceiving) {
  Establish();
  const Instant start = world.now;
  for (int second = 0; second < 175; ++second) {
    b.Send(kB, kA, "data");
    world.RunFor(absl::Seconds(1));
  }
  // Every 10 s a keepalive goes back. It is what a sends, so it renews at 120.
  EXPECT_THAT(Sent(b, kInitiation, start), IsEmpty());
  EXPECT_THAT(Sent(a, kInitiation, start), SizeIs(1));
  EXPECT_THAT(a.inbox, SizeIs(175));
}

TEST_F(Timers, AReceiverThatSendsNothingRekeysAfter165Seconds) {
  Establish();
  const Instant start = world.now;
  world.RunFor(absl::Seconds(164));
  b.Send(kB, kA, "data");
  world.RunFor(absl::Seconds(2));
  EXPECT_THAT(Sent(a, kInitiation, start), IsEmpty());
  b.Send(kB, kA, "data");
  world.RunFor(absl::Seconds(2));
  EXPECT_THAT(Sent(a, kInitiation, start), ElementsAre(166));
}

TEST_F(Timers, ASessionOf180SecondsIsUsedNeitherWay) {
  Establish();
  world.RunFor(absl::Seconds(179));
  world.fate = Lost;
  a.Send(kA, kB, "too late");
  const Datagram late = world.sent.back().second;
  ASSERT_EQ(late.type(), kInitiation) << "it renews at once, being over 120 s";
  const Datagram data = world.sent[world.sent.size() - 2].second;
  ASSERT_EQ(data.type(), kData);
  world.RunFor(absl::Seconds(2));
  b.Receive(data);
  EXPECT_EQ(b.dropped(Drop::kExpired), 1u);
  world.sent.clear();
  b.Send(kB, kA, "no session");
  ASSERT_THAT(world.sent, SizeIs(1));
  EXPECT_EQ(world.sent[0].second.type(), kInitiation);
  a.device.OnTimeout(world.now);
  EXPECT_FALSE(a.device.Info(0)->has_session);
}

TEST_F(Timers, AKeepaliveAnswersDataAfter10Seconds) {
  Establish();
  world.RunFor(absl::Seconds(60));
  world.sent.clear();
  const Instant start = world.now;
  const uint64_t before = a.device.counters().keepalives_received;
  a.Send(kA, kB, "one");
  world.RunFor(absl::Seconds(60));
  EXPECT_THAT(Sent(b, kData, start), ElementsAre(10));
  EXPECT_EQ(world.sent.back().second.bytes.size(), 32u);
  EXPECT_THAT(Sent(a, kData, start), ElementsAre(0))
      << "a keepalive is not answered";
  EXPECT_EQ(a.device.counters().keepalives_received, before + 1);
}

TEST_F(Timers, MoreDataMakesASecondKeepalive) {
  Establish();
  world.RunFor(absl::Seconds(60));
  world.sent.clear();
  const Instant start = world.now;
  a.Send(kA, kB, "one");
  world.RunFor(absl::Seconds(5));
  a.Send(kA, kB, "two");
  world.RunFor(absl::Seconds(60));
  EXPECT_THAT(Sent(b, kData, start), ElementsAre(10, 20));
}

TEST_F(Timers, AnAnswerSparesTheKeepalive) {
  Establish();
  world.RunFor(absl::Seconds(60));
  world.sent.clear();
  const Instant start = world.now;
  a.Send(kA, kB, "one");
  world.RunFor(absl::Seconds(5));
  EXPECT_EQ(b.device.Next().reason, Timer::kSendKeepalive);
  b.Send(kB, kA, "answer");
  EXPECT_EQ(b.device.Next().reason, Timer::kNewHandshake);
  world.RunFor(absl::Seconds(60));
  EXPECT_THAT(Sent(b, kData, start), ElementsAre(5));
  EXPECT_THAT(Sent(a, kData, start), ElementsAre(0, 15));
}

TEST_F(Timers, DataWithoutAnAnswerMakesAHandshakeAfter15Seconds) {
  Establish();
  world.RunFor(absl::Seconds(60));
  world.sent.clear();
  const Instant start = world.now;
  world.fate = Lost;
  a.Send(kA, kB, "one");
  world.RunFor(absl::Seconds(17));
  EXPECT_THAT(Sent(a, kInitiation, start), ElementsAre(15));
}

TEST_F(Timers, PersistentKeepalivesHoldTheSessionForHours) {
  a.device.SetPersistentKeepalive(world.now, 0, absl::Seconds(25));
  const Instant start = world.now;
  world.RunFor(absl::Hours(3));
  EXPECT_EQ(Sent(a, kInitiation, start).front(), 0);
  EXPECT_TRUE(a.device.Info(0)->has_session);
  // Five in 125 s; with the last a new session begins, which makes a sixth.
  EXPECT_NEAR(static_cast<double>(Sent(a, kData, start).size()),
              3 * 3600 / 125 * 6, 3);
  EXPECT_EQ(a.Count<HandshakeGaveUp>() + a.Count<KeysZeroed>(), 0u);
  for (size_t i = 1; i < world.sent.size(); ++i) {
    EXPECT_LE(world.sent[i].first - world.sent[i - 1].first, absl::Seconds(25));
  }
  a.device.SetPersistentKeepalive(world.now, 0, absl::ZeroDuration());
  world.sent.clear();
  world.RunFor(absl::Hours(1));
  EXPECT_THAT(world.sent, IsEmpty());
}

TEST_F(Timers, PersistentKeepalivesTryForEver) {
  world.fate = Lost;
  a.device.SetPersistentKeepalive(world.now, 0, absl::Seconds(1));
  world.RunFor(absl::Hours(1));
  EXPECT_GE(a.Count<HandshakeGaveUp>(), 30u);
  world.fate = nullptr;
  world.RunFor(absl::Seconds(10));
  EXPECT_TRUE(a.device.Info(0)->has_session);
}

TEST_F(Timers, KeysAreWiped540SecondsAfterTheLastSession) {
  Establish();
  world.RunFor(absl::Seconds(539));
  EXPECT_EQ(a.Count<KeysZeroed>() + b.Count<KeysZeroed>(), 0u);
  EXPECT_EQ(a.device.Next().reason, Timer::kZeroKeys);
  world.RunFor(absl::Seconds(2));
  EXPECT_EQ(a.Count<KeysZeroed>(), 1u);
  EXPECT_EQ(b.Count<KeysZeroed>(), 1u);
  EXPECT_TRUE(a.device.Next().at.IsNever());
  a.Send(kA, kB, "awake");
  world.Settle();
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "awake")));
}

TEST_F(Timers, AHandshakeBegunOnWakingOutlivesTheOldKeys) {
  Establish();
  world.now = world.now + absl::Hours(1);  // asleep: no timer was looked at
  a.Send(kA, kB, "awake");
  a.device.OnTimeout(world.now);
  a.Drain();
  EXPECT_EQ(a.Count<KeysZeroed>(), 1u);
  world.Settle();
  EXPECT_THAT(b.inbox, ElementsAre(InnerPacket(kA, kB, "awake")));
}

TEST_F(Timers, AResponderSendsOnNewKeysOnlyAfterItHeardOnThem) {
  const auto lose_data_of_a = [&](const Datagram& datagram) {
    const bool lost = datagram.from == a.endpoint && datagram.type() == kData;
    return std::vector<absl::Duration>(lost ? 0 : 1);
  };
  world.fate = lose_data_of_a;
  a.device.StartHandshake(world.now, 0);
  a.Drain();
  world.Settle();
  EXPECT_EQ(b.device.counters().responses_sent, 1u);
  b.Send(kB, kA, "no session yet");
  EXPECT_EQ(world.CountSent(b, kData), 0u);

  world.fate = nullptr;
  world.RunFor(absl::Seconds(15));  // b's own handshake.
  ASSERT_THAT(a.inbox, SizeIs(1));
  const auto old_index = DataReceiverOf(b);
  world.fate = lose_data_of_a;
  a.device.StartHandshake(world.now, 0);
  a.Drain();
  world.Settle();
  EXPECT_EQ(b.device.counters().responses_sent, 2u);
  b.Send(kB, kA, "on the old keys");
  EXPECT_EQ(DataReceiverOf(b), old_index);
  world.fate = nullptr;
  a.Send(kA, kB, "on the new keys");
  world.Settle();
  b.Send(kB, kA, "on the new keys");
  EXPECT_NE(DataReceiverOf(b), old_index);
  world.Settle();
  EXPECT_THAT(a.inbox, SizeIs(3));
}

TEST_F(Timers, NoInitiationFollowsAHandshakeMessageOfOursWithin5Seconds) {
  Establish();
  const Instant start = world.now;
  for (int i = 0; i < 40; ++i) {
    a.device.StartHandshake(world.now, 0);
    a.Drain();
    b.device.StartHandshake(world.now, 0);
    b.Drain();
    world.RunFor(absl::Milliseconds(100));
  }
  EXPECT_THAT(Sent(a, kInitiation, start), IsEmpty());
  EXPECT_THAT(Sent(b, kInitiation, start), IsEmpty());
  world.RunFor(absl::Seconds(2));
  EXPECT_EQ(world.CountSent(a, kInitiation) + world.CountSent(b, kInitiation),
            1u)
      << "postponed; the first of the two serves both";
}

TEST_F(Timers, AHastenedHandshakeIsRepeatedSoonButEverLessSo) {
  world.fate = Lost;
  const Instant start = world.now;
  a.Send(kA, kB, "hello");
  for (int i = 0; i < 400; ++i) {
    a.device.HastenHandshake(world.now, 0);
    world.RunFor(absl::Milliseconds(50));
  }
  const auto sent = Sent(a, kInitiation, start);
  EXPECT_THAT(sent, ElementsAre(0, 0, 0, 1, 3, 7, 12, 17));
  world.fate = nullptr;
  a.device.HastenHandshake(world.now, 0);
  world.RunFor(absl::Seconds(6));
  EXPECT_THAT(b.inbox, SizeIs(1));
  world.sent.clear();
  a.device.HastenHandshake(world.now, 0);
  world.RunFor(absl::Seconds(1));
  EXPECT_EQ(world.CountSent(a, kInitiation), 0u) << "nothing is unanswered";
}

TEST_F(Timers, AHandshakeThatHadNoWayIsRepeatedAtOnceWhenThereIsOne) {
  world.fate = Lost;
  const Instant start = world.now;
  a.Send(kA, kB, "hello");
  world.fate = nullptr;
  world.RunFor(absl::Milliseconds(50));
  a.device.HastenHandshake(world.now, 0, /*surely_lost=*/true);
  world.RunFor(absl::Milliseconds(50));
  EXPECT_THAT(Sent(a, kInitiation, start), ElementsAre(0, 0));
  EXPECT_THAT(b.inbox, SizeIs(1));
}

TEST_F(Timers, TheNextDeadlineIsExactAlsoWhenAnEarlierOneWasCancelled) {
  Node& c = world.Add(0x40, "192.0.2.3:3000");
  world.Link(a, "100.64.0.1/32", c, "100.64.0.3/32");
  Establish();
  c.Send("100.64.0.3", kA, "hello");
  world.Settle();
  world.RunFor(absl::Seconds(60));
  b.Send(kB, kA, "due at 10");
  world.RunFor(absl::Seconds(2));
  c.Send("100.64.0.3", kA, "due at 12");
  world.Settle();
  a.Send(kA, kB, "now due at 17");
  EXPECT_EQ(a.device.Next().reason, Timer::kSendKeepalive);
  EXPECT_LT(a.device.Next().at - world.now, absl::Seconds(10));
}

TEST_F(Timers, AnEarlyOrLateTimeoutDoesNoHarm) {
  Establish();
  const Deadline before = a.device.Next();
  for (int i = 0; i < 10; ++i) a.device.OnTimeout(world.now);
  EXPECT_EQ(a.device.Next().at, before.at);
  a.device.OnTimeout(world.now + absl::Hours(10));
  a.Drain();
  EXPECT_GE(a.Count<KeysZeroed>(), 1u);
}

TEST_F(Timers, TheLatestTimestampIsToldForTheNextStart) {
  EXPECT_EQ(a.device.latest_stamp(), absl::ZeroDuration());
  a.device.StartHandshake(world.now, 0);
  const absl::Duration first = a.device.latest_stamp();
  EXPECT_GE(first, absl::Seconds(1700000000));
  world.RunFor(absl::Hours(1));
  a.device.StartHandshake(world.now, 0);
  EXPECT_EQ(a.device.latest_stamp(), first + absl::Hours(1));
}

}  // namespace
}  // namespace warren::wg
