#include "core/path/probe_log.h"

#include <vector>

#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::testing::ElementsAre;
using ::warren::testing::At;

const net::Endpoint kHere = At("198.51.100.7:41641");
const net::Endpoint kThere = At("203.0.113.9:41641");

class ProbeLogTest : public ::testing::Test {
 protected:
  void Add(ProbeKind kind, const net::Endpoint& endpoint = kHere) {
    now_ += absl::Seconds(1);
    log_.Add({.at = now_, .kind = kind, .endpoint = endpoint});
  }
  std::vector<ProbeKind> Kinds() const {
    std::vector<ProbeKind> kinds;
    for (const ProbeEvent& event : log_.events()) kinds.push_back(event.kind);
    return kinds;
  }

  ProbeLog log_;
  Instant now_;
};

TEST_F(ProbeLogTest, KeepsTheOrderAndTheLast64) {
  for (uint32_t i = 0; i < 100; ++i) {
    log_.Add({.at = now_, .kind = ProbeKind::kCallSent, .count = i});
  }
  ASSERT_EQ(log_.events().size(), ProbeLog::kMaxEvents);
  EXPECT_EQ(log_.events().front().count, 36u);
  EXPECT_EQ(log_.events().back().count, 99u);
}

TEST_F(ProbeLogTest, KeepsOfAnsweredHeartbeatsTheLatest) {
  Add(ProbeKind::kPathTaken);
  for (int i = 0; i < 50; ++i) {
    Add(ProbeKind::kPingSent);
    Add(ProbeKind::kPingReceived);
    Add(ProbeKind::kPongReceived);
  }
  EXPECT_THAT(Kinds(),
              ElementsAre(ProbeKind::kPathTaken, ProbeKind::kPingSent,
                          ProbeKind::kPingReceived, ProbeKind::kPongReceived));
  EXPECT_EQ(log_.events().back().at, now_);
}

TEST_F(ProbeLogTest, KeepsOfThePeersHeartbeatsTheLatest) {
  for (int i = 0; i < 50; ++i) Add(ProbeKind::kPingReceived);
  EXPECT_THAT(Kinds(), ElementsAre(ProbeKind::kPingReceived));
}

TEST_F(ProbeLogTest, KeepsEachPingThatWasNotAnswered) {
  Add(ProbeKind::kPongReceived);
  Add(ProbeKind::kPingSent);
  Add(ProbeKind::kPingSent);
  Add(ProbeKind::kPingSent);
  EXPECT_EQ(Kinds().size(), 4u);
}

TEST_F(ProbeLogTest, KeepsTheSearchAmongSeveralCandidates) {
  for (int round = 0; round < 2; ++round) {
    Add(ProbeKind::kPingSent, kHere);
    Add(ProbeKind::kPingSent, kThere);
    Add(ProbeKind::kPongReceived, kHere);
    Add(ProbeKind::kPongReceived, kThere);
  }
  EXPECT_EQ(Kinds().size(), 8u);
}

}  // namespace
}  // namespace warren::path
