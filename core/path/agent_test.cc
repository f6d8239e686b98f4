#include "core/path/agent.h"

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
using ::warren::testing::At;

TEST_F(AgentTest, CallsAgainAtOnceWhenTheRelayIsThere) {
  agent_.OnRelayUp(now_);
  Drain();
  EXPECT_EQ(calls_, 0) << "nobody wants the peer";
  Send();
  EXPECT_EQ(calls_, 1);
  now_ += absl::Milliseconds(10);
  agent_.OnRelayUp(now_);
  Drain();
  EXPECT_EQ(calls_, 1) << "the first was not heard";
  GoDirect();
  agent_.OnRelayUp(now_);
  Drain();
  EXPECT_EQ(calls_, 0) << "there is a way";
}

TEST_F(AgentTest, SaysNothingUntilThePeerIsWanted) {
  EXPECT_TRUE(agent_.Next().IsNever());
  EXPECT_THAT(pings_, IsEmpty());
}

TEST_F(AgentTest, SendsTheFirstPacketByRelayAndLooksForAWay) {
  const Route route = Send();
  EXPECT_TRUE(route.relay);
  EXPECT_FALSE(route.direct.IsSet());
  EXPECT_THAT(sent_, ElementsAre(kHere, kThere));
  EXPECT_EQ(calls_, 1);
}

TEST_F(AgentTest, TakesTheDirectPathOnceAPongProvesIt) {
  GoDirect();
  const Route route = Send();
  EXPECT_EQ(route.direct, kHere);
  EXPECT_FALSE(route.relay);
  EXPECT_EQ(paths_.back(), (Path{PathKind::kDirect, kHere}));
  EXPECT_EQ(agent_.rtt(), absl::Milliseconds(20));
}

TEST_F(AgentTest, MeasuresTheRelayWhileItIsTheWay) {
  const net::Endpoint relay = net::Endpoint::Relay(kRelay);
  Send();
  EXPECT_EQ(agent_.rtt(), std::nullopt);
  for (int i = 0; i < 300 && std::ranges::find(sent_, relay) == sent_.end();
       ++i) {
    Advance(absl::Milliseconds(10));
  }
  ASSERT_TRUE(Answer(relay, absl::Milliseconds(30)));
  EXPECT_EQ(agent_.rtt(), absl::Milliseconds(30));
  EXPECT_EQ(agent_.path().kind, PathKind::kRelay);
  agent_.SetRelay(now_, RelayId(901));
  EXPECT_EQ(agent_.rtt(), std::nullopt) << "of another relay";
}

TEST_F(AgentTest, AsksNoRelayWhereADirectPathIsFoundAtOnce) {
  GoDirect();
  AdvanceAnswered(absl::Seconds(30));
  for (const SendPing& ping : pings_) EXPECT_FALSE(ping.to.IsRelay());
}

TEST_F(AgentTest, BelievesNoPongItDidNotAskFor) {
  Send();
  EXPECT_FALSE(agent_.OnPong(now_, disco::TxId{}));
  EXPECT_FALSE(Send().direct.IsSet());
}

TEST_F(AgentTest, BelievesAPongOnce) {
  Send();
  EXPECT_TRUE(Answer(kHere));
  EXPECT_FALSE(Answer(kHere));
}

TEST_F(AgentTest, BelievesNoPongThatComesTooLate) {
  Send();
  const size_t first = pings_.size() - 2;
  Advance(PingLedger::kTimeout);
  EXPECT_FALSE(agent_.OnPong(now_, pings_[first].txid));
}

TEST_F(AgentTest, MovesNowhereForAPingOrAuthenticPacket) {
  GoDirect();
  agent_.OnPing(now_, disco::NewTxId(rng_), kThere);
  agent_.OnAuthentic(now_, At("192.0.2.1:5"));
  Drain();
  EXPECT_EQ(Send().direct, kHere);
}

