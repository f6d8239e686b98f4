#include "io/retry_schedule.h"

#include <algorithm>
#include <vector>

#include "gtest/gtest.h"

namespace warren::io {
namespace {

const Instant kStart = Instant::FromEpoch(absl::Hours(1000));

double Seconds(absl::Duration d) { return absl::ToDoubleSeconds(d); }

TEST(RetrySchedule, ComesAsFastAsOthersAreLetIn) {
  RetrySchedule schedule;
  schedule.Next(kStart, 0);
  for (int i = 0; i < 1000; ++i) schedule.OnAdmitted();
  const Instant now = kStart + absl::Seconds(1);
  std::vector<absl::Duration> waits;
  for (int i = 0; i < 5000; ++i) waits.push_back(schedule.Next(now, 2000));
  EXPECT_TRUE(std::ranges::is_sorted(waits));
  // 2000 wait already; then 1500 a second.
  EXPECT_NEAR(Seconds(waits.front()), 2000 / 1500.0, 0.1);
  EXPECT_NEAR(Seconds(waits[2500]), 4500 / 1500.0, 0.1);
  EXPECT_NEAR(Seconds(waits.back()), 7000 / 1500.0, 0.1);
}

TEST(RetrySchedule, WithoutAnyPressureNothingIsKnown) {
  RetrySchedule schedule;
  schedule.Next(kStart, 0);
  // Few came, and nobody was sent away: that says nothing.
  schedule.OnAdmitted();
  const Instant now = kStart + absl::Minutes(5);
  EXPECT_NEAR(Seconds(schedule.Next(now, 2000)),
              2000 / RetrySchedule::kUsualRate, 0.1);
}

TEST(RetrySchedule, PlacesPassWithTime) {
  RetrySchedule schedule;
  for (int i = 0; i < 5000; ++i) schedule.Next(kStart, 0);
  const Instant now = kStart + absl::Milliseconds(900);
  EXPECT_NEAR(Seconds(schedule.Next(now, 0)),
              5000 / RetrySchedule::kUsualRate - 0.9, 0.1);
  EXPECT_EQ(schedule.Next(kStart + absl::Minutes(1), 0), absl::Seconds(1));
}

TEST(RetrySchedule, NobodyIsSentAwayForLong) {
  RetrySchedule schedule;
  absl::Duration last;
  for (int i = 0; i < 100'000; ++i) last = schedule.Next(kStart, 100'000);
  EXPECT_EQ(last, RetrySchedule::kMaxWait);
}

}  // namespace
}  // namespace warren::io
