#include "core/base/rng.h"

#include <array>
#include <vector>

#include "gtest/gtest.h"

namespace warren {
namespace {

TEST(SeededRng, TheSameSeedGivesTheSameBytes) {
  SeededRng a(7), b(7), c(8);
  EXPECT_EQ(a.U64(), b.U64());
  EXPECT_NE(a.U64(), c.U64());
}

TEST(Rng, BelowStaysBelowAndReachesEveryValue) {
  SeededRng rng(1);
  std::array<int, 5> seen{};
  for (int i = 0; i < 5000; ++i) ++seen[rng.Below(5)];
  for (int count : seen) EXPECT_GT(count, 800);
}

TEST(Rng, JitterIsWithinItsLimit) {
  SeededRng rng(2);
  for (int i = 0; i < 1000; ++i) {
    const absl::Duration d = rng.Jitter(absl::Milliseconds(333));
    EXPECT_GE(d, absl::ZeroDuration());
    EXPECT_LT(d, absl::Milliseconds(333));
  }
  EXPECT_EQ(rng.Jitter(absl::ZeroDuration()), absl::ZeroDuration());
}

}  // namespace
}  // namespace warren
