// Routers that map ports on request, and such as only say so.

#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/sim/lab.h"
#include "core/sim/nat.h"
#include "core/sim/network.h"
#include "core/sim/site.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

// Two nodes behind NATs that map by destination, to random ports: only a mapped
// port can bring them together. The router of `a` has a `mapper`.
class MappedPort : public ::testing::Test {
 protected:
  void Start(Mapper mapper) {
    lab_.AddRelay();
    a_ = &lab_.AddNode(
        "a", lab_.network().AddSite({.nat = kHardNat, .mapper = mapper}));
    b_ = &lab_.AddNode("b", lab_.network().AddSite({.nat = kHardNat}));
    lab_.network().SetTap([this](const Host& from, const net::Endpoint& to,
                                 const std::vector<uint8_t>&) {
      if (&from != &a_->host()) return;
      num_to_router_ += to.address() == from.site->gateway();
    });
    Run(absl::Seconds(5));
  }
  void Run(absl::Duration duration) { lab_.world().RunFor(duration); }
  bool Direct() { return a_->IsDirectTo(*b_) && b_->IsDirectTo(*a_); }
  std::optional<net::Endpoint> Mapped() {
    return a_->engine().network().port_mapping.external;
  }

  Lab lab_{31};
  SimNode* a_ = nullptr;
  SimNode* b_ = nullptr;
  int num_to_router_ = 0;
};

TEST_F(MappedPort, BringsHardNatsTogether) {
  Start(Mapper::kHonest);
  ASSERT_TRUE(Mapped());
  EXPECT_EQ(a_->engine().endpoints().front(), *Mapped());
  EXPECT_EQ(a_->engine().network().port_mapping.nat_pmp, true);
  a_->Send(*b_, "hello");
  Run(absl::Seconds(2));
  EXPECT_TRUE(Direct());
}

TEST_F(MappedPort, IsNotBelievedWhenNothingComesThrough) {
  Start(Mapper::kLies);
  ASSERT_TRUE(Mapped());
  a_->Send(*b_, "hello");
  Run(absl::Milliseconds(200));
  EXPECT_EQ(b_->num_received(), 1u);  // by the relay, at once
}

TEST_F(MappedPort, IsKeptForDaysByAnIdleNodeForNextToNothing) {
  Start(Mapper::kHonest);
  num_to_router_ = 0;
  Run(absl::Hours(48));
  EXPECT_TRUE(Mapped());
  EXPECT_LE(num_to_router_, 2 * 48);
  a_->Send(*b_, "hello");
  Run(absl::Seconds(2));
  EXPECT_TRUE(Direct());
}

TEST_F(MappedPort, IsGivenBackAtTheEnd) {
  Start(Mapper::kHonest);
  num_to_router_ = 0;
  a_->With([](engine::Engine& engine, Instant now) { engine.Close(now); });
  EXPECT_EQ(num_to_router_, 1);
  EXPECT_FALSE(Mapped());
}

TEST_F(MappedPort, IsAskedForAnewInAnotherNetwork) {
  Start(Mapper::kHonest);
  const auto before = Mapped();
  a_->Roam(
      lab_.network().AddSite({.nat = kHardNat, .mapper = Mapper::kHonest}));
  EXPECT_FALSE(Mapped());
  Run(absl::Seconds(1));
  ASSERT_TRUE(Mapped());
  EXPECT_NE(Mapped(), before);
}

}  // namespace
}  // namespace warren::sim
