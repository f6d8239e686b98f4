#include "core/wg/load.h"

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

constexpr Instant kStart = Instant::FromEpoch(absl::ZeroDuration());

Source From(absl::string_view text) {
  return Source(*net::Endpoint::Parse(text), net::kNoPeer);
}

TEST(HandshakeLoad, IsUnderLoadFrom128WaitingOnAndASecondLonger) {
  HandshakeLoad load(1000);
  for (int i = 0; i < 127; ++i) EXPECT_TRUE(load.Admit(kStart));
  EXPECT_FALSE(load.IsUnderLoad(kStart));
  EXPECT_TRUE(load.Admit(kStart));
  EXPECT_TRUE(load.IsUnderLoad(kStart));
  EXPECT_TRUE(load.IsUnderLoad(kStart + absl::Milliseconds(999)));
  EXPECT_FALSE(load.IsUnderLoad(kStart + absl::Milliseconds(1000)));
}

TEST(HandshakeLoad, StaysCalmAtItsRate) {
  HandshakeLoad load(1000);
  Instant now = kStart;
  for (int i = 0; i < 100000; ++i, now += absl::Milliseconds(1)) {
    ASSERT_TRUE(load.Admit(now));
    ASSERT_FALSE(load.IsUnderLoad(now));
  }
}

TEST(HandshakeLoad, IsFullWith1024Waiting) {
  HandshakeLoad load(1000);
  for (int i = 0; i < 1024; ++i) EXPECT_TRUE(load.Admit(kStart));
  EXPECT_FALSE(load.Admit(kStart));
  EXPECT_TRUE(load.Admit(kStart + absl::Milliseconds(1)));
  // 1023 waited: 128 do from 896 ms on no more, and then a second.
  EXPECT_TRUE(load.IsUnderLoad(kStart + absl::Milliseconds(1896)));
  EXPECT_FALSE(load.IsUnderLoad(kStart + absl::Milliseconds(1898)));
}

TEST(HandshakeLoad, WithRateZeroIsAlwaysUnderLoad) {
  HandshakeLoad load(0);
  EXPECT_TRUE(load.IsUnderLoad(kStart));
  for (int i = 0; i < 10000; ++i) EXPECT_TRUE(load.Admit(kStart));
}

TEST(SourceLimiter, Gives5AtOnceAnd20ASecond) {
  SourceLimiter limiter;
  int taken = 0;
  for (int ms = 0; ms < 10000; ++ms) {
    taken += limiter.Take(kStart + absl::Milliseconds(ms), From("192.0.2.1:1"));
    if (ms == 49) {
      EXPECT_EQ(taken, 5);
    }
  }
  EXPECT_EQ(taken, 5 + 199);
}

TEST(SourceLimiter, CountsAddressesNotPortsAndSixtyFoursOfIPv6) {
  SourceLimiter limiter;
  const auto drain = [&](absl::string_view text) {
    while (limiter.Take(kStart, From(text))) {
    }
  };
  drain("192.0.2.1:1");
  EXPECT_FALSE(limiter.Take(kStart, From("192.0.2.1:2")));
  EXPECT_TRUE(limiter.Take(kStart, From("192.0.2.2:1")));
  drain("[2001:db8::1]:1");
  EXPECT_FALSE(limiter.Take(kStart, From("[2001:db8::ffff:1]:1")));
  EXPECT_TRUE(limiter.Take(kStart, From("[2001:db8:0:1::1]:1")));
}

TEST(SourceLimiter, TellsTheNodesBehindARelayApart) {
  SourceLimiter limiter;
  const auto relay = net::Endpoint::Relay(RelayId(1));
  while (limiter.Take(kStart, Source(relay, 1))) {
  }
  EXPECT_TRUE(limiter.Take(kStart, Source(relay, 2)));
}

TEST(SourceLimiter, RefusesNewSourcesWhenFullAndTakesThemWhenOthersRest) {
  SourceLimiter limiter;
  const auto source = [](uint32_t n) {
    return Source(net::Endpoint(net::IpAddress::V4(n), 1), net::kNoPeer);
  };
  const auto size = static_cast<uint32_t>(SourceLimiter::kMaxSources);
  for (uint32_t n = 0; n < size; ++n) {
    ASSERT_TRUE(limiter.Take(kStart, source(n)));
  }
  EXPECT_FALSE(limiter.Take(kStart, source(size)));
  EXPECT_TRUE(limiter.Take(kStart, source(0))) << "a known one is served";
  EXPECT_TRUE(limiter.Take(kStart + absl::Milliseconds(300), source(size)));
}

}  // namespace
}  // namespace warren::wg
