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

TEST(Backoff, StartsAgainAfterASuccess) {
  SeededRng rng(1);
  Backoff backoff;
  for (int i = 0; i < 10; ++i) backoff.Next(rng);
  backoff.Reset();
  EXPECT_LE(backoff.Next(rng), 2 * Backoff::kMin);
}

}  // namespace
}  // namespace warren::client
