#include "core/sim/nat.h"

#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "core/sim/network.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using ::testing::ElementsAre;
using ::warren::testing::At;
using ::warren::testing::Ip;

const Instant kNow = Instant::FromEpoch(absl::Seconds(1));
const net::Endpoint kInside = At("10.0.0.2:41641");
const net::Endpoint kRemote = At("192.0.2.1:1000");
const net::Endpoint kOtherPort = At("192.0.2.1:1001");
const net::Endpoint kOtherHost = At("192.0.2.2:1000");

TEST(Nat, MapsAsItsKindSays) {
  const auto maps_apart = [](Depends mapping, const net::Endpoint& other) {
    Nat nat({mapping, Depends::kNothing}, Ip("203.0.113.1"));
    return nat.Outbound(kNow, kInside, kRemote) !=
           nat.Outbound(kNow, kInside, other);
  };
  EXPECT_FALSE(maps_apart(Depends::kNothing, kOtherHost));
  EXPECT_FALSE(maps_apart(Depends::kAddress, kOtherPort));
  EXPECT_TRUE(maps_apart(Depends::kAddress, kOtherHost));
  EXPECT_TRUE(maps_apart(Depends::kAddressAndPort, kOtherPort));
}

TEST(Nat, FiltersAsItsKindSays) {
  const auto admits = [](Depends filtering, const net::Endpoint& from) {
    Nat nat({Depends::kNothing, filtering}, Ip("203.0.113.1"));
    const uint16_t port = nat.Outbound(kNow, kInside, kRemote)->port();
    return nat.Inbound(kNow, from, port) == std::optional(kInside);
  };
  EXPECT_TRUE(admits(Depends::kNothing, kOtherHost));
  EXPECT_TRUE(admits(Depends::kAddress, kOtherPort));
  EXPECT_FALSE(admits(Depends::kAddress, kOtherHost));
  EXPECT_TRUE(admits(Depends::kAddressAndPort, kRemote));
  EXPECT_FALSE(admits(Depends::kAddressAndPort, kOtherPort));
}

TEST(Nat, ForgetsAMappingThatNobodyUses) {
  Nat nat(kHardNat, Ip("203.0.113.1"));
  const net::Endpoint seen = *nat.Outbound(kNow, kInside, kRemote);
  const Instant later = kNow + absl::Minutes(2);
  EXPECT_FALSE(nat.Inbound(later, kRemote, seen.port()));
  EXPECT_NE(nat.Outbound(later, kInside, kRemote), seen);
}

TEST(Nat, KeepsAMappingThatIsUsedFromOutsideIfItsKindSays) {
  for (const bool refreshed : {false, true}) {
    Nat nat({.refreshed_from_outside = refreshed}, Ip("203.0.113.1"));
    const uint16_t port = nat.Outbound(kNow, kInside, kRemote)->port();
    EXPECT_TRUE(nat.Inbound(kNow + absl::Seconds(100), kRemote, port));
    EXPECT_EQ(nat.Inbound(kNow + absl::Seconds(130), kRemote, port).has_value(),
              refreshed);
  }
}

TEST(Nat, AnswersFromThePortThatTheRemoteCameInBy) {
  Nat nat({Depends::kAddressAndPort, Depends::kNothing}, Ip("203.0.113.1"));
  const net::Endpoint seen = *nat.Outbound(kNow, kInside, kRemote);
  ASSERT_TRUE(nat.Inbound(kNow, kOtherHost, seen.port()));
  EXPECT_EQ(nat.Outbound(kNow, kInside, kOtherHost), seen);
  EXPECT_NE(nat.Outbound(kNow, kInside, kOtherPort), seen);
}

TEST(Nat, GivesPortsOfItsRangeUntilNoneIsLeft) {
  Nat nat({.first_port = 5000, .num_ports = 4}, Ip("203.0.113.1"));
  for (uint16_t i = 0; i < 4; ++i) {
    const auto seen = nat.Outbound(kNow, {kInside.address(), ++i}, kRemote);
    ASSERT_TRUE(seen);
    EXPECT_EQ(seen->port() / 4, 5000 / 4);
  }
  for (uint16_t i = 100; i < 104; ++i) {
    nat.Outbound(kNow, {kInside.address(), i}, kRemote);
  }
  EXPECT_FALSE(nat.Outbound(kNow, {kInside.address(), 200}, kRemote));
}

TEST(Nat, GivesAnotherPortWhereAStrangerHoldsThePlace) {
  NatKind kind = kEasyNat;
  kind.remembers_strangers = true;
  Nat nat(kind, Ip("203.0.113.1"));
  EXPECT_EQ(nat.Outbound(kNow, kInside, kOtherHost)->port(), kInside.port());
  EXPECT_FALSE(nat.Inbound(kNow, kRemote, kInside.port()));
  EXPECT_NE(nat.Outbound(kNow, kInside, kRemote)->port(), kInside.port());
}

TEST(Nat, ForwardsAPortToWhoAskedForIt) {
  Nat nat(kHardNat, Ip("203.0.113.1"));
  const Instant until = kNow + absl::Minutes(1);
  const uint16_t port = nat.Forward(kNow, kInside, until);
  EXPECT_EQ(nat.Inbound(kNow, kRemote, port), kInside);
  EXPECT_EQ(nat.Outbound(kNow, kInside, kRemote)->port(), port);
  EXPECT_FALSE(nat.Inbound(until, kOtherHost, port));
}

TEST(Nat, GivesPortsAsItsKindSays) {
  const auto second_port = [](Ports ports) {
    Nat nat({.mapping = Depends::kAddressAndPort, .ports = ports},
            Ip("203.0.113.1"));
    const int first = nat.Outbound(kNow, kInside, kRemote)->port();
    return std::pair(first,
                     nat.Outbound(kNow, kInside, kOtherPort)->port() - first);
  };
  EXPECT_EQ(second_port(Ports::kSequential).second, 1);
  EXPECT_GT(std::abs(second_port(Ports::kRandom).second), 1);
  EXPECT_EQ(second_port(Ports::kPreserving).first, kInside.port());
  EXPECT_NE(second_port(Ports::kPreserving).second, 0);
}

TEST(Network, CarriesWhatMoreSocketsSend) {
  World world(1);
  Network network(world);
  Host& a = network.AddHost("a", kHardNat);
  Host& b = network.AddHost("b");
  a.more_ports[17] = 50000;
  std::vector<net::Endpoint> at_a;
  a.receive = [&](const net::Endpoint& from, std::vector<uint8_t>) {
    at_a.push_back(from);
  };
  b.receive = [&](const net::Endpoint& from, std::vector<uint8_t> bytes) {
    network.SendUdp(b, from, std::move(bytes));
  };
  const std::vector<uint16_t> sockets = {0, 17, 18};  // There is no 18.
  for (const uint16_t socket : sockets) {
    network.SendUdp(a, b.local().Through(socket), {1});
  }
  world.RunFor(absl::Seconds(1));
  EXPECT_THAT(at_a, ElementsAre(b.local(), b.local().Through(17)));
}

}  // namespace
}  // namespace warren::sim
