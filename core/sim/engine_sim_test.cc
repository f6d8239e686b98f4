// Two engines and a relay over hours of virtual time, and what may go wrong
// between them.

#include <algorithm>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/sim/lab.h"
#include "core/sim/nat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Two nodes behind NATs, and two relays.
class Pair : public ::testing::Test {
 protected:
  Pair() : Pair(kEasyNat, kEasyNat) {}
  Pair(const NatKind& nat_a, const NatKind& nat_b)
      : lab_(7),
        relay_(lab_.AddRelay()),
        other_relay_(lab_.AddRelay()),
        a_(lab_.AddNode("a", nat_a)),
        b_(lab_.AddNode("b", nat_b)) {
    RunFor(absl::Seconds(5));
  }

  void RunFor(absl::Duration d) { lab_.world().RunFor(d); }
  // `a` and `b` each send to the other, every `interval`, for `duration`.
  void Talk(absl::Duration interval, absl::Duration duration) {
    const Instant end = lab_.world().now() + duration;
    for (; lab_.world().now() < end; RunFor(interval)) {
      a_.Send(b_, "ping");
      b_.Send(a_, "pong");
      num_sent_ += 1;
    }
  }
  void GoDirect() {
    a_.Send(b_, "hello");
    RunFor(absl::Seconds(2));
    ASSERT_TRUE(a_.IsDirectTo(b_));
    ASSERT_TRUE(b_.IsDirectTo(a_));
  }
  // The longest time `b` waits for a packet while `a` sends one each 10 ms.
  absl::Duration LongestGap(absl::Duration duration) {
    absl::Duration longest;
    Instant last = lab_.world().now();
    const Instant end = last + duration;
    for (size_t seen = b_.num_received(); lab_.world().now() < end;) {
      a_.Send(b_, "x");
      b_.Send(a_, "y");
      RunFor(absl::Milliseconds(10));
      if (b_.num_received() > seen) {
        seen = b_.num_received();
        last = lab_.world().now();
      }
      longest = std::max(longest, lab_.world().now() - last);
    }
    return longest;
  }

  Lab lab_;
  SimRelay& relay_;
  SimRelay& other_relay_;
  SimNode& a_;
  SimNode& b_;
  size_t num_sent_ = 0;
};

class HardPair : public Pair {
 protected:
  HardPair() : Pair(kHardNat, kHardNat) {}
};

TEST_F(Pair, LosesNoPacketInThreeHoursAndRekeysAllTheTime) {
  a_.KeepOnlyCounts();
  b_.KeepOnlyCounts();
  Talk(absl::Seconds(1), absl::Hours(3));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(a_.num_received(), num_sent_);
  EXPECT_EQ(b_.num_received(), num_sent_);
  // Every 120 s; the nodes share the work.
  const uint64_t sessions = a_.engine().wg_counters().sessions_established;
  EXPECT_GE(sessions, 3 * 3600 / 120 - 2);
  EXPECT_LE(sessions, 3 * 3600 / 120 + 10);
}

TEST_F(HardPair, LosesNoPacketByRelayEither) {
  Talk(absl::Seconds(1), absl::Hours(1));
  RunFor(absl::Seconds(1));
  EXPECT_FALSE(a_.IsDirectTo(b_));
  EXPECT_EQ(a_.num_received(), num_sent_);
  EXPECT_EQ(b_.num_received(), num_sent_);
}

TEST_F(Pair, GoesOnUnderLoss) {
  for (SimNode* node : {&a_, &b_}) node->host().link.loss = 0.05;
  Talk(absl::Milliseconds(200), absl::Minutes(30));
  // One in ten is lost on the way; now and then the relay carries a copy.
  EXPECT_GT(static_cast<double>(b_.num_received()),
            0.88 * static_cast<double>(num_sent_));
  EXPECT_TRUE(a_.IsDirectTo(b_));
}

