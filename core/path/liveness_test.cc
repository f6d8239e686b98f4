#include "core/path/liveness.h"

#include "gtest/gtest.h"

namespace warren::path {
namespace {

using Step = Liveness::Step;
constexpr absl::Duration Ms(int64_t n) { return absl::Milliseconds(n); }
const Instant kStart = Instant::FromEpoch(absl::Seconds(100));
const absl::Duration kRtt = Ms(20);

TEST(Liveness, WantsNothingOfAPathThatNobodyUses) {
  Liveness liveness;
  liveness.OnTraffic(kStart, kRtt);
  EXPECT_TRUE(liveness.Next().IsNever());
}

// Packets each way, each 10 ms, pongs after `kRtt`. Returns the probes.
int Talk(Liveness& liveness, Instant start, absl::Duration duration) {
  int probes = 0;
  Instant pong = Instant::Never();
  for (Instant now = start; now < start + duration; now += Ms(10)) {
    liveness.OnSent(now, kRtt);
    liveness.OnTraffic(now, kRtt);
    if (now >= pong) liveness.OnPong(now);
    if (now >= pong) pong = Instant::Never();
    if (liveness.OnTimeout(now, kRtt) != Liveness::Step::kProbe) continue;
    ++probes;
    pong = now + kRtt;
  }
  return probes;
}

TEST(Liveness, ProbesTwiceASecondWhereBothSpeak) {
  Liveness liveness;
  const int probes = Talk(liveness, kStart, absl::Seconds(60));
  EXPECT_FALSE(liveness.in_doubt());
  EXPECT_LE(probes, absl::Seconds(60) / Liveness::kProofAge + 1);
  EXPECT_GE(probes, 100);
}

TEST(Liveness, DoubtsWithinASecondThoughThePeerIsStillHeard) {
  Liveness liveness;
  Talk(liveness, kStart, absl::Seconds(10));
  const Instant cut = kStart + absl::Seconds(10);
  Instant now = cut;
  for (; !liveness.in_doubt(); now += Ms(10)) {
    liveness.OnSent(now, kRtt);
    liveness.OnTraffic(now, kRtt);
    liveness.OnTimeout(now, kRtt);
    ASSERT_LT(now - cut, absl::Seconds(1));
  }
}

TEST(Liveness, DoubtsWithinHalfASecondWhenThePeerFallsSilent) {
  Liveness liveness;
  Talk(liveness, kStart, absl::Seconds(10));
  const Instant cut = kStart + absl::Seconds(10);
  for (Instant now = cut; !liveness.in_doubt(); now += Ms(10)) {
    liveness.OnSent(now, kRtt);
    liveness.OnTimeout(now, kRtt);
    ASSERT_LE(now - cut, Liveness::kAnswerWait + Liveness::kProbeWait + Ms(20));
  }
}

TEST(Liveness, ProbesASuspectAtOnceButDoesNotDoubtIt) {
  Liveness liveness;
  liveness.Suspect(kStart);
  EXPECT_EQ(liveness.OnTimeout(kStart, kRtt), Step::kProbe);
  EXPECT_FALSE(liveness.in_doubt());
}

TEST(Liveness, ProbesThenDoubtsThenGivesUp) {
  Liveness liveness;
  liveness.OnSent(kStart, kRtt);
  Instant now = liveness.Next();
  EXPECT_EQ(now, kStart + Liveness::kAnswerWait);
  EXPECT_EQ(liveness.OnTimeout(now - Ms(1), kRtt), Step::kNothing);
  EXPECT_EQ(liveness.OnTimeout(now, kRtt), Step::kProbe);
  EXPECT_FALSE(liveness.in_doubt());
  now = liveness.Next();
  EXPECT_EQ(liveness.OnTimeout(now, kRtt), Step::kProbe);
  EXPECT_TRUE(liveness.in_doubt());
  EXPECT_EQ(now - kStart, Liveness::kAnswerWait + Liveness::kProbeWait);
  int probes = 2;
  while (liveness.OnTimeout(now = liveness.Next(), kRtt) == Step::kProbe) {
    ++probes;
  }
  EXPECT_EQ(probes, Liveness::kMaxProbes);
  EXPECT_LT(now - kStart, absl::Seconds(3));
}

TEST(Liveness, ProbesAOneWayFlowAtMostSoOften) {
  Liveness liveness;
  int probes = 0;
  for (Instant now = kStart; now < kStart + absl::Seconds(60); now += Ms(1)) {
    liveness.OnSent(now, kRtt);
    if (liveness.OnTimeout(now, kRtt) == Step::kProbe) {
      ++probes;
      liveness.OnPong(now);
    }
  }
  EXPECT_LE(probes, absl::Seconds(60) / Liveness::kProbeSpacing + 1);
  EXPECT_GE(probes, 90);
}

TEST(Liveness, WaitsLongerForASlowPathButNotForever) {
  Liveness liveness;
  liveness.OnSent(kStart, Ms(400));
  EXPECT_EQ(liveness.Next(), kStart + Ms(800));
  Liveness endless;
  endless.OnSent(kStart, absl::InfiniteDuration());
  EXPECT_EQ(endless.Next(), kStart + absl::Seconds(1));
}

}  // namespace
}  // namespace warren::path
