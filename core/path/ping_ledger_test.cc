#include "core/path/ping_ledger.h"

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::warren::testing::At;

const Instant kStart = Instant::FromEpoch(absl::Seconds(1));
const net::Endpoint kTo = At("192.0.2.1:41641");

TEST(PingLedger, GivesAPingBackOnce) {
  SeededRng rng(1);
  PingLedger ledger;
  const disco::TxId txid = ledger.Add(kStart, rng, kTo, 7).txid;
  const auto ping = ledger.Take(txid);
  ASSERT_TRUE(ping);
  EXPECT_EQ(ping->to, kTo);
  EXPECT_EQ(ping->ping_id, 7u);
  EXPECT_FALSE(ledger.Take(txid));
}

TEST(PingLedger, TimesOutTheOldestFirst) {
  SeededRng rng(1);
  PingLedger ledger;
  EXPECT_TRUE(ledger.Next().IsNever());
  ledger.Add(kStart, rng, kTo, 1);
  ledger.Add(kStart + absl::Seconds(1), rng, kTo, 2);
  EXPECT_EQ(ledger.Next(), kStart + PingLedger::kTimeout);
  EXPECT_FALSE(ledger.TakeTimedOut(kStart + absl::Seconds(4)));
  EXPECT_EQ(ledger.TakeTimedOut(kStart + absl::Seconds(5))->ping_id, 1u);
  EXPECT_FALSE(ledger.TakeTimedOut(kStart + absl::Seconds(5)));
}

TEST(PingLedger, ForgetsTheOldestWhenFull) {
  SeededRng rng(1);
  PingLedger ledger;
  const disco::TxId first = ledger.Add(kStart, rng, kTo, 0).txid;
  const disco::TxId second = ledger.Add(kStart, rng, kTo, 0).txid;
  for (size_t i = 2; i <= PingLedger::kMaxPings; ++i) {
    ledger.Add(kStart, rng, kTo, 0);
  }
  EXPECT_FALSE(ledger.Take(first));
  EXPECT_TRUE(ledger.Take(second));
}

}  // namespace
}  // namespace warren::path
