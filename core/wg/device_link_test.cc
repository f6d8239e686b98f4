// Devices over links that lose, delay, repeat and reorder, seeded.

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/wg/device.h"
#include "core/wg/test_world.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::wg {
namespace {

constexpr char kA[] = "100.64.0.1";
constexpr char kB[] = "100.64.0.2";

// A fifth is lost, a tenth comes twice, all within 200 ms and in any order.
void MakeBad(World& world) {
  world.fate = [&world](const Datagram&) {
    std::vector<absl::Duration> arrivals;
    const uint64_t dice = world.noise.Below(10);
    for (uint64_t i = 0; i < (dice < 2 ? 0u : dice < 3 ? 2u : 1u); ++i) {
      arrivals.push_back(world.noise.Jitter(absl::Milliseconds(200)));
    }
    return arrivals;
  };
}

// Two devices talk for `duration`, one packet each way in 50 ms.
struct Conversation {
  explicit Conversation(uint64_t seed) : world(seed) {
    MakeBad(world);
    world.Link(a, "100.64.0.1/32", b, "100.64.0.2/32");
  }
  void RunFor(absl::Duration duration) {
    const Instant until = world.now + duration;
    for (; world.now < until; world.RunFor(absl::Milliseconds(50))) {
      a.Send(kA, kB, absl::StrCat("a", count));
      b.Send(kB, kA, absl::StrCat("b", count));
      ++count;
    }
    world.RunFor(absl::Seconds(1));
  }
  World world;
  Node& a = world.Add(0x00, "192.0.2.1:1000");
  Node& b = world.Add(0x20, "192.0.2.2:2000");
  size_t count = 0;
};

TEST(BadLink, CarriesNearlyAllThatItDoesNotLoseAndNothingTwice) {
  for (uint64_t seed = 0; seed < 20; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Conversation c(seed);
    c.RunFor(absl::Minutes(10));
    for (Node* node : {&c.a, &c.b}) {
      const std::set<Octets> distinct(node->inbox.begin(), node->inbox.end());
      EXPECT_EQ(distinct.size(), node->inbox.size()) << "delivered twice";
      // Four fifths arrive; a rekey that is lost costs nothing, since the old
      // session serves another minute.
      EXPECT_GT(node->inbox.size(), c.count * 77 / 100);
      EXPECT_EQ(node->dropped(Drop::kForged), 0u);
      EXPECT_EQ(node->Count<HandshakeGaveUp>(), 0u);
    }
    // One session in 120 s, and a few attempts more.
    EXPECT_LE(c.a.device.counters().sessions_established, 9u);
  }
}

TEST(BadLink, ASeedGivesTheSameTraceAgain) {
  const auto trace = [](uint64_t seed) {
    Conversation c(seed);
    c.RunFor(absl::Minutes(3));
    Octets bytes;
    for (const auto& [at, datagram] : c.world.sent) {
      bytes.insert(bytes.end(), datagram.bytes.begin(), datagram.bytes.end());
    }
    return bytes;
  };
  EXPECT_EQ(trace(7), trace(7));
  EXPECT_NE(trace(7), trace(8));
}

TEST(ManyPeers, AreServedInTheOrderOfTheirDeadlines) {
  World world;
  Node& hub = world.Add(0x20, "192.0.2.2:2000");
  constexpr uint8_t kNumPeers = 100;
  std::vector<Node*> peers;
  for (uint8_t i = 0; i < kNumPeers; ++i) {
    peers.push_back(&world.Add(static_cast<uint8_t>(i + 0x30),
                               absl::StrCat("198.51.100.", i, ":1")));
    world.Link(*peers[i], absl::StrCat("100.64.1.", i, "/32"), hub,
               "100.64.0.2/32");
    hub.device.SetPersistentKeepalive(world.now, i, absl::Seconds(25));
  }
  world.RunFor(absl::Minutes(10));
  for (uint8_t i = 0; i < kNumPeers; ++i) {
    EXPECT_TRUE(hub.device.Info(i)->has_session) << int{i};
    peers[i]->Send(absl::StrCat("100.64.1.", i), kB, absl::StrCat(int{i}));
  }
  world.Settle();
  EXPECT_EQ(hub.inbox.size(), kNumPeers);
  for (uint8_t i = 0; i < kNumPeers; ++i) hub.device.RemovePeer(i);
  EXPECT_TRUE(hub.device.Next().at.IsNever());
}

}  // namespace
}  // namespace warren::wg
