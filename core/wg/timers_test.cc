#include "core/wg/timers.h"

#include "gtest/gtest.h"

namespace warren::wg {
namespace {

constexpr Instant kStart = Instant::FromEpoch(absl::ZeroDuration());

Instant At(double seconds) { return kStart + absl::Seconds(seconds); }

struct PeerTimersTest : ::testing::Test {
  SeededRng jitter{1};
  PeerTimers timers;
};

TEST_F(PeerTimersTest, StartWithoutADeadline) {
  EXPECT_TRUE(timers.Next().at.IsNever());
  EXPECT_EQ(timers.Next().reason, Timer::kNone);
}

TEST_F(PeerTimersTest, AskForAKeepalive10SecondsAfterTheFirstData) {
  timers.OnDataReceived(At(1));
  timers.OnDataReceived(At(5));
  EXPECT_EQ(timers.Next().at, At(11));
  EXPECT_EQ(timers.Next().reason, Timer::kSendKeepalive);
  EXPECT_FALSE(timers.TakeIfDue(Timer::kSendKeepalive, At(10.9)));
  EXPECT_TRUE(timers.TakeIfDue(Timer::kSendKeepalive, At(11)));
  EXPECT_FALSE(timers.TakeIfDue(Timer::kSendKeepalive, At(11)));
  EXPECT_TRUE(timers.TakeNeedsAnotherKeepalive());
  EXPECT_FALSE(timers.TakeNeedsAnotherKeepalive());
}

TEST_F(PeerTimersTest, NeedNoKeepaliveWhenSomethingWentOut) {
  timers.OnDataReceived(At(1));
  timers.OnDataReceived(At(2));
  timers.OnAuthenticSent(At(3));
  EXPECT_TRUE(timers.Next().at.IsNever());
  EXPECT_FALSE(timers.TakeNeedsAnotherKeepalive());
}

TEST_F(PeerTimersTest, AskForAHandshake15SecondsAfterDataWithoutAnAnswer) {
  timers.OnDataSent(At(1), jitter);
  timers.OnDataSent(At(9), jitter);
  const Deadline next = timers.Next();
  EXPECT_EQ(next.reason, Timer::kNewHandshake);
  EXPECT_GE(next.at, At(16));
  EXPECT_LT(next.at, At(16.334));
  timers.OnAuthenticReceived(At(10));
  EXPECT_TRUE(timers.Next().at.IsNever());
}

TEST_F(PeerTimersTest, RetransmitAfter5SecondsAndAVaryingThird) {
  absl::Duration least = absl::InfiniteDuration(), most = absl::ZeroDuration();
  for (int i = 0; i < 1000; ++i) {
    timers.OnInitiationSent(kStart, jitter);
    least = std::min(least, timers.Next().at - kStart);
    most = std::max(most, timers.Next().at - kStart);
  }
  EXPECT_GE(least, absl::Seconds(5));
  EXPECT_LT(least, absl::Milliseconds(5010));
  EXPECT_GT(most, absl::Milliseconds(5324));
  EXPECT_LT(most, absl::Milliseconds(5334));
}

TEST_F(PeerTimersTest, KeepAPersistentKeepaliveGoing) {
  timers.SetPersistentKeepalive(At(0), absl::Seconds(25));
  EXPECT_EQ(timers.Next().at, At(0)) << "the first at once";
  timers.OnAuthenticSent(At(0));
  EXPECT_EQ(timers.Next().at, At(25));
  timers.OnAuthenticReceived(At(20));
  EXPECT_EQ(timers.Next().at, At(45));
  EXPECT_TRUE(timers.TakeIfDue(Timer::kPersistentKeepalive, At(45)));
  EXPECT_EQ(timers.Next().at, At(70)) << "also if nothing could be sent";
  timers.SetPersistentKeepalive(At(50), absl::ZeroDuration());
  timers.OnAuthenticSent(At(50));
  EXPECT_TRUE(timers.Next().at.IsNever());
}

TEST_F(PeerTimersTest, ZeroKeys540SecondsAfterTheLastSessionOrTheFirstGiveUp) {
  timers.OnSessionDerived(At(0));
  timers.OnSessionDerived(At(100));
  EXPECT_EQ(timers.Next().at, At(640));
  timers.OnGaveUp(At(300));
  EXPECT_EQ(timers.Next().at, At(640));
  timers.OnKeysZeroed();
  EXPECT_TRUE(timers.Next().at.IsNever());
  timers.OnGaveUp(At(1000));
  EXPECT_EQ(timers.Next().at, At(1540));
}

}  // namespace
}  // namespace warren::wg
