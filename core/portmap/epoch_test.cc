#include "core/portmap/epoch.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace warren::portmap {
namespace {

struct Case {
  const char* name;
  uint32_t first_s;
  absl::Duration later;
  uint32_t second_s;
  bool reset;
};
class EpochTest : public ::testing::TestWithParam<Case> {};

TEST_P(EpochTest, TellsAReboot) {
  const Case& c = GetParam();
  const Instant start = Instant::FromEpoch(absl::Hours(5));
  Epoch epoch;
  EXPECT_FALSE(epoch.Observe(start, c.first_s));
  EXPECT_EQ(epoch.Observe(start + c.later, c.second_s), c.reset);
}

INSTANTIATE_TEST_SUITE_P(
    , EpochTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"RightClock", 1000, absl::Seconds(100), 1100, false},
        {"OneSecondInEightLost", 1000, absl::Seconds(800), 1700, false},
        {"MoreLost", 1000, absl::Seconds(800), 1690, true},
        {"Back", 1000, absl::Seconds(1), 0, true},
        {"BackByTheRoundingOfTwoClocks", 1000, absl::ZeroDuration(), 999,
         false},
        {"Fast", 1000, absl::Seconds(1), 5000, false},
        {"RebootedAndUpForLong", 10, absl::Seconds(100), 60, true},
        {"Greatest", 0xffffffff, absl::Seconds(1), 0, true},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(Epoch, ForgetsOnRequest) {
  Epoch epoch;
  epoch.Observe(Instant(), 1000);
  epoch.Forget();
  EXPECT_FALSE(epoch.Observe(Instant(), 0));
}

}  // namespace
}  // namespace warren::portmap
