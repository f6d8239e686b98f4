#include "core/policy/ports.h"

#include <string>

#include "gtest/gtest.h"

namespace warren::policy {
namespace {

std::string Show(absl::string_view text) {
  const auto ranges = ParsePorts(text);
  if (!ranges.ok()) return std::string(ranges.status().message());
  std::string out;
  for (const PortRange& range : *ranges) {
    out += std::to_string(range.first) + "-" + std::to_string(range.last) + " ";
  }
  return out;
}

TEST(ParsePortsTest, ReadsListsInOrder) {
  EXPECT_EQ(Show("*"), "0-65535 ");
  EXPECT_EQ(Show("22"), "22-22 ");
  EXPECT_EQ(Show("443,80-90,1"), "443-443 80-90 1-1 ");
  EXPECT_EQ(Show("0-65535"), "0-65535 ");
}

TEST(ParsePortsTest, NamesTheFault) {
  EXPECT_EQ(Show("icmp"), "port range \"icmp\": invalid first integer");
  EXPECT_EQ(Show(""), "port range \"\": invalid first integer");
  EXPECT_EQ(Show("80-x"), "port range \"80-x\": invalid last integer");
  EXPECT_EQ(
      Show("90-80"),
      "port range \"90-80\": invalid port range: first port is greater than "
      "last port");
  EXPECT_EQ(Show("70000"), "port range \"70000\": invalid first integer");
  EXPECT_EQ(Show("22,"), "port range \"\": invalid first integer");
  EXPECT_FALSE(ParsePorts("-1").ok());
  EXPECT_FALSE(ParsePorts("0").ok());
  EXPECT_FALSE(ParsePorts(" 22").ok());
  EXPECT_FALSE(ParsePorts("+22").ok());
}

TEST(ParseProtocolTest, KnowsNamesAndNumbers) {
  EXPECT_EQ(*ParseProtocol("tcp"), 6);
  EXPECT_EQ(*ParseProtocol("TCP"), 6);
  EXPECT_EQ(*ParseProtocol("ip-in-ip"), 4);
  EXPECT_EQ(*ParseProtocol("ipv6-icmp"), 58);
  EXPECT_EQ(*ParseProtocol("255"), 255);
  EXPECT_EQ(ProtocolText(6), "tcp");
  EXPECT_EQ(ProtocolText(200), "200");
  for (const char* text : {"256", "-1", "", "tcpp", "1.5", "0", "06", "*"}) {
    EXPECT_FALSE(ParseProtocol(text).ok()) << text;
  }
}

TEST(ParseIpItemTest, TakesProtocolAndPorts) {
  const auto tcp = ParseIpItem("tcp:80,443");
  ASSERT_TRUE(tcp.ok());
  EXPECT_EQ(tcp->protocol, 6);
  EXPECT_EQ(tcp->ports.size(), 2u);
  EXPECT_FALSE(ParseIpItem("*")->protocol.has_value());
  EXPECT_TRUE(ParseIpItem("icmp:*")->ports[0].IsAll());
  EXPECT_TRUE(ParseIpItem("47")->ports[0] == (PortRange{47, 47}));
}

TEST(ParseIpItemTest, RefusesPortsWhereThereAreNone) {
  EXPECT_FALSE(ParseIpItem("icmp:8").ok());
  EXPECT_FALSE(ParseIpItem("gre:1-2").ok());
  EXPECT_FALSE(ParseIpItem("icmp").ok());
  EXPECT_FALSE(ParseIpItem("bogus:80").ok());
  EXPECT_FALSE(ParseIpItem("tcp:").ok());
  EXPECT_FALSE(ParseIpItem("tcp:80:90").ok());
}

TEST(SplitDestinationTest, SplitsAtTheLastColon) {
  struct {
    const char *text, *selector, *ports;
  } const rows[] = {
      {"tag:web:80,443", "tag:web", "80,443"},
      {"*:*", "*", "*"},
      {"fd7a::1:22", "fd7a::1", "22"},
      {"[fd7a::1]:22", "fd7a::1", "22"},
      {"[fd7a::]/48:*", "fd7a::/48", "*"},
      {"autogroup:member", "autogroup", "member"},
  };
  for (const auto& row : rows) {
    const auto split = SplitDestination(row.text);
    ASSERT_TRUE(split.ok()) << row.text;
    EXPECT_EQ(split->selector, row.selector);
    EXPECT_EQ(split->ports, row.ports);
  }
  for (const char* text : {"web", ":80", "[10.0.0.1]:80", "[fd7a::1:80", ""}) {
    EXPECT_FALSE(SplitDestination(text).ok()) << text;
  }
}

}  // namespace
}  // namespace warren::policy
