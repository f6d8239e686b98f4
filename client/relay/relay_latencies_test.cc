#include "client/relay/relay_latencies.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/relay/test_loop.h"
#include "client/relay/test_server.h"
#include "gtest/gtest.h"
#include "io/http_upgrade.h"

namespace warren::client {
namespace {

// Answers latency checks with `status`, after `delay`.
class CheckServer {
 public:
  CheckServer(TestLoop& loop, int status, absl::Duration delay,
              std::shared_ptr<const io::TlsContext> tls = nullptr)
      : loop_(loop),
        status_(status),
        delay_(delay),
        tls_(tls),
        server_(
            *loop, [this](TestConnection& c) { OnAccepted(c); },
            std::move(tls)) {}

  derp::RelayNode node() const {
    return {.name = "1a",
            .hostname = "relay.example",
            .ipv4 = "127.0.0.1",
            .ipv6 = "none",
            .stun_port = -1,
            .derp_port = server_.port(),
            .cert_name = tls_ ? std::string(tls_->pin()) : "",
            .plain_http = tls_ == nullptr};
  }
  const std::string& request() const { return request_; }
  size_t num_accepted() const { return server_.connections().size(); }

 private:
  void OnAccepted(TestConnection& c) {
    c.on_bytes = [this, &c](Bytes bytes) {
      absl::StrAppend(&request_, AsText(bytes));
      if (!absl::EndsWith(request_, "\r\n\r\n")) return;
      // The loop's clock is all that the client sees of the delay.
      const Instant until = loop_->Now() + delay_;
      while (loop_->Now() < until) continue;
      io::HttpResponse response;
      response.status = status_;
      c.Write(AsBytes(io::BuildHttpResponse(response)));
    };
  }

  TestLoop& loop_;
  const int status_;
  const absl::Duration delay_;
  const std::shared_ptr<const io::TlsContext> tls_;
  std::string request_;
  TestServer server_;
};

class RelayLatenciesTest : public testing::Test {
 protected:
  explicit RelayLatenciesTest(int rate = 1) : loop_(rate) {
    loop_.Drive(&latencies_);
  }
  void Add(int id, const derp::RelayNode& node) {
    map_.regions.push_back({.id = RelayId(static_cast<uint16_t>(id)),
                            .code = "t",
                            .name = "T",
                            .no_measure_no_home = false,
                            .nodes = {node}});
  }
  void MeasureAll(size_t answers) {
    std::vector<RelayId> ids;
    for (const auto& region : map_.regions) ids.push_back(region.id);
    latencies_.Measure(ids, map_, std::nullopt);
    ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() >= answers; }));
  }
  std::optional<absl::Duration> Answer(int id) {
    return answers_.at(RelayId(static_cast<uint16_t>(id)));
  }

  TestLoop loop_;
  Resolver resolver_{*loop_};
  derp::RelayMap map_;
  std::map<RelayId, std::optional<absl::Duration>> answers_;
  RelayLatencies latencies_{
      *loop_, resolver_,
      [this](RelayId id, std::optional<absl::Duration> latency) {
        EXPECT_TRUE(answers_.emplace(id, latency).second) << "answered twice";
      }};
};

// The same where time flies.
class PatientRelayLatenciesTest : public RelayLatenciesTest {
 protected:
  PatientRelayLatenciesTest() : RelayLatenciesTest(100) {}
};

TEST_F(RelayLatenciesTest, TimesTheAnswerToACheckOverPinnedTlsAndPlain) {
  const TestTls tls;
  CheckServer secure(loop_, 200, absl::Milliseconds(30), tls.server);
  CheckServer plain(loop_, 204, absl::ZeroDuration());
  Add(1, secure.node());
  Add(2, plain.node());
  MeasureAll(2);
  ASSERT_TRUE(Answer(1).has_value());
  EXPECT_GE(*Answer(1), absl::Milliseconds(30));
  ASSERT_TRUE(Answer(2).has_value());
  EXPECT_TRUE(absl::StartsWith(secure.request(),
                               "GET /derp/latency-check HTTP/1.1\r\n"))
      << secure.request();
  EXPECT_TRUE(absl::StrContains(
      secure.request(),
      absl::StrCat("Host: relay.example:", secure.node().derp_port, "\r\n")));
}

TEST_F(PatientRelayLatenciesTest, TellsWhichAreNotReached) {
  CheckServer no_relay(loop_, 404, absl::ZeroDuration());
  TestServer silent(*loop_, [](TestConnection&) {});
  TestServer garbage(*loop_, [](TestConnection& c) {
    c.on_bytes = [&c](Bytes) { c.Write(AsBytes("220 mail.example\r\n\r\n")); };
  });
  derp::RelayNode node = no_relay.node();
  Add(1, node);
  node.derp_port = silent.port();
  Add(2, node);
  node.derp_port = garbage.port();
  Add(3, node);
  node.derp_port = RefusingEndpoint().port();
  Add(4, node);
  node.stun_only = true;
  Add(5, node);
  const Instant start = loop_->Now();
  MeasureAll(5);
  for (int id = 1; id <= 5; ++id) EXPECT_FALSE(Answer(id).has_value()) << id;
  EXPECT_GE(loop_->Now() - start, RelayLatencies::kDeadline);
  EXPECT_EQ(latencies_.Next(), Instant::Never());
}

TEST_F(RelayLatenciesTest, MeasuresManyInTurnAndNoneTwiceAtOnce) {
  CheckServer server(loop_, 200, absl::ZeroDuration());
  for (int id = 1; id <= 40; ++id) Add(id, server.node());
  latencies_.Measure({RelayId(7), RelayId(999)}, map_, std::nullopt);
  MeasureAll(41);
  int reached = 0;
  for (const auto& [id, latency] : answers_) reached += latency.has_value();
  EXPECT_EQ(reached, 40);
  EXPECT_EQ(server.num_accepted(), 40u);
}

TEST_F(RelayLatenciesTest, SaysNothingAfterItsEnd) {
  CheckServer server(loop_, 200, absl::ZeroDuration());
  Add(1, server.node());
  derp::RelayNode by_name = server.node();
  by_name.hostname = "localhost";
  by_name.ipv4.clear();
  Add(2, by_name);
  latencies_.Measure({RelayId(1), RelayId(2)}, map_, std::nullopt);
  latencies_.Cancel();
  bool answered = false;
  resolver_.Resolve("localhost",
                    [&](std::vector<net::IpAddress>) { answered = true; });
  ASSERT_TRUE(loop_.RunUntil([&] { return answered; }));
  EXPECT_TRUE(answers_.empty());
  EXPECT_EQ(latencies_.Next(), Instant::Never());
}

}  // namespace
}  // namespace warren::client
