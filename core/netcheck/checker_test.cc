#include "core/netcheck/checker.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/netcheck/checker_world.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;
using ::warren::testing::At;

using net::Dependence;
using net::PortAllocation;

TEST_F(CheckerTest, OneRelayOfOursTellsAHardNat) {
  Behind({.mapping = Dependence::kAddressAndPortDependent,
          .ports = PortAllocation::kRandom});
  Add(kNear);
  const Report report = Run();
  EXPECT_TRUE(report.nat.hard());
  EXPECT_EQ(report.nat.mapping, Dependence::kAddressAndPortDependent);
}

TEST_F(CheckerTest, OneRelayOfOursTellsAnEasyNat) {
  Behind({});
  Add(kNear);
  EXPECT_TRUE(Run().nat.easy());
}

TEST_F(CheckerTest, OneStockRelayTellsOnlyTheAddress) {
  Behind({.ports = PortAllocation::kRandom});
  Add(kStockNear);
  const Report report = Run();
  EXPECT_TRUE(report.mapped_v4);
  EXPECT_EQ(report.nat.mapping, Dependence::kUnknown);
  EXPECT_EQ(report.nat.filtering, Dependence::kUnknown);
}

TEST_F(CheckerTest, StockRelaysAreCompared) {
  Behind({.mapping = Dependence::kAddressAndPortDependent,
          .ports = PortAllocation::kSequential,
          .step = 2});
  Add(kStockNear);
  Add(kStockFar);
  const Report report = Run();
  EXPECT_TRUE(report.nat.hard());
  // The extra sockets work with any server.
  EXPECT_EQ(report.nat.ports, PortAllocation::kSequential);
  EXPECT_EQ(report.nat.port_step, 2);
}

TEST_F(CheckerTest, AServerThatDropsTheExtendedRequestIsAskedPlainly) {
  Behind({});
  drops_extended_ = true;
  Add(kStockNear);
  Add(kStockFar);
  const Report report = Run();
  EXPECT_TRUE(report.nat.easy());
  EXPECT_THAT(report.latencies,
              ElementsAre(Pair(RelayId(1), absl::Milliseconds(20)),
                          Pair(RelayId(2), absl::Milliseconds(50))));
}

TEST_F(CheckerTest, AHostWithoutNatHasNone) {
  Add(kNear);
  const Report report = Run();
  EXPECT_EQ(report.nat.translates, false);
  EXPECT_TRUE(report.nat.easy());
  EXPECT_EQ(report.nat.filtering, Dependence::kAddressDependent);
  EXPECT_EQ(report.nat.hairpins, std::nullopt);
}

TEST_F(CheckerTest, SeesHairpinning) {
  Behind({.hairpins = true});
  Add(kNear);
  EXPECT_EQ(Run().nat.hairpins, true);
}

TEST_F(CheckerTest, CallsNoFilterStrictBecauseThePortIsBlockedElsewhere) {
  Behind({.filtering = Dependence::kAddressDependent});
  other_port_blocked_ = true;
  Add(kNear);
  EXPECT_EQ(Run().nat.filtering, Dependence::kUnknown);
}

TEST_F(CheckerTest, CallsNoFilterLooseForAnAnswerFromTheSamePort) {
  Behind({.filtering = Dependence::kAddressAndPortDependent});
  keeps_port_ = true;
  Add(kNear);
  EXPECT_EQ(Run().nat.filtering, Dependence::kAddressAndPortDependent);
}

TEST_F(CheckerTest, CallsNoFilterStrictForWantOfSockets) {
  Behind({.filtering = Dependence::kAddressDependent});
  sockets_work_ = false;
  Add(kNear);
  const Report report = Run();
  EXPECT_EQ(report.nat.filtering, Dependence::kUnknown);
  EXPECT_TRUE(report.nat.easy());
}

TEST_F(CheckerTest, WithoutSocketsJudgesPortsByTheMainOne) {
  Behind({.mapping = Dependence::kAddressAndPortDependent,
          .ports = PortAllocation::kSequential,
          .step = 3});
  sockets_work_ = false;
  Add(kNear);
  Add(kFar);
  const Report first = Run();
  EXPECT_EQ(first.nat.ports, PortAllocation::kSequential);
  EXPECT_EQ(first.nat.port_step, 3);
  // The mappings are old now, and say nothing of how new ones are made.
  premises_.mapped_v4 = first.mapped_v4;
  EXPECT_EQ(Run().nat.ports, PortAllocation::kUnknown);
}

TEST_F(CheckerTest, AsksAgainWhatGotLost) {
  Behind({.filtering = Dependence::kAddressDependent,
          .ports = PortAllocation::kRandom});
  Add(kNear);
  Begin();
  RunUntil(now_ + absl::Milliseconds(19));
  blocked_ = 5;  // All the first questions after the address.
  RunUntil(now_ + absl::Seconds(5));
  const Report& report = reports_.back();
  EXPECT_EQ(report.nat.filtering, Dependence::kAddressDependent);
  EXPECT_EQ(report.nat.ports, PortAllocation::kRandom);
}

// Each of three servers lies in turn, about all or about the port alone.
TEST_F(CheckerTest, OneLiarOfThreeChangesNothing) {
  for (const bool hard : {false, true}) {
    for (const char* lie : {"192.0.2.66:6", "203.0.113.5:6", "10.0.0.1:7"}) {
      for (size_t liar = 0; liar < 3; ++liar) {
        SCOPED_TRACE(absl::StrCat(hard ? "hard " : "easy ", lie, " ", liar));
        Behind({.mapping = hard ? Dependence::kAddressAndPortDependent
                                : Dependence::kEndpointIndependent,
                .ports = PortAllocation::kSequential,
                .step = 1});
        servers_ = {kNear, kFar, kThird};
        servers_[liar].lie = lie;
        const Report report = Run();
        ASSERT_TRUE(report.mapped_v4);
        EXPECT_EQ(report.mapped_v4->address(), kPublic);
        EXPECT_EQ(report.nat.hard(), hard);
        EXPECT_EQ(report.nat.easy(), !hard);
      }
    }
  }
}

