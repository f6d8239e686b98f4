#include "core/path/own_node.h"

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::path {
namespace {

using ::warren::testing::At;
using ::warren::testing::Ip;

TEST(IsPlausible, RefusesWhereNoPeerCanBe) {
  EXPECT_TRUE(IsPlausible(At("192.168.1.2:41641")));
  EXPECT_TRUE(IsPlausible(At("169.254.3.4:1")));
  EXPECT_TRUE(IsPlausible(At("[2001:db8::9]:41641")));
  for (const char* text :
       {"127.0.0.1:41641", "[::1]:41641", "224.0.0.251:5353", "[ff02::1]:1",
        "0.0.0.0:41641", "0.1.2.3:41641", "255.255.255.255:41641",
        "240.0.0.1:1", "[fe80::1]:41641", "100.64.0.3:41641",
        "[fd7a:115c:a1e0::3]:41641", "192.0.2.1:0"}) {
    EXPECT_FALSE(IsPlausible(At(text))) << text;
  }
  EXPECT_FALSE(IsPlausible(net::Endpoint::Relay(RelayId(900))));
  EXPECT_FALSE(IsPlausible(net::Endpoint()));
}

TEST(OwnNode, SendsToNoFamilyItHasNotAndNotToItself) {
  SeededRng rng(1);
  OwnNode own(rng);
  own.endpoints = {At("192.0.2.1:41641")};
  own.has_v6 = false;
  EXPECT_TRUE(own.CanSendTo(At("192.0.2.1:41642")));
  EXPECT_FALSE(own.CanSendTo(At("192.0.2.1:41641").Through(16)));
  EXPECT_FALSE(own.CanSendTo(At("[2001:db8::9]:41641")));
}

TEST(OwnNode, EmbedsIpv4AddressesOnlyWhereItHasNone) {
  SeededRng rng(1);
  OwnNode own(rng);
  own.nat64_prefix = Ip("64:ff9b::");
  EXPECT_EQ(own.WayTo(At("192.0.2.1:9")), At("192.0.2.1:9"));
  own.has_v4 = false;
  EXPECT_EQ(own.WayTo(At("192.0.2.1:9")), At("[64:ff9b::c000:201]:9"));
  EXPECT_EQ(own.WayTo(At("[2001:db8::1]:9")), At("[2001:db8::1]:9"));
  EXPECT_EQ(own.Origin(At("[64:ff9b::c000:201]:9")), At("192.0.2.1:9"));
  EXPECT_EQ(own.Origin(At("[2001:db8::1]:9")), At("[2001:db8::1]:9"));
  own.has_v4 = true;
  EXPECT_EQ(own.Origin(At("[64:ff9b::c000:201]:9")),
            At("[64:ff9b::c000:201]:9"));
}

}  // namespace
}  // namespace warren::path
