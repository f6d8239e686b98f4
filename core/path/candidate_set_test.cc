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

class CandidateSetTest : public ::testing::Test {
 protected:
  SeededRng rng_{1};
  OwnNode own_{rng_};
};

TEST_F(CandidateSetTest, KeepsWhatAnySourceNames) {
  CandidateSet set(own_);
  set.SetFromNetmap(kStart, std::vector{Nth(1), Nth(2)}, {});
  set.SetFromCall(kStart, std::vector{Nth(2), Nth(3)}, {});
  EXPECT_EQ(set.all().size(), 3u);
  set.SetFromNetmap(kStart, {}, {});
  EXPECT_EQ(set.Find(Nth(1)), nullptr);
  EXPECT_NE(set.Find(Nth(2)), nullptr);
  set.SetFromCall(kStart, {}, {});
  EXPECT_TRUE(set.all().empty());
}

TEST_F(CandidateSetTest, KeepsTheAddressInUse) {
  CandidateSet set(own_);
  set.SetFromNetmap(kStart, std::vector{Nth(1), Nth(2)}, {});
  set.SetFromNetmap(kStart, {}, Nth(2));
  ASSERT_EQ(set.all().size(), 1u);
  EXPECT_EQ(set.all()[0].endpoint, Nth(2));
}

TEST_F(CandidateSetTest, ForgetsAnObservedAddressAfter45Seconds) {
  CandidateSet set(own_);
  set.Observe(kStart, Nth(1));
  set.Observe(kStart + absl::Seconds(40), Nth(1));
  set.Expire(kStart + absl::Seconds(84), {});
  EXPECT_NE(set.Find(Nth(1)), nullptr);
  set.Expire(kStart + absl::Seconds(85), {});
  EXPECT_EQ(set.Find(Nth(1)), nullptr);
}

TEST_F(CandidateSetTest, BoundsEachSourceByItself) {
  CandidateSet set(own_);
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

TEST_F(CandidateSetTest, CountsAnEndpointNamedTwiceOnce) {
  CandidateSet set(own_);
  std::vector<net::Endpoint> endpoints(1000, Nth(1));
  endpoints.push_back(Nth(2));
  set.SetFromCall(kStart, endpoints, {});
  EXPECT_NE(set.Find(Nth(2)), nullptr);
}

TEST_F(CandidateSetTest, NeverHoldsOurselvesButANeighbour) {
  own_.endpoints = {Nth(1), At("192.168.1.20:41641")};
  CandidateSet set(own_);
  set.SetFromCall(
      kStart,
      std::vector{Nth(1), At("192.168.1.20:41641"), At("192.168.1.20:41642"),
                  At("192.168.1.21:41641")},
      {});
  EXPECT_EQ(set.all().size(), 2u);
  EXPECT_EQ(set.Observe(kStart, Nth(1).Through(16)), nullptr);
}

TEST_F(CandidateSetTest, KeepsOneAddressByTwoSocketsApart) {
  CandidateSet set(own_);
  set.Observe(kStart, Nth(1));
  set.Observe(kStart, Nth(1).Through(16));
  set.Observe(kStart, Nth(1).Through(17));
  EXPECT_EQ(set.all().size(), 3u);
  set.RemoveSockets(16, 1);
  EXPECT_EQ(set.all().size(), 2u);
  EXPECT_NE(set.Find(Nth(1).Through(17)), nullptr);
}

TEST_F(CandidateSetTest, GoesByTheNat64WhereThereIsNoIpv4) {
  own_.has_v4 = false;
  own_.nat64_prefix = ::warren::testing::Ip("64:ff9b::");
  CandidateSet set(own_);
  set.SetFromNetmap(kStart, std::vector{At("192.0.2.1:9")}, {});
  EXPECT_NE(set.Find(At("[64:ff9b::c000:201]:9")), nullptr);
}

}  // namespace
}  // namespace warren::path