TEST_F(AgentTest, AsksBackAtOnceWhereAPingCameFrom) {
  agent_.OnPing(now_, disco::NewTxId(rng_), At("192.0.2.1:5"));
  Drain();
  EXPECT_THAT(sent_, ElementsAre(At("192.0.2.1:5")));
  agent_.OnPing(now_, disco::NewTxId(rng_),
                At("192.0.2.1:5"));  // But not each time.
  Drain();
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(AgentTest, RepeatsLostProbesQuicklyAndThenRarely) {
  Send();
  Advance(absl::Seconds(1));
  EXPECT_EQ(sent_.size(), 2u * 2 + 1) << "and the relay";
  for (int i = 0; i < 300; ++i) {
    Send();
    Advance(absl::Seconds(1));
  }
  Advance(absl::Seconds(15));
  EXPECT_LE(sent_.size(), 2u * 2);
}

TEST_F(AgentTest, TellsHowLongADirectPathIsWantedInVain) {
  EXPECT_FALSE(agent_.search(now_));
  const Instant start = now_;
  Send();
  Advance(absl::Milliseconds(1100));
  ASSERT_TRUE(agent_.search(now_));
  EXPECT_EQ(agent_.search(now_)->since, start);
  EXPECT_EQ(agent_.search(now_)->num_rounds, 3);
  Send();
  Answer(kHere);
  EXPECT_FALSE(agent_.search(now_));
}

TEST_F(AgentTest, RecordsTheSearch) {
  Send();
  Answer(kHere);
  agent_.OnCallMeMaybe(now_, std::vector{kThere});
  std::vector<ProbeKind> kinds;
  for (const ProbeEvent& e : agent_.log().events()) kinds.push_back(e.kind);
  EXPECT_THAT(kinds,
              ElementsAre(ProbeKind::kPathTaken,  // the relay
                          ProbeKind::kPingSent, ProbeKind::kPingSent,
                          ProbeKind::kPongReceived, ProbeKind::kPathTaken,
                          ProbeKind::kCallReceived));
  EXPECT_EQ(agent_.log().events()[3].rtt, absl::Milliseconds(20));
}

TEST_F(AgentTest, PrefersAMuchFasterPathButDoesNotFlap) {
  Send();
  Answer(kThere, absl::Milliseconds(40));
  EXPECT_EQ(Send().direct, kThere);
  Advance(Agent::kUpgrade);
  for (int i = 0; i < 25 && !sent_.empty(); ++i) Send();
  agent_.OnCallMeMaybe(now_, std::vector{kHere, kThere});
  Drain();
  Answer(kThere, absl::Milliseconds(40));
  agent_.OnCallMeMaybe(now_ += absl::Seconds(1), std::vector{kHere, kThere});
  Drain();
  Answer(kHere, absl::Milliseconds(35));
  EXPECT_EQ(Send().direct, kThere);  // 5 ms is not worth a move.
  agent_.OnCallMeMaybe(now_ += absl::Seconds(1), std::vector{kHere, kThere});
  Drain();
  Answer(kHere, absl::Milliseconds(10));
  EXPECT_EQ(Send().direct, kHere);
}

TEST_F(AgentTest, SendsBothWaysSoonAfterTheAnswersStop) {
  GoDirect();
  Send();
  Advance(absl::Milliseconds(550));
  const Route route = Send();
  EXPECT_EQ(route.direct, kHere);
  EXPECT_TRUE(route.relay);
}

TEST_F(AgentTest, StaysOnThePathThatAnswers) {
  GoDirect();
  for (int i = 0; i < 100; ++i) {
    EXPECT_FALSE(Send().relay);
    AdvanceAnswered(absl::Milliseconds(100));
    agent_.OnAuthentic(now_, kHere);
    Drain();
  }
}

TEST_F(AgentTest, GivesADeadPathUpAndTellsOnce) {
  GoDirect();
  paths_.clear();
  for (int i = 0; i < 40; ++i) {
    Send();
    Advance(absl::Milliseconds(100));
  }
  EXPECT_FALSE(Send().direct.IsSet());
  EXPECT_THAT(paths_, ElementsAre(Path{PathKind::kRelay,
                                       net::Endpoint::Relay(kRelay)}));
}

TEST_F(AgentTest, KeepsASilentPathOpenUntilTheLastUseIs45SecondsAgo) {
  GoDirect();
  const size_t beats = AdvanceAnswered(absl::Minutes(2));
  EXPECT_GE(beats, 1u);
  EXPECT_LE(beats, 2u);
  Advance(absl::Hours(1));
  EXPECT_THAT(sent_, IsEmpty());
  EXPECT_TRUE(agent_.Next().IsNever());
}

TEST_F(AgentTest, UsesBothWaysAfterIdlenessUntilAPongComes) {
  GoDirect();
  AdvanceAnswered(absl::Minutes(2));
  Advance(absl::Hours(1));
  const Route route = Send();
  EXPECT_EQ(route.direct, kHere);
  EXPECT_TRUE(route.relay);
  EXPECT_THAT(sent_, Contains(kHere));
  Answer(kHere);
  EXPECT_FALSE(Send().relay);
}

TEST_F(AgentTest, PingsWhereACallingPeerIsAndDoesNotCallBack) {
  agent_.OnCallMeMaybe(now_, std::vector{At("192.0.2.77:9")});
  Drain();
  EXPECT_THAT(sent_, ElementsAre(kHere, kThere, At("192.0.2.77:9")));
  EXPECT_EQ(calls_, 0);
}

TEST_F(AgentTest, TellsACallerWhenOurEndpointsTurnOutToHaveChanged) {
  agent_.OnCallMeMaybe(now_, {});
  agent_.OnOwnEndpointsChanged(now_ + absl::Seconds(1));
  Drain();
  EXPECT_EQ(calls_, 1);
  agent_.OnOwnEndpointsChanged(now_ + absl::Seconds(6));
  Drain();
  EXPECT_EQ(calls_, 0);
}

TEST_F(AgentTest, UsesTheRelayAloneForAPeerWithoutDiscoKey) {
  agent_.OnDiscoKey(now_, false);
  const Route route = Send();
  EXPECT_TRUE(route.relay);
  EXPECT_THAT(sent_, IsEmpty());
  Advance(absl::Seconds(30));
  EXPECT_THAT(sent_, IsEmpty());
}

TEST_F(AgentTest, DoubtsThePathOfAPeerThatRestarted) {
  GoDirect();
  agent_.OnDiscoKey(now_, true);
  Drain();
  EXPECT_TRUE(Send().relay);
}

TEST_F(AgentTest, AnswersAUserPingByTheFirstPong) {
  ASSERT_TRUE(agent_.Ping(now_, 5));
  Drain();
  Answer(net::Endpoint::Relay(kRelay), absl::Milliseconds(50));
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].ping_id, 5u);
  EXPECT_EQ(answers_[0].path.kind, PathKind::kRelay);
  EXPECT_EQ(answers_[0].rtt, absl::Milliseconds(50));
  Answer(kHere);
  EXPECT_EQ(answers_.size(), 1u);
}

TEST_F(AgentTest, TellsAUserPingThatNobodyAnswers) {
  ASSERT_TRUE(agent_.Ping(now_, 6));
  Advance(absl::Seconds(6));
  ASSERT_EQ(answers_.size(), 1u);
  EXPECT_EQ(answers_[0].rtt, std::nullopt);
}

TEST_F(AgentTest, RefusesAUserPingWithNowhereToGo) {
  Agent lonely(own_);
  lonely.OnDiscoKey(now_, true);
  EXPECT_FALSE(lonely.Ping(now_, 7));
}

TEST_F(AgentTest, BoundsUserPings) {
  size_t accepted = 0;
  for (uint64_t id = 1; id <= 100; ++id) accepted += agent_.Ping(now_, id);
  EXPECT_EQ(accepted, UserPings::kMaxPings);
}

}  // namespace
}  // namespace warren::path