TEST_F(Pair, CostsNothingWhenNobodySpeaks) {
  GoDirect();
  RunFor(absl::Minutes(2));  // Heartbeats and STUN end 45 s after the last use.
  const uint64_t sent = lab_.network().num_sent();
  RunFor(absl::Hours(1));
  EXPECT_EQ(lab_.network().num_sent(), sent);
}

TEST_F(Pair, SpeaksAtOnceAfterLongIdleness) {
  GoDirect();
  RunFor(absl::Hours(2));
  b_.KeepOnlyCounts();
  const size_t before = b_.num_received();
  a_.Send(b_, "still there?");
  RunFor(absl::Milliseconds(200));
  EXPECT_EQ(b_.num_received(), before + 1);
  RunFor(absl::Seconds(2));
  EXPECT_TRUE(a_.IsDirectTo(b_));
}

TEST_F(Pair, UsesTheRelayWhereUdpIsBlocked) {
  for (SimNode* node : {&a_, &b_}) node->host().link.udp_blocked = true;
  a_.Restart();
  b_.Restart();
  RunFor(absl::Seconds(10));
  a_.Send(b_, "by relay");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(b_.inbox(), ElementsAre("by relay"));
  EXPECT_EQ(a_.PathTo(b_).kind, engine::PathKind::kRelay);
  EXPECT_THAT(a_.engine().health(), ElementsAre(engine::Warning::kNoUdp));
}

TEST_F(Pair, FallsBackToTheRelayWithinASecondWhenTheDirectPathDies) {
  GoDirect();
  EXPECT_LT(LongestGap(absl::Seconds(10)), absl::Milliseconds(50));
  lab_.network().Cut(a_.host(), b_.host(), true);
  EXPECT_LT(LongestGap(absl::Seconds(10)), absl::Seconds(1));
  EXPECT_EQ(a_.PathTo(b_).kind, engine::PathKind::kRelay);
  lab_.network().Cut(a_.host(), b_.host(), false);
  EXPECT_LT(LongestGap(absl::Seconds(20)), absl::Milliseconds(100));
  EXPECT_TRUE(a_.IsDirectTo(b_));
}

TEST_F(Pair, NoticesADeadPathAlsoWhenOnlyOneSpeaks) {
  GoDirect();
  lab_.network().Cut(a_.host(), b_.host(), true);
  const size_t before = b_.num_received();
  for (int i = 0; i < 20; ++i) {
    a_.Send(b_, "one way");
    RunFor(absl::Milliseconds(100));
  }
  EXPECT_GE(b_.num_received() - before, 10u);
}

TEST_F(Pair, FindsANewPathWhenTheNatForgets) {
  GoDirect();
  a_.host().nat->Reset();
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Seconds(1));
  RunFor(absl::Seconds(1));
  EXPECT_TRUE(a_.IsDirectTo(b_));
}

TEST_F(Pair, GoesOnWithinASecondInAnotherNetwork) {
  GoDirect();
  a_.Roam(kEasyNat);
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Seconds(1));
  EXPECT_TRUE(a_.IsDirectTo(b_));
  EXPECT_TRUE(b_.IsDirectTo(a_));
}

TEST_F(HardPair, SurvivesARestartOfTheRelay) {
  Talk(absl::Milliseconds(100), absl::Seconds(5));
  relay_.Restart(absl::Seconds(3));
  other_relay_.Restart(absl::Seconds(3));
  Talk(absl::Milliseconds(100), absl::Seconds(10));
  const size_t before = b_.num_received();
  const size_t sent_before = num_sent_;
  Talk(absl::Milliseconds(100), absl::Seconds(5));
  RunFor(absl::Seconds(1));
  EXPECT_EQ(b_.num_received() - before, num_sent_ - sent_before);
}

