// Random troubles, then calm: whatever happened, everything works again.

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/rng.h"
#include "core/sim/lab.h"
#include "core/sim/nat.h"
#include "core/sim/oracle.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

constexpr uint64_t kSeeds = 60;

NatKind AnyNat(Rng& rng) {
  if (rng.Below(4) == 0) return kOpen;
  NatKind kind;
  kind.mapping = static_cast<Depends>(rng.Below(3));
  kind.filtering = static_cast<Depends>(rng.Below(3));
  return kind;
}

class Soak {
 public:
  explicit Soak(uint64_t seed) : rng_(seed), lab_(seed) {
    for (int i = 0; i < 2; ++i) relays_.push_back(&lab_.AddRelay());
    for (const char* name : {"a", "b", "c"}) {
      kinds_.push_back(AnyNat(rng_));
      nodes_.push_back(&lab_.AddNode(name, kinds_.back()));
      nodes_.back()->host().link.loss = 0.02;
    }
    lab_.world().RunFor(absl::Seconds(5));
  }

  void Trouble() {
    const size_t i = rng_.Below(nodes_.size());
    SimNode& node = *nodes_[i];
    SimNode& other = *nodes_[(i + 1) % nodes_.size()];
    switch (rng_.Below(8)) {
      case 0:
        return lab_.network().Cut(node.host(), other.host(), true);
      case 1:
        return lab_.network().Cut(node.host(), other.host(), false);
      case 2:
        if (node.host().nat) node.host().nat->Reset();
        return;
      case 3:
        return node.Restart();
      case 4:
        return relays_[rng_.Below(relays_.size())]->Restart(
            rng_.Jitter(absl::Seconds(30)));
      case 5:
        kinds_[i] = AnyNat(rng_);
        return node.Roam(kinds_[i]);
      case 6:
        return lab_.Pause(rng_.Below(2) == 0);
      case 7:
        node.host().link.udp_blocked = rng_.Below(3) == 0;
        return;
    }
  }
  void Calm() {
    lab_.Pause(false);
    for (SimNode* node : nodes_) {
      node->host().link.udp_blocked = false;
      node->host().link.loss = 0;
      for (SimNode* other : nodes_) {
        if (other != node) {
          lab_.network().Cut(node->host(), other->host(), false);
        }
      }
    }
  }
  void Talk(absl::Duration duration, absl::string_view text) {
    for (const Instant end = lab_.world().now() + duration;
         lab_.world().now() < end;) {
      for (SimNode* from : nodes_) {
        for (SimNode* to : nodes_) {
          if (from != to) from->Send(*to, text);
        }
      }
      lab_.world().RunFor(absl::Milliseconds(500));
    }
  }
  void ExpectThatAllIsWell() {
    const size_t before = nodes_[0]->num_received();
    Talk(absl::Seconds(10), "all well");
    // A NAT mapping that only one side uses may end in this time: one packet.
    EXPECT_GE(nodes_[0]->num_received() - before, 20u * 2 - 1);
    for (size_t i = 0; i < nodes_.size(); ++i) {
      for (size_t j = 0; j < nodes_.size(); ++j) {
        if (i == j) continue;
        const Reach reach = ReachOf(kinds_[i], kinds_[j]);
        if (reach != Reach::kDirect && reach != Reach::kRelayOnly) continue;
        EXPECT_EQ(nodes_[i]->IsDirectTo(*nodes_[j]), reach == Reach::kDirect)
            << i << " to " << j;
      }
    }
  }
  Rng& rng() { return rng_; }

 private:
  SeededRng rng_;
  Lab lab_;
  std::vector<SimRelay*> relays_;
  std::vector<SimNode*> nodes_;
  std::vector<NatKind> kinds_;
};

TEST(Soak, RecoversFromAnyTroubles) {
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Soak soak(seed);
    for (int i = 0; i < 20; ++i) {
      soak.Trouble();
      soak.Talk(soak.rng().Jitter(absl::Seconds(10)), "in trouble");
    }
    soak.Calm();
    soak.Talk(absl::Seconds(60), "calm");
    soak.ExpectThatAllIsWell();
  }
}

}  // namespace
}  // namespace warren::sim
