#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "core/relay/relay_world.h"
#include "gtest/gtest.h"

namespace warren::relay {
namespace {

// Any clients doing anything: counters agree, nobody crashes, and the same
// seed gives the same bytes.
std::string RandomTrace(uint64_t seed) {
  SeededRng rng(seed);
  World world(1 + static_cast<uint32_t>(rng.Below(3)));
  std::vector<NodeKey> keys;
  for (char name = 'a'; name < 'g'; ++name) {
    keys.push_back(world.Named(std::string(1, name), world.NewKey()));
  }
  std::vector<ClientId> here;
  std::string trace;
  double now = 0;
  for (int step = 0; step < 300; ++step) {
    const NodeKey& key = keys[rng.Below(keys.size())];
    if (here.empty() || rng.Below(8) == 0) {
      here.push_back(world.Join(key));
      continue;
    }
    const size_t i = rng.Below(here.size());
    const ClientId id = here[i];
    switch (rng.Below(8)) {
      case 0:
        world.Leave(id);
        here.erase(here.begin() + static_cast<ptrdiff_t>(i));
        break;
      case 1:
        world.RelayOf(id).OnBlocked(world.now(), id);
        break;
      case 2:
        world.RelayOf(id).OnUnblocked(id);
        world.Drain();
        break;
      case 3:
        now += static_cast<double>(rng.Below(4));
        world.RunUntil(now);
        break;
      case 4:
        world.Send(id, key, Disco());
        break;
      default:
        world.Send(id, key, absl::StrCat(step));
    }
    if (here.empty()) continue;
    absl::StrAppend(&trace, world.Received(here[rng.Below(here.size())]), ";");
  }
  return trace;
}

TEST(RelayProperty, TheSameSeedGivesTheSameTrace) {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SCOPED_TRACE(seed);
    ASSERT_EQ(RandomTrace(seed), RandomTrace(seed));
  }
}

}  // namespace
}  // namespace warren::relay