TEST_F(HardPair, LeavesAHomeRelayThatIsDownThoughNobodySpeaks) {
  const RelayId home = a_.engine().home_relay();
  RunFor(absl::Minutes(5));
  (home == RelayId(1) ? relay_ : other_relay_).Restart(absl::Hours(1));
  RunFor(absl::Seconds(30));
  EXPECT_NE(a_.engine().home_relay(), home);
  EXPECT_THAT(a_.engine().health(), IsEmpty());
  a_.Send(b_, "over there");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(b_.inbox(), ElementsAre("over there"));
}

TEST_F(Pair, FindsARestartedPeerAgainWhoseDiscoKeyIsNew) {
  GoDirect();
  b_.Restart();
  RunFor(absl::Seconds(5));
  a_.Send(b_, "welcome back");
  b_.Send(a_, "thanks");
  RunFor(absl::Seconds(20));
  EXPECT_THAT(b_.inbox(), ::testing::Contains("welcome back"));
  EXPECT_THAT(a_.inbox(), ::testing::Contains("thanks"));
  EXPECT_TRUE(a_.IsDirectTo(b_));
}

TEST_F(Pair, LearnsANewDiscoKeyInTheTunnelWhenControlIsSlow) {
  GoDirect();
  b_.Restart();
  RunFor(absl::Milliseconds(200));  // It gets its netmap; `a` hears nothing.
  lab_.Pause(true);
  b_.Send(a_, "it is me");
  RunFor(absl::Seconds(20));
  EXPECT_THAT(a_.inbox(), ::testing::Contains("it is me"));
  a_.Send(b_, "I know");
  RunFor(absl::Seconds(2));
  EXPECT_TRUE(a_.IsDirectTo(b_));
}

TEST_F(Pair, CutsAPeerOffWhenItsNodeExpires) {
  GoDirect();
  const size_t before = a_.num_received();
  lab_.Expire(b_);
  RunFor(absl::Milliseconds(100));
  b_.Send(a_, "let me in");
  a_.Send(b_, "gone?");
  RunFor(absl::Seconds(10));
  EXPECT_EQ(a_.num_received(), before);
  EXPECT_EQ(a_.engine().counters().dropped(engine::Drop::kNoPeer), 1u);
  EXPECT_THAT(a_.engine().peers(), IsEmpty());
}

TEST_F(Pair, LetsInOnlyWhatTheFilterAllows) {
  lab_.SetFilter({});
  RunFor(absl::Seconds(1));
  a_.Send(b_, "unwanted");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(b_.inbox(), IsEmpty());
  EXPECT_EQ(b_.engine().counters().dropped(engine::Drop::kNoRule), 1u);
  b_.Send(a_, "asks");  // The answer to a flow of `b` may come in.
  a_.Send(b_, "answers");
  RunFor(absl::Seconds(1));
  EXPECT_THAT(b_.inbox(), ElementsAre("answers"));
}

std::string TraceOf(uint64_t seed) {
  Lab lab(seed);
  lab.world().KeepTrace();
  lab.AddRelay();
  lab.AddRelay();
  SimNode& a = lab.AddNode("a", kEasyNat);
  SimNode& b = lab.AddNode("b", kHardNat);
  SimNode& c = lab.AddNode("c");
  for (SimNode* node : {&a, &b, &c}) node->host().link.loss = 0.1;
  lab.world().RunFor(absl::Seconds(5));
  for (int i = 0; i < 300; ++i) {
    a.Send(b, absl::StrCat("ab", i));
    b.Send(c, absl::StrCat("bc", i));
    if (i == 100) c.Restart();
    lab.world().RunFor(absl::Seconds(1));
  }
  return lab.world().trace();
}

TEST(Lab, DoesTheSameForTheSameSeedByteForByte) {
  const std::string first = TraceOf(5);
  EXPECT_GT(first.size(), 10'000u);
  EXPECT_EQ(first, TraceOf(5));
  EXPECT_NE(first, TraceOf(6));
}

}  // namespace
}  // namespace warren::sim
