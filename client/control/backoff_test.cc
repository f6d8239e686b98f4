#include "client/control/backoff.h"

#include "gtest/gtest.h"

namespace warren::client {
namespace {

TEST(Backoff, StaysBetweenItsLimitsAndItsBoundDoubles) {
  SeededRng rng(1);
  Backoff backoff;
  absl::Duration bound = 2 * Backoff::kMin;
  for (int i = 0; i < 20; ++i) {
    const absl::Duration wait = backoff.Next(rng);
    EXPECT_GE(wait, Backoff::kMin);
    EXPECT_LE(wait, bound);
    bound = std::min(2 * bound, Backoff::kMax);
  }
}

TEST(Backoff, SpreadsOverItsWholeRange) {
  SeededRng rng(1);
  absl::Duration least = Backoff::kMax, most = absl::ZeroDuration();
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(rng);
  for (int i = 0; i < 200; ++i) {
    const absl::Duration wait = backoff.Next(rng);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_LT(least, absl::Seconds(2));
  EXPECT_GT(most, absl::Seconds(28));
}

TEST(Backoff, WhoIsAskedToWaitWaitsSoLongAndIsNotPunished) {
  SeededRng rng(1);
  Backoff backoff;
  absl::Duration least = absl::Hours(1), most = absl::ZeroDuration();
  for (int i = 0; i < 200; ++i) {
    const absl::Duration wait = backoff.NextAfter(absl::Seconds(7), rng);
    least = std::min(least, wait);
    most = std::max(most, wait);
  }
  EXPECT_GE(least, absl::Seconds(7));
  EXPECT_LT(least, absl::Milliseconds(7100));
  EXPECT_GT(most, absl::Milliseconds(7900));
  EXPECT_LE(most, absl::Seconds(8));
  EXPECT_LE(backoff.Next(rng), 2 * Backoff::kMin);
}

TEST(Backoff, StartsAgainAfterASuccess) {
  SeededRng rng(1);
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(rng);
  backoff.Reset();
  EXPECT_LE(backoff.Next(rng), 2 * Backoff::kMin);
}

}  // namespace
}  // namespace warren::client
