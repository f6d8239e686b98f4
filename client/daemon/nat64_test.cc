#include "client/daemon/nat64.h"

#include <atomic>
#include <string>
#include <vector>

#include "client/relay/test_loop.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }
using Addresses = std::vector<net::IpAddress>;

TEST(Nat64PrefixFrom, IsWhatStandsBeforeAWellKnownAddress) {
  EXPECT_EQ(Nat64PrefixFrom({Ip("192.0.0.170"), Ip("64:ff9b::c000:aa")}),
            Ip("64:ff9b::"));
  EXPECT_EQ(Nat64PrefixFrom({Ip("2001:db8:1:2:3:4:c000:ab")}),
            Ip("2001:db8:1:2:3:4::"));
}

TEST(Nat64PrefixFrom, IsNoneWithoutSuchAnAddress) {
  EXPECT_FALSE(Nat64PrefixFrom({}));
  EXPECT_FALSE(Nat64PrefixFrom({Ip("192.0.0.170"), Ip("192.0.0.171")}));
  // A DNS server that has the same answer to everything.
  EXPECT_FALSE(Nat64PrefixFrom({Ip("2001:db8::1")}));
}

class Nat64DiscoveryTest : public testing::Test {
 protected:
  Nat64DiscoveryTest() { loop_.Drive(&discovery_); }
  // A network with a way out for these families by these interfaces.
  static engine::LinkState Link(uint32_t v4, uint32_t v6) {
    engine::LinkState link;
    link.default_v4_interface = v4;
    link.default_v6_interface = v6;
    return link;
  }
  bool RunUntilAsked(int n) {
    return loop_.RunUntil([this, n] { return num_asked_ >= n; });
  }

  TestLoop loop_{100};
  std::atomic<int> num_asked_ = 0;
  std::atomic<int> num_silent_ = 0;
  std::atomic<bool> has_nat64_ = true;
  int num_changes_ = 0;
  Resolver resolver_{*loop_, [this](const std::string& name) -> Addresses {
                       EXPECT_EQ(name, "ipv4only.arpa");
                       if (++num_asked_ <= num_silent_) return {};
                       if (!has_nat64_) return {Ip("192.0.0.170")};
                       return {Ip("192.0.0.170"), Ip("64:ff9b::c000:ab")};
                     }};
  Nat64Discovery discovery_{*loop_, resolver_, [this] { ++num_changes_; }};
};

TEST_F(Nat64DiscoveryTest, FindsThePrefixWhereThereIsOnlyIpv6) {
  discovery_.OnLinkChange(Link(0, 7));
  EXPECT_FALSE(discovery_.prefix());
  ASSERT_TRUE(loop_.RunUntil([&] { return num_changes_ == 1; }));
  EXPECT_EQ(discovery_.prefix(), Ip("64:ff9b::"));
  discovery_.OnLinkChange(Link(0, 7));
  EXPECT_EQ(discovery_.prefix(), Ip("64:ff9b::")) << "holds until refuted";
  has_nat64_ = false;
  discovery_.OnLinkChange(Link(0, 7));
  ASSERT_TRUE(loop_.RunUntil([&] { return num_changes_ == 2; }));
  EXPECT_FALSE(discovery_.prefix());
}

TEST_F(Nat64DiscoveryTest, ForgetsItOnAnotherNetwork) {
  discovery_.OnLinkChange(Link(0, 7));
  ASSERT_TRUE(loop_.RunUntil([&] { return num_changes_ == 1; }));
  discovery_.OnLinkChange(Link(8, 7));
  EXPECT_FALSE(discovery_.prefix());
  discovery_.OnLinkChange(Link(0, 0));
  EXPECT_FALSE(discovery_.prefix());
  EXPECT_EQ(num_asked_, 1) << "IPv4 needs none, and there is no way to ask";
}

TEST_F(Nat64DiscoveryTest, AsksAgainWhileDnsIsSilent) {
  num_silent_ = 2;
  discovery_.OnLinkChange(Link(0, 7));
  ASSERT_TRUE(loop_.RunUntil([&] { return num_changes_ == 1; }));
  EXPECT_EQ(num_asked_, 3);
  EXPECT_EQ(discovery_.prefix(), Ip("64:ff9b::"));
}

TEST_F(Nat64DiscoveryTest, GivesUpSomeTime) {
  num_silent_ = 1000;
  discovery_.OnLinkChange(Link(0, 7));
  ASSERT_TRUE(RunUntilAsked(Nat64Discovery::kMaxTries));
  loop_.RunFor(absl::Minutes(3));
  EXPECT_EQ(num_asked_, Nat64Discovery::kMaxTries);
  EXPECT_EQ(num_changes_, 0);
}

}  // namespace
}  // namespace warren::client
