#include "client/daemon/tcp_exchanges.h"

#include <map>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/relay/test_loop.h"
#include "client/relay/test_server.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

class TcpExchangesTest : public testing::Test {
 protected:
  explicit TcpExchangesTest(int rate = 1) : loop_(rate) {
    loop_.Drive(&exchanges_);
  }

  engine::ExchangeWanted Wanted(const net::Endpoint& to) {
    return {.id = ++last_id_,
            .to = to,
            .request = "GET / HTTP/1.1\r\n\r\n",
            .max_bytes = 1000,
            .timeout = absl::Seconds(2)};
  }
  // Runs until all that were started are answered.
  void RunUntilAnswered() {
    ASSERT_TRUE(loop_.RunUntil([&] { return answers_.size() == last_id_; }));
  }
  absl::StatusOr<std::string> Exchange(const engine::ExchangeWanted& wanted) {
    exchanges_.Start(wanted);
    if (!loop_.RunUntil([&] { return answers_.contains(wanted.id); })) {
      return absl::InternalError("no answer");
    }
    return answers_.at(wanted.id);
  }

  TestLoop loop_;
  TcpExchanges exchanges_{
      *loop_, [this](uint64_t id, absl::StatusOr<std::string> response) {
        EXPECT_TRUE(answers_.emplace(id, std::move(response)).second)
            << "answered twice";
        if (on_answer_) std::exchange(on_answer_, nullptr)();
      }};
  uint64_t last_id_ = 0;
  std::map<uint64_t, absl::StatusOr<std::string>> answers_;
  std::function<void()> on_answer_;
};

// The same where time flies.
class PatientTcpExchangesTest : public TcpExchangesTest {
 protected:
  PatientTcpExchangesTest() : TcpExchangesTest(100) {}
};

TEST_F(TcpExchangesTest, GetsWhatIsSaidUntilTheOtherEndCloses) {
  std::string request;
  TestServer server(*loop_, [&](TestConnection& c) {
    c.on_bytes = [&](Bytes bytes) {
      absl::StrAppend(&request, AsText(bytes));
      if (!absl::EndsWith(request, "\r\n\r\n")) return;
      c.Write(AsBytes("204 "));
      c.Write(AsBytes("nothing"));
      c.CloseWhenSent();
    };
  });
  const auto wanted = Wanted(server.endpoint());
  const auto response = Exchange(wanted);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(*response, "204 nothing");
  EXPECT_EQ(request, wanted.request);
}

TEST_F(TcpExchangesTest, StopsAServerThatNeverEnds) {
  TestServer server(*loop_, [&](TestConnection& c) {
    c.on_bytes = [&c](Bytes) { c.Write(AsBytes(std::string(100'000, 'x'))); };
  });
  const auto response = Exchange(Wanted(server.endpoint()));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(*response, std::string(1000, 'x'));
  ASSERT_TRUE(loop_.RunUntil([&] { return !server.connections()[0]->open(); }));
}

TEST_F(PatientTcpExchangesTest, GivesWhatASlowServerSaidInTime) {
  TestServer server(*loop_, [&](TestConnection& c) {
    c.on_bytes = [&c](Bytes) { c.Write(AsBytes("half an ans")); };
  });
  const Instant start = loop_->Now();
  const auto response = Exchange(Wanted(server.endpoint()));
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_EQ(*response, "half an ans");
  EXPECT_GE(loop_->Now() - start, absl::Seconds(2));
}

TEST_F(PatientTcpExchangesTest, GivesUpAServerThatSaysNothing) {
  TestServer server(*loop_, [](TestConnection&) {});
  EXPECT_TRUE(
      absl::IsUnavailable(Exchange(Wanted(server.endpoint())).status()));
}

TEST_F(PatientTcpExchangesTest, GivesUpAServerThatDoesNotAcceptInTime) {
  const BlackHole hole;
  const Instant start = loop_->Now();
  EXPECT_TRUE(absl::IsUnavailable(Exchange(Wanted(hole.endpoint())).status()));
  EXPECT_GE(loop_->Now() - start, absl::Seconds(2));
}

TEST_F(TcpExchangesTest, SaysWhyNothingCame) {
  const auto refused = Exchange(Wanted(RefusingEndpoint())).status();
  EXPECT_TRUE(absl::IsUnavailable(refused)) << refused;
  EXPECT_TRUE(absl::StrContains(refused.message(), "refused")) << refused;
  TestServer server(*loop_, [&](TestConnection& c) {
    c.on_bytes = [&c](Bytes) { c.Close(); };
  });
  const auto closed = Exchange(Wanted(server.endpoint())).status();
  EXPECT_TRUE(absl::IsUnavailable(closed)) << closed;
  EXPECT_TRUE(absl::StrContains(closed.message(), "closed")) << closed;
}

TEST_F(TcpExchangesTest, ManyTakeTurnsAndTheRestIsRefused) {
  size_t most = 0;
  TestServer server(*loop_, [&](TestConnection& c) {
    size_t open = 0;
    for (const auto& each : server.connections()) open += each->open();
    most = std::max(most, open);
    c.on_bytes = [&c](Bytes) {
      c.Write(AsBytes("yes"));
      c.CloseWhenSent();
    };
  });
  constexpr size_t kAll = TcpExchanges::kMaxAtOnce + TcpExchanges::kMaxWaiting;
  for (size_t i = 0; i < kAll + 3; ++i) {
    auto wanted = Wanted(server.endpoint());
    wanted.timeout = absl::Minutes(1);
    exchanges_.Start(wanted);
  }
  RunUntilAnswered();
  size_t ok = 0;
  for (const auto& [id, answer] : answers_) {
    ok += answer.ok();
    EXPECT_EQ(answer.ok(), id <= kAll);
    EXPECT_EQ(absl::IsResourceExhausted(answer.status()), id > kAll);
  }
  EXPECT_EQ(ok, kAll);
  EXPECT_LE(most, TcpExchanges::kMaxAtOnce);
}

TEST_F(TcpExchangesTest, AnAnswerMayAskForMoreOrCancelAll) {
  on_answer_ = [this] { exchanges_.Start(Wanted(RefusingEndpoint())); };
  (void)Exchange(Wanted(RefusingEndpoint()));
  RunUntilAnswered();
  EXPECT_EQ(answers_.size(), 2u);
  on_answer_ = [this] { exchanges_.Cancel(); };
  TestServer silent(*loop_, [](TestConnection&) {});
  exchanges_.Start(Wanted(silent.endpoint()));
  const uint64_t cancelled = last_id_;
  (void)Exchange(Wanted(RefusingEndpoint()));
  EXPECT_FALSE(answers_.contains(cancelled));
  EXPECT_EQ(exchanges_.Next(), Instant::Never());
}

}  // namespace
}  // namespace warren::client
