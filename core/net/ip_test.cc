#include "core/net/ip.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace warren::net {
namespace {

std::string RoundTrip(absl::string_view text) {
  const auto parsed = IpAddress::Parse(text);
  return parsed.ok() ? parsed->ToString() : "refused";
}

struct TextCase {
  const char* name;
  const char* text;
  const char* want;
};
class IpAddressText : public ::testing::TestWithParam<TextCase> {};

TEST_P(IpAddressText, ParsesToItsCanonicalForm) {
  EXPECT_EQ(RoundTrip(GetParam().text), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , IpAddressText,
    ::testing::ValuesIn(std::vector<TextCase>{
        {"V4", "192.0.2.7", "192.0.2.7"},
        {"V4LeadingZero", "192.0.02.7", "refused"},
        {"V4TooLarge", "192.0.2.256", "refused"},
        {"V4Short", "192.0.2", "refused"},
        {"V4Sign", "192.0.2.+7", "refused"},
        {"V6", "2001:DB8::9", "2001:db8::9"},
        {"V6Full", "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"V6OneZeroGroup", "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"V6Unspecified", "::", "::"},
        {"V6Loopback", "::1", "::1"},
        {"V6TrailingGap", "fe80::", "fe80::"},
        {"V6Mapped", "::ffff:192.0.2.7", "192.0.2.7"},
        {"V6V4Tail", "64:ff9b::192.0.2.7", "64:ff9b::c000:207"},
        {"V6TwoGaps", "1::2::3", "refused"},
        {"V6NineGroups", "1:2:3:4:5:6:7:8:9", "refused"},
        {"V6LongGroup", "12345::", "refused"},
        {"V6LoneColon", "1:2:3:4:5:6:7:", "refused"},
        {"V6Zone", "fe80::1%eth0", "refused"},
        {"Empty", "", "refused"},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(IpAddress, KnowsItsKind) {
  const auto ip = [](const char* t) { return *IpAddress::Parse(t); };
  EXPECT_TRUE(ip("100.64.0.1").IsTailnet());
  EXPECT_TRUE(ip("100.127.255.255").IsTailnet());
  EXPECT_FALSE(ip("100.128.0.1").IsTailnet());
  EXPECT_TRUE(ip("fd7a:115c:a1e0::5").IsTailnet());
  EXPECT_FALSE(ip("fd7a:115c:a1e1::5").IsTailnet());
  EXPECT_TRUE(ip("172.31.0.1").IsPrivate());
  EXPECT_FALSE(ip("172.32.0.1").IsPrivate());
  EXPECT_TRUE(ip("fd00::1").IsPrivate());
  EXPECT_TRUE(ip("fe80::1").IsLinkLocal());
  EXPECT_TRUE(ip("ff02::1").IsMulticast());
  EXPECT_TRUE(ip("239.1.2.3").IsMulticast());
  EXPECT_TRUE(ip("127.9.9.9").IsLoopback());
  EXPECT_TRUE(ip("::1").IsLoopback());
  EXPECT_TRUE(ip("0.0.0.0").IsUnspecified());
}

TEST(IpPrefix, ContainsWhatSharesItsBits) {
  const IpPrefix p = *IpPrefix::Parse("10.1.0.0/17");
  EXPECT_TRUE(p.Contains(*IpAddress::Parse("10.1.127.255")));
  EXPECT_FALSE(p.Contains(*IpAddress::Parse("10.1.128.0")));
  EXPECT_FALSE(p.Contains(*IpAddress::Parse("::a01:1")));
  EXPECT_TRUE(p.Contains(*IpPrefix::Parse("10.1.4.0/24")));
  EXPECT_FALSE(p.Contains(*IpPrefix::Parse("10.0.0.0/8")));
  EXPECT_TRUE(IpPrefix::Parse("::/0")->Contains(*IpAddress::Parse("::5")));
}

TEST(IpPrefix, RefusesHostBitsAndSaysWhatWasMeant) {
  const auto parsed = IpPrefix::Parse("10.1.2.3/8");
  ASSERT_FALSE(parsed.ok());
  EXPECT_NE(std::string(parsed.status().message()).find("10.0.0.0/8"),
            std::string::npos);
  EXPECT_FALSE(IpPrefix::Parse("10.0.0.0/33").ok());
  EXPECT_FALSE(IpPrefix::Parse("10.0.0.0/").ok());
  EXPECT_FALSE(IpPrefix::Parse("10.0.0.0/-1").ok());
  EXPECT_EQ(IpPrefix::Parse("10.0.0.1")->bits(), 32);
}

TEST(Endpoint, ReadsWhatItWrites) {
  for (const char* text : {"192.0.2.7:41641", "[2001:db8::9]:1", "1.2.3.4:0"}) {
    ASSERT_TRUE(Endpoint::Parse(text).ok()) << text;
    EXPECT_EQ(Endpoint::Parse(text)->ToString(), text);
  }
  for (const char* text : {"1.2.3.4", "2001:db8::9:1", "[1.2.3.4]:5",
                           "1.2.3.4:65536", "1.2.3.4:", "1.2.3.4:+5",
                           "1.2.3.4:5\r", "1.2.3.4:5 ", "[::1:5", ":5"}) {
    EXPECT_FALSE(Endpoint::Parse(text).ok()) << text;
  }
}

TEST(Endpoint, CarriesARelayRegion) {
  const Endpoint e = Endpoint::Relay(RelayId(900));
  EXPECT_TRUE(e.IsRelay());
  EXPECT_EQ(e.relay(), RelayId(900));
  EXPECT_EQ(e, *Endpoint::Parse("127.3.3.40:900"));
  EXPECT_FALSE(Endpoint::Parse("127.3.3.41:900")->IsRelay());
}

}  // namespace
}  // namespace warren::net
