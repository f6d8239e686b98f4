// What others can make an Agent do.

#include <variant>
#include <vector>

#include "core/path/agent_fixture.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::testing::IsEmpty;
using ::warren::testing::At;

TEST_F(AgentTest, IsNoAmplifierForAPeerThatCallsAllTheTime) {
  // 100 calls a second for 10 s, each with other addresses.
  for (uint32_t i = 0; i < 1000; ++i) {
    std::vector<net::Endpoint> victims;
    for (uint32_t n = 0; n < 64; ++n) {
      victims.emplace_back(net::IpAddress::V4(0xcb007100 + i * 64 + n), 53);
    }
    agent_.OnCallMeMaybe(now_, victims);
    Drain();
    now_ += absl::Milliseconds(10);
  }
  EXPECT_LE(static_cast<double>(pings_.size()),
            Agent::kProbeBurst + 10 * Agent::kProbesPerSecond);
  EXPECT_LE(agent_.candidates().size(), CandidateSet::kMaxCandidates);
}

TEST_F(AgentTest, ChoosesTheAddressItPingedWhoeverAnswers) {
  // A pong tells no address; where it came from does not count (trap 28).
  Send();
  agent_.OnAuthentic(now_, kThere);
  Answer(kHere);
  EXPECT_EQ(Send().direct, kHere);
}

TEST_F(AgentTest, AnswersEachPingOnce) {
  const disco::TxId txid = disco::NewTxId(rng_);
  EXPECT_TRUE(agent_.OnPing(now_, txid, kHere));
  EXPECT_FALSE(agent_.OnPing(now_, txid, kHere));
  EXPECT_FALSE(agent_.OnPing(now_, txid, At("192.0.2.66:53")));
  EXPECT_EQ(agent_.candidates().size(), 2u);  // A replay makes none.
}

TEST_F(AgentTest, IsNoAmplifierForPingsFromManyAddresses) {
  size_t pongs = 0;
  for (uint32_t i = 0; i < 10'000; ++i) {
    const net::Endpoint victim(net::IpAddress::V4(0xcb007100 + i), 53);
    pongs += agent_.OnPing(now_, disco::NewTxId(rng_), victim);
    Drain();
    now_ += absl::Milliseconds(1);
  }
  EXPECT_LE(static_cast<double>(pongs),
            PingReplies::kBurst + 10 * PingReplies::kPerSecond);
  EXPECT_LE(static_cast<double>(pings_.size()),
            Agent::kProbeBurst + 10 * Agent::kProbesPerSecond);
}

TEST_F(AgentTest, AnswersAProvenPeerUnderAnyFlood) {
  GoDirect();
  for (uint32_t i = 0; i < 1000; ++i) {
    agent_.OnPing(now_, disco::NewTxId(rng_), At("192.0.2.66:53"));
  }
  EXPECT_TRUE(agent_.OnPing(now_, disco::NewTxId(rng_), kHere));
}

TEST_F(AgentTest, IsNoAmplifierWithManyPeers) {
  // 200 peers call, each with 64 addresses.
  size_t pings = 0;
  size_t pongs = 0;
  for (uint32_t peer = 0; peer < 200; ++peer) {
    Agent agent(own_);
    agent.OnDiscoKey(now_, true);
    std::vector<net::Endpoint> victims;
    for (uint32_t n = 0; n < 64; ++n) {
      victims.emplace_back(net::IpAddress::V4(0xcb007100 + n), 53);
      pongs += agent.OnPing(now_, disco::NewTxId(rng_), victims.back());
    }
    agent.OnCallMeMaybe(now_, victims);
    while (const auto action = agent.PollAction()) {
      pings += std::holds_alternative<SendPing>(*action);
    }
  }
  EXPECT_LE(static_cast<double>(pings), OwnNode::kProbeBurst);
  EXPECT_LE(static_cast<double>(pongs), OwnNode::kPongBurst);
}

TEST_F(AgentTest, StaysWhereItIsBetweenTwoLikePaths) {
  Send();
  Answer(kHere);
  paths_.clear();
  for (int minute = 0; minute < 60; ++minute) {
    agent_.OnCallMeMaybe(now_ += absl::Minutes(1), std::vector{kHere, kThere});
    Drain();
    const auto jitter = [&] { return rng_.Jitter(absl::Milliseconds(9)); };
    Answer(kHere, absl::Milliseconds(20) + jitter());
    Answer(kThere, absl::Milliseconds(20) + jitter());
  }
  EXPECT_THAT(paths_, IsEmpty());
}

}  // namespace
}  // namespace warren::path
