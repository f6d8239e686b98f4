#include "core/policy/node_set.h"

#include <set>

#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

TEST(NodeSet, HoldsWhatWasInsertedAscending) {
  SeededRng rng(1);
  for (const size_t size : {1u, 63u, 64u, 65u, 128u, 1000u}) {
    SCOPED_TRACE(size);
    NodeSet set(size);
    std::set<Index> expected;
    for (int i = 0; i < 500; ++i) {
      const auto node = static_cast<Index>(rng.Below(size));
      if (rng.Below(3) == 0) {
        set.Erase(node);
        expected.erase(node);
      } else {
        set.Insert(node);
        expected.insert(node);
      }
    }
    EXPECT_EQ(set.All(), Indices(expected.begin(), expected.end()));
  }
}

TEST(NodeSet, OfNobodyIsEmpty) { EXPECT_TRUE(NodeSet(0).All().empty()); }

}  // namespace
}  // namespace warren::policy
