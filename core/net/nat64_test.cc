#include "core/net/nat64.h"

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::net {
namespace {

using ::warren::testing::Ip;

// RFC 6052 §2.4.
TEST(Nat64, EmbedsAsTheRfcSays) {
  EXPECT_EQ(BehindNat64(Ip("2001:db8:122:344::"), Ip("192.0.2.33")),
            Ip("2001:db8:122:344::192.0.2.33"));
  EXPECT_EQ(BehindNat64(Ip("64:ff9b::"), Ip("192.0.2.33")),
            Ip("64:ff9b::192.0.2.33"));
}

TEST(Nat64, FindsWhoIsMeant) {
  EXPECT_EQ(FromNat64(Ip("64:ff9b::"), Ip("64:ff9b::c000:221")),
            Ip("192.0.2.33"));
  // What a careless finder left behind the prefix is no part of it.
  EXPECT_EQ(FromNat64(Ip("64:ff9b::192.0.0.170"), Ip("64:ff9b::c000:221")),
            Ip("192.0.2.33"));
}

TEST(Nat64, MeansNobodyElsewhere) {
  for (const char* text : {"64:ff9b:1::c000:221", "2001:db8::1", "::1",
                           "64:ff9b::1:c000:221", "192.0.2.33"}) {
    EXPECT_FALSE(FromNat64(Ip("64:ff9b::"), Ip(text))) << text;
  }
}

}  // namespace
}  // namespace warren::net
