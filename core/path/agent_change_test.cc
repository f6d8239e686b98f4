// Networks and peers that change under an Agent.

#include <algorithm>
#include <utility>
#include <vector>

#include "core/path/agent_fixture.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using ::warren::testing::At;

TEST_F(AgentTest, DoubtsEveryPathWhenWeMove) {
  GoDirect();
  const disco::TxId before = pings_[1].txid;
  now_ += absl::Milliseconds(300);
  agent_.OnLinkChange(now_, LinkChange::kMoved);
  Drain();
  EXPECT_THAT(sent_, ElementsAre(kHere, kThere));
  EXPECT_EQ(calls_, 1);
  EXPECT_FALSE(agent_.OnPong(now_, before));  // From where we were.
  const Route route = Send();
  EXPECT_EQ(route.direct, kHere);
  EXPECT_TRUE(route.relay);
  Answer(kThere);
  EXPECT_EQ(Send().direct, kThere);
  EXPECT_FALSE(Send().relay);
}

TEST_F(AgentTest, KeepsItsPathsWhenTheNetworkOnlyGrows) {
  GoDirect();
  now_ += absl::Milliseconds(300);
  agent_.OnLinkChange(now_, LinkChange::kGrown);
  Drain();
  EXPECT_THAT(sent_, ElementsAre(kHere, kThere));  // One may be better now.
  EXPECT_FALSE(Send().relay);
  agent_.OnOwnEndpointsChanged(now_);
  Drain();
  EXPECT_EQ(calls_, 1);
}

TEST_F(AgentTest, LeavesAFamilyThatVanished) {
  const net::Endpoint v6 = At("[2001:db8::9]:41641");
  agent_.SetEndpoints(now_, std::vector{v6, kHere});
  Send();
  ASSERT_TRUE(Answer(v6));
  own_.has_v6 = false;
  now_ += absl::Seconds(1);
  agent_.OnLinkChange(now_, LinkChange::kMoved);
  Drain();
  EXPECT_EQ(agent_.path().kind, PathKind::kRelay);
  EXPECT_THAT(sent_, ElementsAre(kHere));
  Advance(absl::Seconds(40));
  EXPECT_THAT(sent_, Not(Contains(v6)));
}

TEST_F(AgentTest, SaysNothingToAnIdlePeerWhenTheNetworkChanges) {
  agent_.OnLinkChange(now_, LinkChange::kMoved);
  agent_.OnLinkChange(now_, LinkChange::kGrown);
  Drain();
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_TRUE(agent_.Next().IsNever());
}

TEST_F(AgentTest, FollowsAPeerWhoseAddressChanged) {
  GoDirect();
  const net::Endpoint there = At("203.0.113.9:5000");
  Send();
  agent_.OnAuthentic(now_ += absl::Milliseconds(50), there);
  Drain();
  EXPECT_THAT(sent_, ElementsAre(there));
  ASSERT_TRUE(Answer(there, absl::Milliseconds(30)));
  EXPECT_EQ(Send().direct, kHere);  // It has not failed yet.
  Advance(absl::Milliseconds(250));
  EXPECT_EQ(Send().direct, there);
  EXPECT_FALSE(Send().relay);
}

TEST_F(AgentTest, TriesALostPathAgainForAWhile) {
  GoDirect();
  for (int i = 0; i < 40; ++i, Advance(absl::Milliseconds(100))) Send();
  ASSERT_EQ(agent_.path().kind, PathKind::kRelay);
  size_t pings = 0;
  for (int i = 0; i < 300; ++i, Advance(absl::Seconds(1))) {
    pings += static_cast<size_t>(std::ranges::count(sent_, kHere));
    Send();
    if (i == 20) {
      EXPECT_GE(pings, 6u);
    }
  }
  EXPECT_LE(pings, 45u);  // 20 by retries, the rest by rounds.
}

TEST_F(AgentTest, SendsBothWaysWhenThePeerCallsFromElsewhere) {
  GoDirect();
  now_ += absl::Seconds(1);
  agent_.OnCallMeMaybe(now_, std::vector{kHere});
  EXPECT_FALSE(Send().relay);  // It may just look for a better way.
  agent_.OnCallMeMaybe(now_, std::vector{At("192.0.2.7:9")});
  EXPECT_TRUE(Send().relay);
  Answer(kHere);
  EXPECT_FALSE(Send().relay);
}

TEST_F(AgentTest, ReachesAPeerThroughTheSocketItCameBy) {
  const net::Endpoint by_16 = kHere.Through(16);
  const net::Endpoint by_17 = kHere.Through(17);
  Send();
  agent_.OnPing(now_, disco::NewTxId(rng_), by_16);
  agent_.OnAuthentic(now_, by_17);
  Drain();
  EXPECT_THAT(sent_, ElementsAre(by_16, by_17));
  Answer(by_16);
  EXPECT_EQ(Send().direct, by_16);
  agent_.OnSocketsClosed(now_, 17, 10);
  EXPECT_EQ(Send().direct, by_16);
  agent_.OnSocketsClosed(now_, 16, 1);
  EXPECT_FALSE(Send().direct.IsSet());
}

TEST_F(AgentTest, SendsLargePacketsBothWaysUntilTheyAreKnownToPass) {
  constexpr size_t kFull = 1280 + 32;
  GoDirect();
  EXPECT_TRUE(Send(kFull).relay);
  EXPECT_FALSE(Send(500).relay);
  Advance(absl::ZeroDuration());
  ASSERT_EQ(padded_.size(), 1u);
  EXPECT_EQ(padded_[0].size, kFull);
  EXPECT_EQ(padded_[0].to, kHere);
  agent_.OnPong(now_, padded_[0].txid);
  EXPECT_FALSE(Send(kFull).relay);
  EXPECT_EQ(agent_.log().events().back().kind, ProbeKind::kMtuFound);
}

TEST_F(AgentTest, SendsByRelayWhatDoesNotPass) {
  GoDirect();
  Send(1312);
  for (int i = 0; i < 20; ++i) {
    AdvanceAnswered(absl::Milliseconds(100));
    for (const SendPing& ping : std::exchange(padded_, {})) {
      if (ping.size <= 1200 - 28) agent_.OnPong(now_, ping.txid);
    }
    agent_.OnAuthentic(now_, kHere);
    Send(500);
  }
  const Route large = Send(1312);
  EXPECT_FALSE(large.direct.IsSet());
  EXPECT_TRUE(large.relay);
  EXPECT_EQ(Send(1172).direct, kHere);
  EXPECT_FALSE(Send(1172).relay);
  EXPECT_EQ(agent_.largest_inner(), (1172u - 32) / 16 * 16);
}

}  // namespace
}  // namespace warren::path
