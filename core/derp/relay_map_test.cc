#include "core/derp/relay_map.h"

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "gtest/gtest.h"

namespace warren::derp {
namespace {

RelayMap TwoRegions() {
  RelayNode node;
  node.name = "900a";
  node.hostname = "relay.example";
  RelayRegion first;
  first.id = RelayId(900);
  first.nodes = {node};
  RelayRegion second = first;
  second.id = RelayId(901);
  return {{first, second}};
}

TEST(RelayMap, FindsARegionById) {
  const RelayMap map = TwoRegions();
  ASSERT_NE(map.Find(RelayId(901)), nullptr);
  EXPECT_EQ(map.Find(RelayId(901))->id, RelayId(901));
  EXPECT_EQ(map.Find(RelayId(1)), nullptr);
  EXPECT_EQ(map.Find(RelayId(999)), nullptr);
}

TEST(RelayMap, PortsHaveDefaults) {
  RelayNode node;
  EXPECT_EQ(node.DerpPort(), 443);
  EXPECT_EQ(node.StunPort(), 3478);
  node.stun_port = -1;
  EXPECT_EQ(node.StunPort(), 0);
  node.derp_port = 3340;
  EXPECT_EQ(node.DerpPort(), 3340);
}

struct Case {
  const char* name;
  std::function<void(RelayMap&)> change;
  bool ok;
};

class ValidateTest : public testing::TestWithParam<Case> {};

TEST_P(ValidateTest, NamesWhatIsWrong) {
  RelayMap map = TwoRegions();
  GetParam().change(map);
  const absl::Status status = Validate(map);
  EXPECT_EQ(status.ok(), GetParam().ok) << status;
}

INSTANTIATE_TEST_SUITE_P(
    , ValidateTest,
    testing::Values(
        Case{"Good", [](RelayMap&) {}, true},
        Case{"Zero", [](RelayMap& m) { m.regions[0].id = RelayId(0); }, false},
        Case{"Twice", [](RelayMap& m) { m.regions[1].id = RelayId(900); },
             false},
        Case{"NoHost",
             [](RelayMap& m) { m.regions[0].nodes[0].hostname.clear(); },
             false},
        Case{"BadPort",
             [](RelayMap& m) { m.regions[0].nodes[0].derp_port = 65536; },
             false},
        Case{"BadPin",
             [](RelayMap& m) {
               m.regions[0].nodes[0].cert_name = "sha256-raw:00";
             },
             false},
        Case{"GoodPin",
             [](RelayMap& m) {
               m.regions[0].nodes[0].cert_name =
                   "sha256-raw:" + std::string(64, 'a');
             },
             true},
        Case{"TooManyNodes",
             [](RelayMap& m) {
               m.regions[0].nodes.resize(65, m.regions[0].nodes[0]);
             },
             false}),
    [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace warren::derp
