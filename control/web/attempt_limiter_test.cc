#include "control/web/attempt_limiter.h"

#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "control/web/one_time_table.h"

namespace warren::control {
namespace {

TEST(AttemptLimiter, MakesThePatientWaitLongerAndLonger) {
  AttemptLimiter limiter({.free = 3, .first_ms = 10, .longest_ms = 35});
  for (int i = 0; i < 2; ++i) limiter.Fail("a", 100);
  EXPECT_EQ(limiter.WaitMs("a", 100), 0);
  limiter.Fail("a", 100);
  EXPECT_EQ(limiter.WaitMs("a", 100), 10);
  EXPECT_EQ(limiter.WaitMs("a", 110), 0);
  EXPECT_EQ(limiter.WaitMs("b", 100), 0);
  limiter.Fail("a", 110);
  EXPECT_EQ(limiter.WaitMs("a", 110), 20);
  limiter.Fail("a", 200);
  limiter.Fail("a", 200);
  EXPECT_EQ(limiter.WaitMs("a", 200), 35);
  limiter.Succeed("a");
  EXPECT_EQ(limiter.WaitMs("a", 200), 0);
}

TEST(AttemptLimiter, ForgetsAfterAnHour) {
  AttemptLimiter limiter({.free = 2, .first_ms = 10, .longest_ms = 35});
  limiter.Fail("a", 0);
  limiter.Fail("a", AttemptLimiter::kForgetMs);
  EXPECT_EQ(limiter.WaitMs("a", AttemptLimiter::kForgetMs), 0);
}

TEST(AttemptLimiter, KeepsTheFreshestWhenFull) {
  AttemptLimiter limiter({.free = 1, .first_ms = 1000, .longest_ms = 1000});
  for (size_t i = 0; i <= AttemptLimiter::kMax; ++i) {
    limiter.Fail(absl::StrCat(i), static_cast<int64_t>(i) / 100);
  }
  EXPECT_EQ(limiter.WaitMs("0", 0), 0);
  EXPECT_GT(limiter.WaitMs(absl::StrCat(AttemptLimiter::kMax), 200), 0);
}

TEST(AttemptLimiter, CountsAHomeAsOne) {
  EXPECT_EQ(AddressKey("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(AddressKey("2001:db8:1:2:3::1"), AddressKey("2001:db8:1:2::9"));
  EXPECT_NE(AddressKey("2001:db8:1:2::1"), AddressKey("2001:db8:1:3::1"));
}

TEST(OneTimeTable, IsGoodOnceForOneBrowserInTime) {
  SeededRng rng(1);
  OneTimeTable<int> table(rng);
  const std::string token = table.Put(7, "me", 0);
  EXPECT_EQ(token.size(), 43u);
  EXPECT_EQ(table.Take(token, "you", 0), std::nullopt);
  EXPECT_EQ(table.Take("x", "me", 0), std::nullopt);
  EXPECT_EQ(table.Take(token, "me", 0), 7);
  EXPECT_EQ(table.Take(token, "me", 0), std::nullopt);
  const std::string late = table.Put(8, "me", 0);
  EXPECT_EQ(table.Take(late, "me", OneTimeTable<int>::kLifetimeMs),
            std::nullopt);
}

TEST(OneTimeTable, TheOldestGoesWhenFull) {
  SeededRng rng(1);
  OneTimeTable<int> table(rng);
  const std::string first = table.Put(0, "me", 0);
  std::string last;
  for (size_t i = 0; i < OneTimeTable<int>::kMax; ++i) {
    last = table.Put(1, "me", 0);
  }
  EXPECT_EQ(table.Take(first, "me", 0), std::nullopt);
  EXPECT_EQ(table.Take(last, "me", 0), 1);
}

}  // namespace
}  // namespace warren::control
