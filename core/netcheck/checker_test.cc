#include "core/netcheck/checker.h"

#include <vector>

#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::warren::testing::At;

const RelayId kNear(1);
const RelayId kFar(2);
const net::Endpoint kMapped = At("203.0.113.5:20001");

class CheckerTest : public ::testing::Test {
 protected:
  // Starts a round with a server for each of `relays`.
  void Start(const std::vector<RelayId>& relays) {
    std::vector<Server> servers;
    for (const RelayId relay : relays) {
      servers.push_back(
          {relay, {net::IpAddress::V4(0xc6336400 + relay.value()), 3478}});
    }
    checker_.Start(now_, servers);
    Drain();
  }
  void Drain() {
    while (const auto probe = checker_.PollProbe()) probes_.push_back(*probe);
    while (const auto report = checker_.PollReport()) {
      reports_.push_back(*report);
    }
  }
  bool Answer(const Probe& probe, const net::Endpoint& seen = kMapped) {
    const bool taken = checker_.OnResponse(now_, {probe.txid, seen});
    Drain();
    return taken;
  }
  void Advance(absl::Duration by) {
    const Instant until = now_ + by;
    while (checker_.Next() <= until) {
      now_ = checker_.Next();
      checker_.OnTimeout(now_);
      Drain();
    }
    now_ = until;
  }

  SeededRng rng_{1};
  Checker checker_{rng_};
  Instant now_ = Instant::FromEpoch(absl::Seconds(1));
  std::vector<Probe> probes_;
  std::vector<Report> reports_;
};

TEST_F(CheckerTest, TellsTheMappedAddressWithTheFirstAnswer) {
  Start({kNear, kFar});
  ASSERT_THAT(probes_, SizeIs(2));
  Advance(absl::Milliseconds(20));
  EXPECT_TRUE(Answer(probes_[0]));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_FALSE(reports_[0].complete);
  EXPECT_EQ(reports_[0].mapped_v4, kMapped);
  EXPECT_THAT(reports_[0].latencies,
              ElementsAre(Pair(kNear, absl::Milliseconds(20))));
}

TEST_F(CheckerTest, EndsTheRoundWithTheLastAnswer) {
  Start({kNear, kFar});
  Answer(probes_[0]);
  Answer(probes_[1]);
  EXPECT_TRUE(reports_.back().complete);
  EXPECT_EQ(reports_.back().mapping_varies, false);
  EXPECT_FALSE(checker_.running());
  EXPECT_TRUE(checker_.Next().IsNever());
}

TEST_F(CheckerTest, SeesANatThatMapsByDestination) {
  Start({kNear, kFar});
  Answer(probes_[0]);
  Answer(probes_[1], At("203.0.113.5:20002"));
  EXPECT_EQ(reports_.back().mapping_varies, true);
  EXPECT_EQ(reports_.back().mapped_v4, kMapped);
}

TEST_F(CheckerTest, DoesNotJudgeTheNatByOneServer) {
  Start({kNear});
  Answer(probes_[0]);
  EXPECT_EQ(reports_.back().mapping_varies, std::nullopt);
}

TEST_F(CheckerTest, AsksThreeTimesAndThenReportsThatUdpIsBlocked) {
  Start({kNear});
  Advance(absl::Seconds(10));
  EXPECT_THAT(probes_, SizeIs(Checker::kTries));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_TRUE(reports_[0].complete);
  EXPECT_FALSE(reports_[0].udp_works());
}

TEST_F(CheckerTest, DoesNotWaitLongForFarRelaysOnceThreeAnswered) {
  Start({RelayId(1), RelayId(2), RelayId(3), RelayId(4)});
  Advance(absl::Milliseconds(30));
  for (int i = 0; i < 3; ++i) Answer(probes_[static_cast<size_t>(i)]);
  Advance(absl::Milliseconds(31));
  EXPECT_TRUE(reports_.back().complete);
}

TEST_F(CheckerTest, TakesEachAnswerOnceAndOnlyWhatItAsked) {
  Start({kNear, kFar});
  EXPECT_FALSE(Answer({probes_[0].to, stun::TxId{}}));
  EXPECT_TRUE(Answer(probes_[0]));
  EXPECT_FALSE(Answer(probes_[0]));
  Start({kNear});
  EXPECT_FALSE(Answer(probes_[1]));  // Of the abandoned round.
}

TEST_F(CheckerTest, BelievesNoAddressThatCannotBeOurs) {
  Start({kNear, kFar});
  for (const char* lie : {"127.0.0.1:1", "100.64.0.9:1", "224.0.0.1:1",
                          "0.0.0.0:1", "203.0.113.5:0"}) {
    Start({kNear});
    EXPECT_TRUE(Answer(probes_.back(), At(lie)));
    EXPECT_FALSE(reports_.back().udp_works()) << lie;
  }
}

TEST_F(CheckerTest, AsksABoundedNumberOfServers) {
  checker_.Start(now_, std::vector<Server>(1000, {kNear, At("192.0.2.1:1")}));
  Drain();
  EXPECT_THAT(probes_, SizeIs(Checker::kMaxServers));
}

}  // namespace
}  // namespace warren::netcheck
