#include "control/coordinator/relay_union.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

const TailnetId kOther(7);

derp::RelayRegion Region(uint16_t id, const std::string& host) {
  derp::RelayRegion region{RelayId(id), "lab", "", false, {}};
  region.nodes.resize(1);
  region.nodes[0].name = "a";
  region.nodes[0].hostname = host;
  return region;
}

std::string TextOf(const derp::RelayMap& map) {
  std::string out;
  for (const derp::RelayRegion& region : map.regions) {
    absl::StrAppend(&out, out.empty() ? "" : " ", region.id.value(), "=",
                    region.nodes[0].hostname,
                    region.no_measure_no_home ? "!" : "");
  }
  return out;
}

TEST(RelayUnion, TakesWhatItLacksUnderAFreeIdToReachOthersThere) {
  RelayUnion all(derp::RelayMap{{Region(900, "ours"), Region(902, "both")}});
  all.Add(kOther, derp::RelayMap{{Region(900, "theirs"), Region(901, "both"),
                                  Region(905, "more")}});
  EXPECT_EQ(TextOf(all.map()), "900=ours 902=both 905=more! 65535=theirs!");
  EXPECT_TRUE(derp::Validate(all.map()).ok());
  EXPECT_EQ(all.Here(kOther, RelayId(900)), RelayId(65535));
  EXPECT_EQ(all.Here(kOther, RelayId(901)), RelayId(902));
  EXPECT_EQ(all.Here(kOther, RelayId(905)), RelayId(905));
  EXPECT_EQ(all.Here(kOther, RelayId(1)), RelayId());
  EXPECT_EQ(all.Here(TailnetId(8), RelayId(900)), RelayId());
  // A third with the same again.
  all.Add(TailnetId(8), derp::RelayMap{{Region(3, "theirs")}});
  EXPECT_EQ(all.Here(TailnetId(8), RelayId(3)), RelayId(65535));
  EXPECT_EQ(all.map().regions.size(), 4u);
}

TEST(RelayUnion, IsNeverLargerThanAMapMayBe) {
  derp::RelayMap large;
  for (size_t i = 1; i < derp::kMaxRegions; ++i) {
    large.regions.push_back(Region(static_cast<uint16_t>(i), "ours"));
    large.regions.back().nodes[0].hostname += absl::StrCat(i);
  }
  RelayUnion all(large);
  all.Add(kOther, derp::RelayMap{{Region(1, "one"), Region(2, "two")}});
  EXPECT_EQ(all.map().regions.size(), derp::kMaxRegions);
  EXPECT_EQ(all.Here(kOther, RelayId(1)), RelayId(65535));
  EXPECT_EQ(all.Here(kOther, RelayId(2)), RelayId());
}

}  // namespace
}  // namespace warren::control
