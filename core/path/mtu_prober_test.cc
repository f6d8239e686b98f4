#include "core/path/mtu_prober.h"

#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using Fit = MtuProber::Fit;

constexpr uint16_t kFull = 1280 + 32;
constexpr absl::Duration kRtt = absl::Milliseconds(20);

// A path that loses what is larger than `mtu_`, and a clock.
class MtuProberTest : public ::testing::Test {
 protected:
  MtuProberTest() { prober_.Restart(net::Family::kV4); }

  // Runs what is due, and answers what passes.
  void Advance(absl::Duration by) {
    const Instant until = now_ + by;
    while (prober_.Next() <= until) {
      now_ = std::max(now_, prober_.Next());
      changes_ += prober_.OnTimeout(now_, kRtt);
      while (const auto size = prober_.PollPing()) {
        sizes_.push_back(*size);
        if (*size <= mtu_) changes_ += prober_.OnPong(now_, *size);
      }
    }
    now_ = until;
  }
  void Send(size_t size) {
    prober_.OnSent(now_, size);
    Advance(absl::ZeroDuration());
  }

  MtuProber prober_{kFull};
  Instant now_;
  uint16_t mtu_ = kFull;
  std::vector<uint16_t> sizes_;  // pinged
  int changes_ = 0;
};

TEST_F(MtuProberTest, ProbesNoPathThatNobodyUses) {
  Advance(absl::Hours(1));
  EXPECT_THAT(sizes_, IsEmpty());
  EXPECT_EQ(prober_.FitOf(kFull), Fit::kUnknown);
  EXPECT_EQ(prober_.FitOf(548), Fit::kYes);  // 576 on the wire
}

TEST_F(MtuProberTest, IsDoneWithOnePingWhereAllFits) {
  Send(100);
  EXPECT_THAT(sizes_, ElementsAre(kFull));
  EXPECT_EQ(prober_.FitOf(kFull), Fit::kYes);
  EXPECT_EQ(changes_, 1);
  Advance(absl::Minutes(1));
  Send(100);  // Small packets are no reason to look again.
  EXPECT_EQ(sizes_.size(), 1u);
}

TEST_F(MtuProberTest, FindsWhatFitsWhereNotAllDoes) {
  mtu_ = 1200;
  Send(kFull);
  EXPECT_EQ(prober_.FitOf(1252), Fit::kUnknown);
  Advance(absl::Seconds(2));
  EXPECT_TRUE(prober_.limited());
  EXPECT_EQ(prober_.proven(), 1200 - 28);
  EXPECT_EQ(prober_.FitOf(1172), Fit::kYes);
  EXPECT_EQ(prober_.FitOf(1173), Fit::kNo);
}

TEST_F(MtuProberTest, TriesAgainRarelyAndFindsThatAllFits) {
  mtu_ = 1000;
  for (int s = 0; s < 3600; ++s, Advance(absl::Seconds(1))) Send(kFull);
  EXPECT_LT(sizes_.size(), 120u);
  mtu_ = kFull;
  for (int s = 0; s < 600; ++s, Advance(absl::Seconds(1))) Send(kFull);
  EXPECT_FALSE(prober_.limited());
  EXPECT_EQ(prober_.proven(), kFull);
}

TEST_F(MtuProberTest, NoticesThatAFullPathHasShrunk) {
  Send(kFull);
  Advance(MtuProber::kRecheck);
  mtu_ = 1300;
  Send(kFull);
  EXPECT_EQ(prober_.FitOf(kFull), Fit::kYes);  // One loss may be bad luck.
  Advance(absl::Seconds(2));
  EXPECT_EQ(prober_.FitOf(kFull), Fit::kNo);
  EXPECT_EQ(prober_.FitOf(1252), Fit::kYes);
}

TEST_F(MtuProberTest, BelievesALatePongOfTheFullSize) {
  mtu_ = 1200;
  Send(kFull);
  Advance(absl::Seconds(2));
  EXPECT_TRUE(prober_.OnPong(now_, kFull));
  EXPECT_FALSE(prober_.limited());
}

TEST_F(MtuProberTest, KnowsNothingOfAnotherPath) {
  Send(kFull);
  prober_.Restart(net::Family::kV6);
  EXPECT_EQ(prober_.FitOf(kFull), Fit::kUnknown);
  EXPECT_EQ(prober_.FitOf(528), Fit::kYes);
  EXPECT_EQ(prober_.FitOf(529), Fit::kUnknown);
}

TEST_F(MtuProberTest, FindsNothingToProbeInASmallTunnel) {
  MtuProber small(500);
  small.OnSent(now_, 500);
  EXPECT_TRUE(small.Next().IsNever());
  EXPECT_EQ(small.FitOf(500), Fit::kYes);
}

}  // namespace
}  // namespace warren::path
