#include "core/engine/relay_use.h"

#include <utility>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

const RelayId kHome(1);
const RelayId kOther(2);
const Instant kStart = Instant::FromEpoch(absl::Seconds(1));

class RelayUseTest : public ::testing::Test {
 protected:
  RelayUseTest() {
    derp::RelayMap map;
    for (const RelayId id : {kHome, kOther}) {
      map.regions.emplace_back().id = id;
    }
    use_.SetMap(map);
    use_.SetHome(kStart, kHome);
  }
  std::vector<std::pair<RelayId, bool>> Events() {
    std::vector<std::pair<RelayId, bool>> events;
    while (const auto e = use_.Poll()) events.emplace_back(e->relay, e->wanted);
    return events;
  }
  RelayUse use_;
};

TEST_F(RelayUseTest, WantsTheHomeForever) {
  EXPECT_THAT(Events(), ElementsAre(Pair(kHome, true)));
  use_.OnTimeout(kStart + absl::Hours(10));
  EXPECT_THAT(Events(), IsEmpty());
  EXPECT_TRUE(use_.Next().IsNever());
}

TEST_F(RelayUseTest, WantsAnotherUntilItWasIdleForAMinute) {
  Events();
  EXPECT_TRUE(use_.Use(kStart, kOther));
  EXPECT_TRUE(use_.Use(kStart + absl::Seconds(30), kOther));
  EXPECT_THAT(Events(), ElementsAre(Pair(kOther, true)));
  EXPECT_EQ(use_.Next(), kStart + absl::Seconds(90));
  use_.OnTimeout(kStart + absl::Seconds(89));
  EXPECT_THAT(Events(), IsEmpty());
  use_.OnTimeout(kStart + absl::Seconds(90));
  EXPECT_THAT(Events(), ElementsAre(Pair(kOther, false)));
}

TEST_F(RelayUseTest, LeavesAFormerHomeWhenItIsIdle) {
  use_.SetHome(kStart, kOther);
  Events();
  use_.OnTimeout(kStart + absl::Seconds(60));
  EXPECT_THAT(Events(), ElementsAre(Pair(kHome, false)));
}

TEST_F(RelayUseTest, KnowsNoRelayOutsideTheMap) {
  Events();
  EXPECT_FALSE(use_.Use(kStart, RelayId(77)));
  EXPECT_FALSE(use_.Use(kStart, RelayId()));
  EXPECT_THAT(Events(), IsEmpty());
  use_.SetMap({});
  EXPECT_THAT(Events(), ElementsAre(Pair(kHome, false)));
  EXPECT_FALSE(use_.connected(kHome));
}

}  // namespace
}  // namespace warren::engine
