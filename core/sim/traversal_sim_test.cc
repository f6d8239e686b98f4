#include <string>
#include <tuple>
#include <vector>

#include "core/sim/lab.h"
#include "core/sim/nat.h"
#include "core/sim/oracle.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using ::testing::ElementsAre;

struct NamedNat {
  const char* name;
  NatKind kind;
};

std::vector<NamedNat> AllNats() {
  constexpr auto kNothing = Depends::kNothing;
  constexpr auto kAddress = Depends::kAddress;
  constexpr auto kPort = Depends::kAddressAndPort;
  return {
      {"Open", kOpen},
      {"MapsAnyAdmitsAny", {kNothing, kNothing}},
      {"MapsAnyAdmitsAddress", {kNothing, kAddress}},
      {"MapsAnyAdmitsPort", {kNothing, kPort}},
      {"MapsByAddressAdmitsAny", {kAddress, kNothing}},
      {"MapsByAddressAdmitsAddress", {kAddress, kAddress}},
      {"MapsByAddressAdmitsPort", {kAddress, kPort}},
      {"MapsByPortAdmitsAny", {kPort, kNothing}},
      {"MapsByPortAdmitsAddress", {kPort, kAddress}},
      {"MapsByPortAdmitsPort", {kPort, kPort}},
  };
}

class Traversal
    : public ::testing::TestWithParam<std::tuple<NamedNat, NamedNat>> {};

TEST_P(Traversal, DeliversByRelayAtOnceAndGoesDirectWherePhysicsAllows) {
  const auto [nat_a, nat_b] = GetParam();
  Lab lab(1);
  lab.AddRelay();
  lab.AddRelay();
  SimNode& a = lab.AddNode("a", nat_a.kind);
  SimNode& b = lab.AddNode("b", nat_b.kind);
  lab.world().RunFor(absl::Seconds(5));

  a.Send(b, "first");
  lab.world().RunFor(absl::Milliseconds(200));
  EXPECT_THAT(b.inbox(), ElementsAre("first"));  // Nobody waits for the punch.

  lab.world().RunFor(absl::Seconds(2));
  const Reach reach = ReachOf(nat_a.kind, nat_b.kind);
  if (reach == Reach::kDirect || reach == Reach::kRelayOnly) {
    EXPECT_EQ(a.IsDirectTo(b), reach == Reach::kDirect);
    EXPECT_EQ(b.IsDirectTo(a), reach == Reach::kDirect);
  }
}

INSTANTIATE_TEST_SUITE_P(, Traversal,
                         ::testing::Combine(::testing::ValuesIn(AllNats()),
                                            ::testing::ValuesIn(AllNats())),
                         [](const auto& param) {
                           return std::string(std::get<0>(param.param).name) +
                                  "_" + std::get<1>(param.param).name;
                         });

TEST(TraversalOnOneLan, UsesTheLanBehindOneNat) {
  Lab lab(2);
  lab.AddRelay();
  SimNode& a = lab.AddNode("a", kHardNat);
  SimNode& b = lab.AddNeighbour("b", a);
  lab.world().RunFor(absl::Seconds(5));
  a.Send(b, "hello");
  lab.world().RunFor(absl::Seconds(1));
  ASSERT_TRUE(a.IsDirectTo(b));
  EXPECT_EQ(a.PathTo(b).endpoint, b.host().local());
}

// It asks STUN through the NAT64, too: else no IPv4 peer could reach it.
TEST(TraversalByNat64, IsDirectThoughBothSidesFilterByPort) {
  Lab lab(3);
  lab.AddRelay();
  Site& site = lab.network().AddSite(
      {.nat = kEasyNat, .v4 = false, .v6 = true, .nat64 = true});
  SimNode& a = lab.AddNode("a", site);
  SimNode& b = lab.AddNode("b", kEasyNat);
  lab.world().RunFor(absl::Seconds(5));
  a.Send(b, "hello");
  lab.world().RunFor(absl::Seconds(2));
  ASSERT_TRUE(a.IsDirectTo(b));
  ASSERT_TRUE(b.IsDirectTo(a));
  EXPECT_EQ(b.PathTo(a).endpoint.address(), site.nat()->public_address());
}

}  // namespace
}  // namespace warren::sim
