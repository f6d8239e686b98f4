#include "core/engine/link_change.h"

#include <functional>
#include <string>
#include <vector>

#include "core/testing/literals.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using path::LinkChange;
using ::warren::testing::Ip;

LinkState Home() {
  LinkState link;
  link.addresses = {Ip("192.168.1.20"), Ip("2001:db8::20")};
  link.udp4_port = link.udp6_port = 41641;
  link.gateway = {{Ip("192.168.1.1"), Ip("192.168.1.20")}};
  link.default_v4_interface = link.default_v6_interface = 2;
  return link;
}

struct Case {
  const char* name;
  std::function<void(LinkState&)> change;
  LinkChange want;
};

class CompareTest : public ::testing::TestWithParam<Case> {};

TEST_P(CompareTest, GradesTheChange) {
  LinkState after = Home();
  GetParam().change(after);
  EXPECT_EQ(Compare(Home(), after), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    , CompareTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"Nothing", [](LinkState&) {}, LinkChange::kNone},
        {"ABridgeAppears",
         [](LinkState& l) { l.addresses.push_back(Ip("172.17.0.1")); },
         LinkChange::kGrown},
        {"AddressesInAnotherOrder",
         [](LinkState& l) { std::swap(l.addresses[0], l.addresses[1]); },
         LinkChange::kGrown},
        {"AnAddressVanishes", [](LinkState& l) { l.addresses.pop_back(); },
         LinkChange::kMoved},
        {"AnotherAddress",
         [](LinkState& l) { l.addresses[0] = Ip("192.168.1.21"); },
         LinkChange::kMoved},
        {"AnotherRouterAtTheSameAddress",
         [](LinkState& l) { l.default_v4_interface = 3; }, LinkChange::kMoved},
        {"AnotherRouter",
         [](LinkState& l) { l.gateway->router = Ip("192.168.1.2"); },
         LinkChange::kMoved},
        {"NoDefaultRouteAnyMore",
         [](LinkState& l) {
           l.default_v4_interface = 0;
           l.gateway.reset();
         },
         LinkChange::kMoved},
        {"AnotherPort", [](LinkState& l) { l.udp4_port = 5; },
         LinkChange::kMoved},
        {"ANat64IsFound",
         [](LinkState& l) { l.nat64_prefix = Ip("64:ff9b::"); },
         LinkChange::kGrown},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Compare, TakesTheFirstIpv6RouteForGrowth) {
  LinkState before = Home();
  before.addresses.pop_back();
  before.default_v6_interface = 0;
  EXPECT_EQ(Compare(before, Home()), LinkChange::kGrown);
}

}  // namespace
}  // namespace warren::engine
