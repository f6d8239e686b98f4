// Hard NATs: pairs of nodes that no ordinary round of pings brings together.

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "core/path/punch.h"
#include "core/path/punch_status.h"
#include "core/sim/lab.h"
#include "core/sim/nat.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using State = path::PunchStatus::State;

constexpr auto kAddress = Depends::kAddress;
constexpr auto kPort = Depends::kAddressAndPort;

NatKind Hard(Depends mapping, Depends filtering, Ports ports,
             int16_t step = 1) {
  NatKind kind;
  kind.mapping = mapping;
  kind.filtering = filtering;
  kind.ports = ports;
  kind.step = step;
  return kind;
}
// A carrier that gives each customer a block of ports.
NatKind InBlock() {
  NatKind kind = kHardNat;
  kind.first_port = 41000;
  kind.num_ports = 512;
  return kind;
}

class Pair {
 public:
  Pair(uint64_t seed, const NatKind& nat_a, const NatKind& nat_b) : lab(seed) {
    lab.AddRelay();
    lab.AddRelay();
    a = &lab.AddNode("a", nat_a);
    b = &lab.AddNode("b", nat_b);
    lab.world().RunFor(absl::Seconds(5));
  }
  bool Direct() const { return a->IsDirectTo(*b) && b->IsDirectTo(*a); }
  uint64_t num_probes() const {
    return a->engine().counters().punch_sent +
           b->engine().counters().punch_sent;
  }
  path::PunchStatus StatusOf(SimNode& node, SimNode& peer) {
    return node.engine().peer(peer.id())->punch;
  }

  Lab lab;
  SimNode* a;
  SimNode* b;
};

struct Kinds {
  const char* name;
  NatKind a;  // speaks first
  NatKind b;
  uint64_t most_probes = path::Punch::kMaxDatagrams;
};

class PunchSim : public ::testing::TestWithParam<Kinds> {};

TEST_P(PunchSim, GoesDirectWithinItsBudget) {
  constexpr size_t kSeeds = 60;
  const Kinds& kinds = GetParam();
  size_t num_direct = 0;
  std::vector<absl::Duration> times;  // from the first packet
  std::vector<uint64_t> probes;       // of both sides
  for (uint64_t seed = 1; seed <= kSeeds; ++seed) {
    Pair pair(seed, kinds.a, kinds.b);
    World& world = pair.lab.world();
    const Instant start = world.now();
    pair.a->Send(*pair.b, "hello");
    // Sometimes both want the path, sometimes one only answers.
    if (seed % 2 == 0) pair.b->Send(*pair.a, "hello");
    num_direct += world.RunUntil([&] { return pair.Direct(); },
                                 path::Punch::kAttemptTime);
    times.push_back(world.now() - start);
    world.RunFor(path::Punch::kAttemptTime);  // All that follows counts, too.
    probes.push_back(pair.num_probes());
  }
  std::ranges::sort(times);
  std::ranges::sort(probes);
  std::printf(
      "%-28s direct %zu/%zu, p50 %4.0f ms, p95 %4.0f ms, "
      "probes p50 %4d, p95 %4d, most %4d\n",
      kinds.name, num_direct, kSeeds,
      absl::ToDoubleMilliseconds(times[kSeeds / 2]),
      absl::ToDoubleMilliseconds(times[kSeeds * 95 / 100]),
      static_cast<int>(probes[kSeeds / 2]),
      static_cast<int>(probes[kSeeds * 95 / 100]),
      static_cast<int>(probes.back()));
  EXPECT_GE(num_direct * 100, kSeeds * 95);
  EXPECT_LT(probes.back(), kinds.most_probes);
}

INSTANTIATE_TEST_SUITE_P(
    , PunchSim,
    ::testing::ValuesIn(std::vector<Kinds>{
        {"EasyToRandom", kEasyNat, kHardNat},
        {"RandomToEasy", kHardNat, kEasyNat},
        {"EasyToAddressDependent", kEasyNat,
         Hard(kAddress, kPort, Ports::kRandom)},
        {"EasyToLooseFilter", kEasyNat, Hard(kPort, kAddress, Ports::kRandom)},
        {"EasyToPreserving", kEasyNat, Hard(kPort, kPort, Ports::kPreserving)},
        {"EasyToSequential", kEasyNat, Hard(kPort, kPort, Ports::kSequential),
         200},
        {"SequentialToEasy", Hard(kPort, kPort, Ports::kSequential, -2),
         kEasyNat, 200},
        {"EasyToBlock", kEasyNat, InBlock(), 400},
        {"SequentialToSequential", Hard(kPort, kPort, Ports::kSequential),
         Hard(kPort, kPort, Ports::kSequential, 2), 200},
        {"SequentialByAddress", Hard(kAddress, kPort, Ports::kSequential),
         Hard(kPort, kAddress, Ports::kSequential), 200},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST(PunchSimStatus, TwoRandomNatsStayRelayedAndSaySo) {
  Pair pair(1, kHardNat, kHardNat);
  pair.a->Send(*pair.b, "hello");
  pair.b->Send(*pair.a, "hello");
  pair.lab.world().RunFor(absl::Seconds(10));
  EXPECT_FALSE(pair.Direct());
  for (const auto& status :
       {pair.StatusOf(*pair.a, *pair.b), pair.StatusOf(*pair.b, *pair.a)}) {
    EXPECT_EQ(status.state, State::kImpossible);
    EXPECT_EQ(status.obstacle, path::PunchObstacle::kBothHard);
  }
  EXPECT_EQ(pair.num_probes(), 0u);
}

}  // namespace
}  // namespace warren::sim