TEST_F(CheckerTest, AFastLiarDoesNotTakeTheKnownAddressEvenForAMoment) {
  Behind({});
  servers_ = {kNear, kFar, kThird};
  servers_[0].lie = "192.0.2.66:6";
  premises_.mapped_v4 = net::Endpoint(kPublic, kLocalPort);
  Run(Depth::kIncremental);
  for (const Report& report : reports_) {
    EXPECT_EQ(report.mapped_v4, premises_.mapped_v4);
  }
}

TEST_F(CheckerTest, ALiarAboutItsOtherPortSendsUsToItselfOnly) {
  Behind({});
  Add(kNear);
  Add(kStockFar);
  servers_[0].other_port = 53;
  Run();
  for (const Probe& probe : probes_) {
    EXPECT_TRUE(probe.to.port() == 3478 || probe.to == At("198.51.100.1:53") ||
                probe.to.address() == kPublic)
        << probe.to.ToString();
  }
}

TEST_F(CheckerTest, SendsABoundedNumberOfRequests) {
  Behind({.mapping = Dependence::kAddressAndPortDependent,
          .ports = PortAllocation::kRandom});
  servers_ = {kNear, kFar, kThird};
  Run(Depth::kIncremental);
  EXPECT_THAT(probes_, SizeIs(3));
  probes_.clear();
  Run(Depth::kFull);
  EXPECT_THAT(probes_, SizeIs(6));
  probes_.clear();
  Run(Depth::kNat);
  EXPECT_LE(probes_.size(), 6u + 4u + 3u + 3u);
}

TEST_F(CheckerTest, TellsTheMappedAddressWithTheFirstAnswer) {
  Behind({});
  Add(kNear);
  Add(kFar);
  Begin();
  RunUntil(now_ + absl::Milliseconds(20));
  ASSERT_THAT(reports_, SizeIs(1));
  EXPECT_FALSE(reports_[0].complete);
  EXPECT_EQ(reports_[0].mapped_v4, net::Endpoint(kPublic, kLocalPort));
  EXPECT_THAT(reports_[0].latencies,
              ElementsAre(Pair(RelayId(1), absl::Milliseconds(20))));
}

TEST_F(CheckerTest, EndsAnIncrementalRoundWithTheLastAnswer) {
  Behind({});
  Add(kNear);
  Add(kFar);
  Begin(Depth::kIncremental);
  RunUntil(now_ + absl::Milliseconds(50));
  EXPECT_TRUE(reports_.back().complete);
  EXPECT_FALSE(checker_.running());
  EXPECT_TRUE(checker_.Next().IsNever());
}

TEST_F(CheckerTest, AsksThreeTimesAndThenReportsThatUdpIsBlocked) {
  Add(kNear);
  blocked_ = 1000;
  const Report report = Run();
  EXPECT_THAT(probes_, SizeIs(3));
  EXPECT_THAT(reports_, SizeIs(1));
  EXPECT_TRUE(report.complete);
  EXPECT_FALSE(report.udp_works());
}

TEST_F(CheckerTest, DoesNotWaitLongForFarRelaysOnceThreeAnswered) {
  servers_ = {
      kNear, kFar, kThird, {4, "198.51.100.4:3478", absl::Seconds(1), 0}};
  Behind({});
  Begin(Depth::kIncremental);
  RunUntil(now_ + absl::Milliseconds(60 + 60));
  EXPECT_TRUE(reports_.back().complete);
  EXPECT_THAT(reports_.back().latencies, SizeIs(3));
  Begin(Depth::kFull);
  RunUntil(now_ + absl::Milliseconds(60 + 60));
  EXPECT_FALSE(reports_.back().complete);
  RunUntil(now_ + absl::Milliseconds(60));
  EXPECT_TRUE(reports_.back().complete);
}

TEST_F(CheckerTest, TakesEachAnswerOnceAndOnlyWhatItAsked) {
  Begin();
  Add({1, "198.51.100.1:9"});
  Begin();
  const Probe asked = probes_.back();
  const net::Endpoint from = asked.to;
  const stun::Response answer{asked.txid, At("203.0.113.5:7"), 0};
  EXPECT_FALSE(checker_.OnResponse(now_, from, {{}, At("203.0.113.5:7"), 0}));
  EXPECT_FALSE(checker_.OnRequest(now_, asked.txid));
  Begin();
  EXPECT_FALSE(checker_.OnResponse(now_, from, answer));  // Of the last round.
  const stun::Response fresh{probes_.back().txid, At("203.0.113.5:7"), 0};
  EXPECT_TRUE(checker_.OnResponse(now_, from, fresh));
  EXPECT_FALSE(checker_.OnResponse(now_, from, fresh));
}

TEST_F(CheckerTest, WantsItsSocketsForTheNatCheckAlone) {
  Behind({});
  Add(kNear);
  Begin(Depth::kFull);
  EXPECT_FALSE(checker_.wants_sockets());
  Begin(Depth::kNat);
  EXPECT_TRUE(checker_.wants_sockets());
  RunUntil(now_ + absl::Seconds(5));
  EXPECT_FALSE(checker_.wants_sockets());
}

}  // namespace
}  // namespace warren::netcheck
