#include "core/engine/tcp_check.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;
using ::testing::SizeIs;

constexpr char kPortal[] = "HTTP/1.1 302 Found\r\nLocation: http://in/\r\n\r\n";

absl::Duration Ms(int64_t n) { return absl::Milliseconds(n); }

class TcpCheckTest : public ::testing::Test {
 protected:
  // A relay at 198.51.100.`id`.
  void Add(uint16_t id, bool plain_http = false) {
    derp::RelayRegion& region = map_.regions.emplace_back();
    region.id = RelayId(id);
    derp::RelayNode& node = region.nodes.emplace_back();
    node.ipv4 = absl::StrCat("198.51.100.", id);
    node.hostname = absl::StrCat("relay-", id);
    node.plain_http = plain_http;
    node.derp_port = plain_http ? 8080 : 0;
  }
  void Start(RelayId home = RelayId()) {
    servers_.SetMap(map_);
    check_.Start(now_, servers_, home);
    while (auto event = check_.Poll()) {
      if (auto* exchange = std::get_if<ExchangeWanted>(&*event)) {
        exchanges_.push_back(*exchange);
      } else {
        asked_ = std::get<RelayLatencyWanted>(*event).relays;
      }
    }
  }
  bool Answer(size_t exchange, const std::string& response) {
    return check_.OnExchange(exchanges_[exchange].id, response);
  }
  static std::string RelaySays(const ExchangeWanted& exchange) {
    return absl::StrCat(
        "HTTP/1.1 204 No Content\r\nX-Tailscale-Response: ", "response ts_",
        exchange.to.address().ToString(), "\r\n\r\n");
  }

  SeededRng rng_{1};
  TcpCheck check_{rng_};
  Instant now_ = Instant::FromEpoch(absl::Seconds(1));
  derp::RelayMap map_;
  RelayServers servers_;
  std::vector<ExchangeWanted> exchanges_;
  std::vector<RelayId> asked_;
};

TEST_F(TcpCheckTest, MeasuresRelaysAndEndsWithTheLastAnswer) {
  Add(1);
  Add(2);
  Start();
  EXPECT_THAT(asked_, ElementsAre(RelayId(1), RelayId(2)));
  check_.OnRelayLatency(RelayId(1), Ms(40));
  check_.OnRelayLatency(RelayId(2), std::nullopt);
  check_.OnRelayLatency(RelayId(3), Ms(1));  // Nobody asked.
  EXPECT_FALSE(check_.TakeEnd(now_));
  for (const ExchangeWanted& exchange : exchanges_) {
    EXPECT_TRUE(check_.OnExchange(exchange.id, RelaySays(exchange)));
    EXPECT_FALSE(check_.OnExchange(exchange.id, RelaySays(exchange)));
  }
  EXPECT_TRUE(check_.TakeEnd(now_));
  EXPECT_FALSE(check_.TakeEnd(now_));
  EXPECT_THAT(check_.latencies(), ElementsAre(Pair(RelayId(1), Ms(40))));
  EXPECT_EQ(check_.captive_portal(), false);
}

TEST_F(TcpCheckTest, EndsWithoutAnswersAfterFiveSeconds) {
  Add(1);
  Start();
  EXPECT_EQ(check_.Next(), now_ + absl::Seconds(5));
  EXPECT_FALSE(check_.TakeEnd(now_ + Ms(4999)));
  EXPECT_TRUE(check_.TakeEnd(now_ + absl::Seconds(5)));
  EXPECT_EQ(check_.captive_portal(), std::nullopt);
}

TEST_F(TcpCheckTest, AsksHomeFirstAndFiveAtMost) {
  for (uint16_t i = 1; i <= 9; ++i) Add(i);
  Start(RelayId(7));
  ASSERT_THAT(exchanges_, SizeIs(TcpCheck::kMaxTargets));
  EXPECT_EQ(exchanges_[0].to.ToString(), "198.51.100.7:80");
  EXPECT_EQ(exchanges_[1].to.ToString(), "198.51.100.1:80");
}

TEST_F(TcpCheckTest, AsksAPlainRelayAtItsOwnPort) {
  Add(1, true);
  Start();
  ASSERT_THAT(exchanges_, SizeIs(1));
  EXPECT_EQ(exchanges_[0].to.ToString(), "198.51.100.1:8080");
  EXPECT_TRUE(Answer(0, kPortal));
  EXPECT_EQ(check_.captive_portal(), true);
}

TEST_F(TcpCheckTest, SeesAPortal) {
  Add(1);
  Start();
  EXPECT_TRUE(Answer(0, kPortal));
  EXPECT_EQ(check_.captive_portal(), true);
}

TEST_F(TcpCheckTest, TakesNoWebSiteOfTheRelaysMachineForAPortal) {
  Add(1);
  Start();
  EXPECT_TRUE(Answer(0, kPortal));
  check_.OnRelayLatency(RelayId(1), Ms(20));
  EXPECT_EQ(check_.captive_portal(), false);
}

TEST_F(TcpCheckTest, KnowsNothingFromFailures) {
  Add(1);
  Start();
  EXPECT_TRUE(
      check_.OnExchange(exchanges_[0].id, absl::UnavailableError("refused")));
  EXPECT_EQ(check_.captive_portal(), std::nullopt);
  Start();
  EXPECT_TRUE(Answer(1, "SSH-2.0\r\n"));
  EXPECT_EQ(check_.captive_portal(), std::nullopt);
}

TEST_F(TcpCheckTest, IgnoresAnswersOfAnAbandonedCheck) {
  Add(1);
  Start();
  check_.Stop();
  EXPECT_FALSE(Answer(0, kPortal));
  check_.OnRelayLatency(RelayId(1), Ms(20));
  EXPECT_FALSE(check_.running());
  EXPECT_EQ(check_.captive_portal(), std::nullopt);
  EXPECT_TRUE(check_.latencies().empty());
}

}  // namespace
}  // namespace warren::engine
