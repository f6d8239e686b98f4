#include "core/wg/deadline_queue.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

Instant At(int64_t seconds) {
  return Instant::FromEpoch(absl::Seconds(seconds));
}

TEST(DeadlineQueue, HasTheSoonestFirstAndTheLowerPeerOfEqualOnes) {
  DeadlineQueue queue;
  queue.Set(3, At(5));
  queue.Set(2, At(5));
  queue.Set(1, At(9));
  EXPECT_EQ(queue.FirstPeer(), 2u);
  queue.Remove(2);
  EXPECT_EQ(queue.FirstPeer(), 3u);
  queue.Set(3, At(10));
  EXPECT_EQ(queue.FirstPeer(), 1u);
}

TEST(DeadlineQueue, LowersButDoesNotRaise) {
  DeadlineQueue queue;
  queue.Lower(1, At(5));
  queue.Lower(1, At(9));
  EXPECT_EQ(queue.FirstAt(), At(5));
  queue.Lower(1, At(2));
  EXPECT_EQ(queue.FirstAt(), At(2));
  queue.Lower(2, Instant::Never());
  EXPECT_EQ(queue.At(2), Instant::Never());
}

TEST(DeadlineQueue, AgreesWithAMap) {
  for (uint32_t seed = 0; seed < 100; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededRng rng(seed);
    DeadlineQueue queue;
    std::map<net::PeerIndex, Instant> slow;
    for (int step = 0; step < 500; ++step) {
      const net::PeerIndex peer = rng.U32() % 40;
      if (rng.U32() % 3 == 0) {
        queue.Remove(peer);
        slow.erase(peer);
      } else {
        const Instant at = At(rng.U32() % 100);
        queue.Set(peer, at);
        slow[peer] = at;
      }
      ASSERT_EQ(queue.empty(), slow.empty());
      if (slow.empty()) continue;
      auto first = slow.begin();
      for (auto it = slow.begin(); it != slow.end(); ++it) {
        if (it->second < first->second) first = it;
      }
      ASSERT_EQ(queue.FirstPeer(), first->first);
      ASSERT_EQ(queue.FirstAt(), first->second);
    }
  }
}

}  // namespace
}  // namespace warren::wg
