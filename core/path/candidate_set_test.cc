#include "core/path/candidate_set.h"

#include <vector>

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::warren::testing::At;

const Instant kStart = Instant::FromEpoch(absl::Seconds(1));

net::Endpoint Nth(uint32_t n) {
  return {net::IpAddress::V4(0xc6336400 + n), 41641};
}

std::vector<net::Endpoint> Many(uint32_t count) {
  std::vector<net::Endpoint> endpoints;
  for (uint32_t n = 0; n < count; ++n) endpoints.push_back(Nth(n));
  return endpoints;
}

TEST(IsPlausible, RefusesWhereNoPeerCanBe) {
  EXPECT_TRUE(IsPlausible(At("192.168.1.2:41641")));
  EXPECT_TRUE(IsPlausible(At("169.254.3.4:1")));
  EXPECT_TRUE(IsPlausible(At("[2001:db8::9]:41641")));
  for (const char* text :
       {"127.0.0.1:41641", "[::1]:41641", "224.0.0.251:5353", "[ff02::1]:1",
        "0.0.0.0:41641", "[fe80::1]:41641", "100.64.0.3:41641",
        "[fd7a:115c:a1e0::3]:41641", "192.0.2.1:0"}) {
    EXPECT_FALSE(IsPlausible(At(text))) << text;
  }
  EXPECT_FALSE(IsPlausible(net::Endpoint::Relay(RelayId(900))));
  EXPECT_FALSE(IsPlausible(net::Endpoint()));
}

TEST(CandidateSet, KeepsWhatAnySourceNames) {
  CandidateSet set;
  set.SetFromNetmap(kStart, std::vector{Nth(1), Nth(2)}, {});
  set.SetFromCall(kStart, std::vector{Nth(2), Nth(3)}, {});
  EXPECT_EQ(set.all().size(), 3u);
  set.SetFromNetmap(kStart, {}, {});
  EXPECT_EQ(set.Find(Nth(1)), nullptr);
  EXPECT_NE(set.Find(Nth(2)), nullptr);
  set.SetFromCall(kStart, {}, {});
  EXPECT_TRUE(set.all().empty());
}

TEST(CandidateSet, KeepsTheAddressInUse) {
  CandidateSet set;
  set.SetFromNetmap(kStart, std::vector{Nth(1), Nth(2)}, {});
  set.SetFromNetmap(kStart, {}, Nth(2));
  ASSERT_EQ(set.all().size(), 1u);
  EXPECT_EQ(set.all()[0].endpoint, Nth(2));
}

TEST(CandidateSet, ForgetsAnObservedAddressAfter45Seconds) {
  CandidateSet set;
  set.Observe(kStart, Nth(1));
  set.Observe(kStart + absl::Seconds(40), Nth(1));
  set.Expire(kStart + absl::Seconds(84), {});
  EXPECT_NE(set.Find(Nth(1)), nullptr);
  set.Expire(kStart + absl::Seconds(85), {});
  EXPECT_EQ(set.Find(Nth(1)), nullptr);
}

TEST(CandidateSet, BoundsEachSourceByItself) {
  CandidateSet set;
  set.SetFromCall(kStart, Many(10'000), {});
  EXPECT_EQ(set.all().size(), CandidateSet::kMaxFromCall);
  for (uint32_t n = 0; n < 10'000; ++n) {
    set.Observe(kStart + absl::Milliseconds(n), Nth(20'000 + n));
  }
  EXPECT_EQ(set.all().size(),
            CandidateSet::kMaxFromCall + CandidateSet::kMaxObserved);
  // The last one is there, and what the peer named is too.
  EXPECT_NE(set.Find(Nth(29'999)), nullptr);
  EXPECT_NE(set.Find(Nth(0)), nullptr);
}

TEST(CandidateSet, CountsAnEndpointNamedTwiceOnce) {
  CandidateSet set;
  std::vector<net::Endpoint> endpoints(1000, Nth(1));
  endpoints.push_back(Nth(2));
  set.SetFromCall(kStart, endpoints, {});
  EXPECT_NE(set.Find(Nth(2)), nullptr);
}

}  // namespace
}  // namespace warren::path
