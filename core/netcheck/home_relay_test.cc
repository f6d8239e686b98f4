#include "core/netcheck/home_relay.h"

#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

const RelayId kNone;
const RelayId kA(1);
const RelayId kB(2);

absl::Duration Ms(int64_t n) { return absl::Milliseconds(n); }
Instant At(int64_t seconds) {
  return Instant::FromEpoch(absl::Seconds(seconds));
}

TEST(HomeRelayChooser, TakesTheFastestFirst) {
  HomeRelayChooser chooser;
  EXPECT_EQ(chooser.Choose(At(0), {{kA, Ms(30)}, {kB, Ms(20)}}, kNone, false),
            kB);
}

TEST(HomeRelayChooser, StaysUnlessTheGainIsTenMillisecondsAndAThird) {
  const auto choose = [](int64_t home_ms, int64_t other_ms) {
    return HomeRelayChooser().Choose(
        At(0), {{kA, Ms(home_ms)}, {kB, Ms(other_ms)}}, kA, true);
  };
  EXPECT_EQ(choose(18, 9), kA);
  EXPECT_EQ(choose(60, 45), kA);
  EXPECT_EQ(choose(60, 40), kB);
}

TEST(HomeRelayChooser, JudgesACandidateByItsBestOfFiveMinutes) {
  HomeRelayChooser chooser;
  EXPECT_EQ(chooser.Choose(At(0), {{kA, Ms(50)}, {kB, Ms(55)}}, kNone, false),
            kA);
  // One slow sample does not make `kA` a bad relay.
  EXPECT_EQ(chooser.Choose(At(20), {{kA, Ms(90)}, {kB, Ms(55)}}, kA, true), kA);
  // After five minutes of it, it is one.
  EXPECT_EQ(chooser.Choose(At(400), {{kA, Ms(90)}, {kB, Ms(55)}}, kA, true),
            kB);
}

TEST(HomeRelayChooser, KeepsAConnectedHomeThatDoesNotAnswerStun) {
  HomeRelayChooser chooser;
  EXPECT_EQ(chooser.Choose(At(0), {{kB, Ms(5)}}, kA, true), kA);
  EXPECT_EQ(chooser.Choose(At(1), {{kB, Ms(5)}}, kA, false), kB);
  EXPECT_EQ(chooser.Choose(At(2), {}, kA, true), kA);
  EXPECT_EQ(chooser.Choose(At(3), {}, kA, false), kNone);
}

}  // namespace
}  // namespace warren::netcheck
