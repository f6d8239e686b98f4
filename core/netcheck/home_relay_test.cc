#include "core/netcheck/home_relay.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

const RelayId kNone;
const RelayId kA(1);
const RelayId kB(2);
const RelayId kC(3);

absl::Duration Ms(int64_t n) { return absl::Milliseconds(n); }
Instant At(int64_t seconds) {
  return Instant::FromEpoch(absl::Seconds(seconds));
}

// Rounds 20 s apart, the last of them at 1000 s.
struct Case {
  const char* name;
  std::vector<HomeRelayChooser::Latencies> rounds;
  RelayId home;
  int64_t silent_s;  // since it was heard
  RelayId want;
};
constexpr int64_t kNever = 100000;

class HomeRelayTest : public ::testing::TestWithParam<Case> {};

TEST_P(HomeRelayTest, IsChosenAsTheSpecificationSays) {
  const Case& c = GetParam();
  HomeRelayChooser chooser;
  RelayId chosen;
  for (size_t i = 0; i < c.rounds.size(); ++i) {
    const auto before = static_cast<int64_t>(c.rounds.size() - 1 - i);
    chosen = chooser.Choose(At(1000 - 20 * before), c.rounds[i],
                            {c.home, At(1000 - c.silent_s)});
  }
  EXPECT_EQ(chosen, c.want);
}

INSTANTIATE_TEST_SUITE_P(
    , HomeRelayTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"TheFastestFirst", {{{kA, Ms(30)}, {kB, Ms(20)}}}, kNone, kNever, kB},
        {"NothingKnown", {{}}, kNone, kNever, kNone},
        // The gain must be 10 ms, and a third.
        {"GainOfNineMs", {{{kA, Ms(18)}, {kB, Ms(9)}}}, kA, 0, kA},
        {"GainOfTenMs", {{{kA, Ms(18)}, {kB, Ms(8)}}}, kA, 0, kB},
        {"GainOfAQuarter", {{{kA, Ms(60)}, {kB, Ms(45)}}}, kA, 0, kA},
        {"GainOfAThird", {{{kA, Ms(60)}, {kB, Ms(40)}}}, kA, 0, kB},
        {"GainOfHardlyAThird",
         {{{kA, Ms(60)}, {kB, Ms(40) + absl::Nanoseconds(1)}}},
         kA,
         0,
         kA},
        {"HysteresisAlsoForOneNotHeard",
         {{{kA, Ms(60)}, {kB, Ms(45)}}},
         kA,
         kNever,
         kA},
        // The candidate counts with its best of five minutes...
        {"OneSlowSampleOfAnother",
         {{{kA, Ms(60)}, {kB, Ms(40)}}, {{kA, Ms(60)}, {kB, Ms(55)}}},
         kA,
         0,
         kB},
        // ... and home with this round.
        {"HomeHasBecomeSlow",
         {{{kA, Ms(20)}, {kB, Ms(40)}, {kC, Ms(35)}},
          {{kA, Ms(90)}, {kB, Ms(40)}, {kC, Ms(35)}}},
         kA,
         0,
         kA},
        {"HomeHasBecomeSlowForAll", {{{kA, Ms(90)}, {kB, Ms(40)}}}, kA, 0, kB},
        {"ACandidateMustBeInThisRound",
         {{{kA, Ms(60)}, {kB, Ms(10)}, {kC, Ms(50)}},
          {{kA, Ms(60)}, {kC, Ms(50)}}},
         kA,
         0,
         kA},
        // Home does not answer STUN, others do.
        {"SilentHomeHeardJustNow", {{{kB, Ms(5)}}}, kA, 0, kA},
        {"SilentHomeHeardEightSecondsAgo", {{{kB, Ms(5)}}}, kA, 8, kA},
        {"SilentHomeHeardNineSecondsAgo", {{{kB, Ms(5)}}}, kA, 9, kB},
        // Nobody answers STUN.
        {"AllSilentHomeHeardTwoMinutesAgo", {{}}, kA, 120, kA},
        {"AllSilentHomeHeardLongerAgo", {{}}, kA, 121, kNone},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(HomeRelayChooser, ForgetsWhatIsOlderThanFiveMinutes) {
  HomeRelayChooser chooser;
  const HomeRelayChooser::Home a{kA, At(0)};
  chooser.Choose(At(0), {{kA, Ms(60)}, {kB, Ms(10)}}, {});
  EXPECT_EQ(chooser.Choose(At(305), {{kA, Ms(60)}, {kB, Ms(55)}}, a), kB);
  chooser.Forget();
  EXPECT_EQ(chooser.Choose(At(306), {{kA, Ms(60)}, {kB, Ms(55)}}, a), kA);
  HomeRelayChooser later;
  later.Choose(At(0), {{kA, Ms(60)}, {kB, Ms(10)}}, {});
  EXPECT_EQ(later.Choose(At(306), {{kA, Ms(60)}, {kB, Ms(55)}}, a), kA);
}

}  // namespace
}  // namespace warren::netcheck
