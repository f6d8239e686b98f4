#include "core/engine/why_exchange.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace warren::engine {
namespace {

constexpr NodeId kBob(2), kEve(3);
const Instant kStart = Instant::FromEpoch(absl::Hours(1));

WhyReport Report(uint16_t port) {
  WhyReport report;
  report.network.udp_port = port;
  report.events.resize(60);  // several pieces
  return report;
}

class WhyExchangeTest : public ::testing::Test {
 protected:
  // The pieces of an answer to the latest request.
  std::vector<WhyPiece> Answer(uint32_t wire_id, uint16_t port = 7) {
    const auto pieces = EncodeWhy(Report(port));
    std::vector<WhyPiece> notes;
    for (size_t i = 0; i < pieces.size(); ++i) {
      notes.push_back({wire_id, static_cast<uint8_t>(i),
                       static_cast<uint8_t>(pieces.size()), pieces[i]});
    }
    return notes;
  }
  uint32_t Requested() {
    const auto request = why_.PollRequest();
    EXPECT_TRUE(request.has_value());
    return request ? request->note.id : 0;
  }
  std::optional<WhyExchange::Done> Done(Instant now, bool settled = true) {
    return why_.PollDone(now, [settled](NodeId) { return settled; });
  }

  WhyExchange why_;
};

TEST_F(WhyExchangeTest, JoinsPiecesInAnyOrderOnOneClock) {
  const auto id = why_.Ask(kStart, kBob);
  const uint32_t wire = Requested();
  const auto pieces = Answer(wire);
  ASSERT_GT(pieces.size(), 1u);
  EXPECT_FALSE(Done(kStart).has_value());
  const Instant then = kStart + absl::Milliseconds(40);
  why_.OnPiece(then, kBob, pieces[1]);
  why_.OnPiece(then, kBob, pieces[1]);  // a double is no harm
  EXPECT_FALSE(Done(then).has_value());
  const Instant later = then + absl::Milliseconds(10);
  why_.OnPiece(later, kBob, pieces[0]);
  const auto done = Done(later);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->id, *id);
  EXPECT_EQ(done->report, Report(7));
  // Between 50 and 10 ms ago.
  EXPECT_EQ(done->joined.ago, absl::Milliseconds(30));
  EXPECT_EQ(done->joined.error, absl::Milliseconds(20));
  EXPECT_TRUE(why_.Next().IsNever());
}

TEST_F(WhyExchangeTest, TakesPiecesOfTheAskedPeerOnly) {
  why_.Ask(kStart, kBob);
  const uint32_t wire = Requested();
  for (const WhyPiece& piece : Answer(wire)) why_.OnPiece(kStart, kEve, piece);
  for (const WhyPiece& piece : Answer(wire + 1)) {
    why_.OnPiece(kStart, kBob, piece);
  }
  EXPECT_FALSE(Done(kStart).has_value());
}

TEST_F(WhyExchangeTest, SurvivesPiecesThatMakeNoSense) {
  why_.Ask(kStart, kBob);
  const uint32_t wire = Requested();
  why_.OnPiece(kStart, kBob, {wire, 3, 2, {1}});
  why_.OnPiece(kStart, kBob, {wire, 0, 255, {1}});
  why_.OnPiece(kStart, kBob, {wire, 0, 1, {99, 99}});  // no report
  EXPECT_FALSE(Done(kStart).has_value());
  why_.OnTimeout(kStart + WhyExchange::kRetry);
  const uint32_t again = Requested();
  for (const WhyPiece& piece : Answer(again)) why_.OnPiece(kStart, kBob, piece);
  EXPECT_TRUE(Done(kStart + WhyExchange::kRetry).has_value());
}

TEST_F(WhyExchangeTest, AsksAgainAndGivesUpAfterThreeSeconds) {
  why_.Ask(kStart, kBob);
  int num_requests = 0;
  Instant now = kStart;
  std::optional<WhyExchange::Done> done;
  while (!(done = Done(now))) {
    while (why_.PollRequest()) ++num_requests;
    ASSERT_GT(why_.Next(), now);
    now = why_.Next();
    why_.OnTimeout(now);
  }
  EXPECT_EQ(now - kStart, WhyExchange::kTimeout);
  EXPECT_EQ(num_requests, 4);
  EXPECT_FALSE(done->report.has_value());
}

TEST_F(WhyExchangeTest, WaitsForTheSearchAndTakesTheLatestAnswer) {
  why_.Ask(kStart, kBob);
  for (const WhyPiece& p : Answer(Requested(), 1)) {
    why_.OnPiece(kStart, kBob, p);
  }
  EXPECT_FALSE(Done(kStart, /*settled=*/false).has_value());
  const Instant later = kStart + WhyExchange::kRetry;
  why_.OnTimeout(later);
  for (const WhyPiece& p : Answer(Requested(), 2)) why_.OnPiece(later, kBob, p);
  EXPECT_FALSE(Done(later, false).has_value());
  const auto done = Done(kStart + WhyExchange::kPatience, false);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->report->network.udp_port, 2);
}

TEST_F(WhyExchangeTest, BoundsTheAsksUnderWay) {
  for (size_t i = 0; i < WhyExchange::kMaxAsks; ++i) {
    EXPECT_TRUE(why_.Ask(kStart, kBob).has_value());
  }
  EXPECT_FALSE(why_.Ask(kStart, kBob).has_value());
  why_.Forget(kBob);
  EXPECT_TRUE(Done(kStart).has_value());
  EXPECT_TRUE(why_.Ask(kStart, kEve).has_value());
}

TEST_F(WhyExchangeTest, AnswersAPeerAtABoundedRate) {
  int answered = 0;
  for (int i = 0; i < 1000; ++i) {
    answered += why_.MayAnswer(kStart + i * absl::Milliseconds(10), kBob);
  }
  EXPECT_LE(answered, 16);  // of 10 s
  EXPECT_GE(answered, 14);
  EXPECT_TRUE(why_.MayAnswer(kStart + absl::Seconds(10), kEve));
}

}  // namespace
}  // namespace warren::engine
