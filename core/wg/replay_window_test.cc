#include "core/wg/replay_window.h"

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

constexpr uint64_t kSize = ReplayWindow::kSize;
constexpr uint64_t kLimit = kRejectAfterMessages;
constexpr uint64_t k2To32 = uint64_t{1} << 32;

// What a receiver does with an authentic message.
bool Take(ReplayWindow& window, uint64_t counter) {
  if (!window.IsFresh(counter)) return false;
  window.Mark(counter);
  return true;
}

struct Step {
  uint64_t counter;
  bool fresh;
};
struct Case {
  const char* name;
  std::vector<Step> steps;
};

class ReplayWindowTest : public ::testing::TestWithParam<Case> {};

TEST_P(ReplayWindowTest, TakesEachCounterInTheWindowOnce) {
  ReplayWindow window;
  for (const Step& step : GetParam().steps) {
    EXPECT_EQ(Take(window, step.counter), step.fresh) << step.counter;
  }
}

INSTANTIATE_TEST_SUITE_P(
    , ReplayWindowTest,
    ::testing::ValuesIn(std::vector<Case>{
        {"FirstIsZero", {{0, true}, {0, false}, {1, true}, {1, false}}},
        {"FirstIsNotZero", {{9, true}, {8, true}, {0, true}, {9, false}}},
        {"Backwards", {{3, true}, {2, true}, {1, true}, {2, false}}},
        {"OldestInWindow",
         {{kSize, true}, {0, true}, {0, false}, {kSize + 1, true}, {0, false}}},
        {"OlderThanWindow", {{kSize + 1, true}, {0, false}, {1, true}}},
        {"JumpOverTheWholeRing",
         {{5, true},
          {5 + 8192, true},
          {5, false},
          {6 + 64, true},
          {5 + 8192, false}}},
        {"JumpByTwoTo40",
         {{1, true},
          {uint64_t{1} << 40, true},
          {(uint64_t{1} << 40) - kSize, true},
          {(uint64_t{1} << 40) - kSize - 1, false},
          {(uint64_t{1} << 40) - 1, true}}},
        {"Across2To32",
         {{k2To32 - 2, true},
          {k2To32 - 1, true},
          {k2To32, true},
          {k2To32 + 1, true},
          {k2To32 - 1, false},
          {k2To32, false},
          {0, false},
          {k2To32 - 3, true}}},
        {"LastCounter",
         {{kLimit - 1, true}, {kLimit - 1, false}, {kLimit - 2, true}}},
        {"FromTheLimitOn",
         {{kLimit, false}, {UINT64_MAX, false}, {0, true}, {1, true}}},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(ReplayWindow, AsksWithoutMarking) {
  ReplayWindow window;
  EXPECT_TRUE(window.IsFresh(1 << 20));
  EXPECT_TRUE(window.IsFresh(0));
  EXPECT_TRUE(Take(window, 0));
}

TEST(ReplayWindow, AgreesWithASetOfCountersUsed) {
  for (uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededRng rng(seed);
    ReplayWindow window;
    std::set<uint64_t> used;
    uint64_t highest = 0;
    for (int i = 0; i < 2000; ++i) {
      const uint64_t spread = rng.U64() % 50 == 0 ? 20000 : 300;
      const uint64_t around = highest + rng.U64() % spread;
      const uint64_t counter =
          around > spread * 2 / 3 ? around - spread * 2 / 3 : around;
      const bool too_old = !used.empty() && counter + kSize < highest;
      ASSERT_EQ(Take(window, counter), !too_old && !used.contains(counter))
          << counter << " with highest " << highest;
      if (!too_old) used.insert(counter);
      highest = std::max(highest, counter);
    }
  }
}

}  // namespace
}  // namespace warren::wg
