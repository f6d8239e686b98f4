#include "core/path/score.h"

#include <vector>

#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

constexpr absl::Duration Ms(int64_t n) { return absl::Milliseconds(n); }

Score Direct(absl::Duration rtt, net::Family family = net::Family::kV4) {
  return {Tier::kDirect, rtt, family};
}

TEST(Score, PrefersDirectThenFastThenV6) {
  EXPECT_LT(Direct(Ms(300)), (Score{Tier::kRelayed, Ms(1)}));
  EXPECT_LT(Direct(Ms(3)), Direct(Ms(4), net::Family::kV6));
  EXPECT_LT(Direct(Ms(3), net::Family::kV6), Direct(Ms(3)));
  EXPECT_FALSE(Direct(Ms(3)) < Direct(Ms(3)));
}

TEST(Score, IsAnOrderWithoutCycles) {
  SeededRng rng(1);
  std::vector<Score> scores;
  for (int i = 0; i < 60; ++i) {
    scores.push_back({rng.Below(2) == 0 ? Tier::kDirect : Tier::kRelayed,
                      Ms(static_cast<int64_t>(rng.Below(5))),
                      rng.Below(2) == 0 ? net::Family::kV4 : net::Family::kV6});
  }
  for (const Score& a : scores) {
    for (const Score& b : scores) {
      EXPECT_EQ((a < b) + (b < a) + (a == b), 1);
      for (const Score& c : scores) {
        if (a < b && b < c) {
          EXPECT_LT(a, c);
        }
      }
    }
  }
}

TEST(WorthSwitching, WantsTenMillisecondsAndAFifth) {
  EXPECT_TRUE(WorthSwitching(Direct(Ms(50)), Direct(Ms(40))));
  EXPECT_FALSE(WorthSwitching(Direct(Ms(49)), Direct(Ms(40))));
  EXPECT_FALSE(WorthSwitching(Direct(Ms(100)), Direct(Ms(85))));
  EXPECT_FALSE(WorthSwitching(Direct(Ms(40)), Direct(Ms(50))));
}

TEST(WorthSwitching, LeadsInNoCircle) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(testing::Message() << "seed " << seed);
    SeededRng rng(seed);
    std::vector<Score> scores;
    for (int i = 0; i < 30; ++i) {
      scores.push_back(
          {rng.Below(2) == 0 ? Tier::kDirect : Tier::kRelayed,
           Ms(static_cast<int64_t>(rng.Below(200))),
           rng.Below(2) == 0 ? net::Family::kV4 : net::Family::kV6});
    }
    Score current = scores[0];
    size_t moves = 0;
    for (int offer = 0; offer < 10'000; ++offer) {
      const Score& candidate = scores[rng.Below(scores.size())];
      if (!WorthSwitching(current, candidate)) continue;
      EXPECT_LT(candidate, current);
      current = candidate;
      ++moves;
    }
    EXPECT_LT(moves, scores.size());
  }
}

TEST(WorthSwitching, LetsTheTierDecideAlone) {
  EXPECT_TRUE(WorthSwitching({Tier::kRelayed, Ms(1)}, Direct(Ms(300))));
  EXPECT_FALSE(WorthSwitching(Direct(Ms(300)), {Tier::kRelayed, Ms(1)}));
}

TEST(WorthSwitching, NeverLeavesForWhatIsNotMeasured) {
  EXPECT_FALSE(WorthSwitching(Direct(absl::InfiniteDuration()),
                              Direct(absl::InfiniteDuration())));
}

}  // namespace
}  // namespace warren::path
