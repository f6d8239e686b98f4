#include "client/relay/relay_dial.h"

#include <optional>
#include <string>
#include <vector>

#include "client/relay/test_loop.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }
using Addresses = std::vector<net::IpAddress>;

// What FindRelayAddresses() finds when DNS knows one address of each family.
class FindRelayAddressesTest : public testing::Test {
 protected:
  Addresses Find(const std::string& ipv4, const std::string& ipv6) {
    derp::RelayNode node;
    node.hostname = "relay.example";
    node.ipv4 = ipv4;
    node.ipv6 = ipv6;
    std::optional<Addresses> found;
    FindRelayAddresses(resolver_, node, [&](Addresses a) { found = a; });
    EXPECT_TRUE(loop_.RunUntil([&] { return found.has_value(); }));
    return *found;
  }

  TestLoop loop_;
  Resolver resolver_{*loop_, [](const std::string& name) {
                       if (name != "relay.example") return Addresses();
                       return Addresses{Ip("2001:db8::9"), Ip("192.0.2.9")};
                     }};
};

TEST_F(FindRelayAddressesTest, TakesThoseOfTheMapAndAsksForNoOthers) {
  EXPECT_EQ(Find("192.0.2.1", "2001:db8::1"),
            (Addresses{Ip("192.0.2.1"), Ip("2001:db8::1")}));
  EXPECT_EQ(Find("192.0.2.1", ""), Addresses{Ip("192.0.2.1")});
  EXPECT_EQ(Find("none", "none"), Addresses());
}

TEST_F(FindRelayAddressesTest, AsksDnsForTheFamiliesThatAreLeftToIt) {
  EXPECT_EQ(Find("", ""), (Addresses{Ip("2001:db8::9"), Ip("192.0.2.9")}));
  EXPECT_EQ(Find("", "none"), Addresses{Ip("192.0.2.9")});
  EXPECT_EQ(Find("none", ""), Addresses{Ip("2001:db8::9")});
}

// RFC 6052 §2.4: 192.0.2.33 behind a /96 and behind the well-known prefix.
TEST(ThroughNat64, PutsIpv4BehindThePrefixAndAfterIpv6) {
  EXPECT_EQ(ThroughNat64({Ip("192.0.2.33")}, Ip("2001:db8:122:344::")),
            Addresses{Ip("2001:db8:122:344::c000:221")});
  EXPECT_EQ(
      ThroughNat64({Ip("192.0.2.33"), Ip("2001:db8::1")}, Ip("64:ff9b::")),
      (Addresses{Ip("2001:db8::1"), Ip("64:ff9b::c000:221")}));
}

}  // namespace
}  // namespace warren::client
