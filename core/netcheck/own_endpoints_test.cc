#include "core/netcheck/own_endpoints.h"

#include <initializer_list>
#include <string>
#include <vector>

#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::netcheck {
namespace {

using ::warren::testing::At;
using ::warren::testing::Ip;

struct Case {
  const char* name;
  std::vector<const char*> addresses;
  const char* mapped_v4;  // null: none
  bool mapping_varies;
  std::vector<const char*> want;
};

class OwnEndpointsTest : public ::testing::TestWithParam<Case> {};

TEST_P(OwnEndpointsTest, AreWhatIsWorthTelling) {
  const Case& c = GetParam();
  Whereabouts where;
  for (const char* text : c.addresses) {
    where.interface_addresses.push_back(Ip(text));
  }
  where.udp4_port = where.udp6_port = 41641;
  if (c.mapped_v4 != nullptr) where.mapped_v4 = At(c.mapped_v4);
  where.mapping_varies = c.mapping_varies;
  std::vector<std::string> got;
  for (const net::Endpoint& e : OwnEndpoints(where)) {
    got.push_back(e.ToString());
  }
  EXPECT_EQ(got, std::vector<std::string>(c.want.begin(), c.want.end()));
}

INSTANTIATE_TEST_SUITE_P(
    , OwnEndpointsTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Nothing", {}, nullptr, false, {}},
        {"StunBeforeInterfaces",
         {"192.168.1.2"},
         "203.0.113.5:20001",
         false,
         {"203.0.113.5:20001", "192.168.1.2:41641"}},
        {"HardNatAlsoByItsForwardedPort",
         {"192.168.1.2"},
         "203.0.113.5:20001",
         true,
         {"203.0.113.5:20001", "203.0.113.5:41641", "192.168.1.2:41641"}},
        {"EachOnce",
         {"203.0.113.5"},
         "203.0.113.5:41641",
         false,
         {"203.0.113.5:41641"}},
        {"NeverTheTailnet",
         {"100.64.0.9", "fd7a:115c:a1e0::9", "10.0.0.2"},
         nullptr,
         false,
         {"10.0.0.2:41641"}},
        {"NeverLinkLocalV6", {"fe80::1"}, nullptr, false, {}},
        {"LinkLocalV4OnlyAsALastResort",
         {"169.254.7.7", "10.0.0.2"},
         nullptr,
         false,
         {"10.0.0.2:41641"}},
        {"PrivateV6OnlyAsALastResort",
         {"fd00::7", "127.0.0.1"},
         nullptr,
         false,
         {"[fd00::7]:41641"}},
        {"LoopbackOnlyAlone",
         {"127.0.0.1"},
         nullptr,
         false,
         {"127.0.0.1:41641"}},
        {"TwoOfASubnet",
         {"2001:db8::1", "2001:db8::2", "2001:db8::3", "2001:db8:1::1"},
         nullptr,
         false,
         {"[2001:db8::1]:41641", "[2001:db8::2]:41641",
          "[2001:db8:1::1]:41641"}},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(OwnEndpoints, TellEachUplinkThatStunSaw) {
  Whereabouts where;
  where.mapped_v4 = At("203.0.113.5:1");
  where.others_v4 = {At("192.0.2.7:2")};
  EXPECT_THAT(OwnEndpoints(where),
              ::testing::ElementsAre(At("203.0.113.5:1"), At("192.0.2.7:2")));
}

TEST(OwnEndpoints, LeaveOutAFamilyWithoutASocket) {
  Whereabouts where;
  where.interface_addresses = {Ip("10.0.0.2"), Ip("2001:db8::1")};
  where.udp4_port = 7;
  EXPECT_EQ(OwnEndpoints(where), std::vector{At("10.0.0.2:7")});
}

TEST(OwnEndpoints, AreBounded) {
  Whereabouts where;
  where.udp4_port = 7;
  for (uint32_t i = 0; i < 1000; ++i) {
    where.interface_addresses.push_back(net::IpAddress::V4(0x0a000000 + i));
  }
  EXPECT_EQ(OwnEndpoints(where).size(), kMaxOwnEndpoints);
}

TEST(OwnEndpoints, ThePortThatTheRouterMapsIsFirst) {
  Whereabouts where;
  where.interface_addresses = {Ip("192.168.1.2")};
  where.udp4_port = 41641;
  where.mapped_v4 = At("203.0.113.5:20001");
  where.port_mapped = At("203.0.113.5:41641");
  where.mapping_varies = true;
  const std::vector<net::Endpoint> want = {At("203.0.113.5:41641"),
                                           At("203.0.113.5:20001"),
                                           At("192.168.1.2:41641")};
  EXPECT_EQ(OwnEndpoints(where), want);
}

}  // namespace
}  // namespace warren::netcheck
