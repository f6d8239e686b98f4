// With real interfaces, in a network namespace of its own.
#include "client/daemon/link_watch.h"

#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/io/test_tun.h"
#include "client/io/tun.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }

class LinkWatchTest : public TunNetworkTest {
 protected:
  LinkWatchTest() : TunNetworkTest("warren0") {}

  void SetUp() override {
    TunNetworkTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    eth_ = Interface("eth7");
    auto loop = io::EventLoop::Create();
    ASSERT_TRUE(loop.ok());
    loop_ = *std::move(loop);
  }

  // An interface that is up. For the kernel it is as good as a cable.
  std::unique_ptr<Tun> Interface(const std::string& name) {
    auto tun = Tun::Create({.name = name});
    EXPECT_TRUE(tun.ok()) << tun.status();
    // Nothing comes by itself later on.
    Ip2(absl::StrCat("link set ", name, " addrgenmode none"));
    EXPECT_TRUE(netlink_->ChangeLink((*tun)->ifindex(), {.up = true}).ok());
    return *std::move(tun);
  }
  void Address(const Tun& tun, const char* address, int bits) {
    const auto added = netlink_->AddAddress({tun.ifindex(), Ip(address), bits});
    EXPECT_TRUE(added.ok()) << added;
  }
  Route DefaultRoute(const Tun& tun, const char* gateway, uint32_t metric = 0) {
    Route route{.ifindex = tun.ifindex(), .destination = {}};
    route.destination =
        *net::IpPrefix::Parse(Ip(gateway).is_v4() ? "0.0.0.0/0" : "::/0");
    route.metric = metric;
    route.gateway = Ip(gateway);
    return route;
  }
  void Ip2(const std::string& command) {
    EXPECT_EQ(system(absl::StrCat("ip ", command).c_str()), 0) << command;
  }
  LinkSnapshot Snapshot() {
    const auto read = ReadLinks(*netlink_, tun_->ifindex());
    EXPECT_TRUE(read.ok()) << read.status();
    return *read;
  }
  bool Has(const char* address) {
    return Snapshot().InterfaceOf(Ip(address)) != 0;
  }

  void StartWatch() {
    auto watch = LinkWatch::Open(*loop_, *netlink_, tun_->ifindex(),
                                 [this] { told_at_.push_back(loop_->Now()); });
    ASSERT_TRUE(watch.ok()) << watch.status();
    watch_ = *std::move(watch);
  }
  // Turns the loop until `n` changes were told and no more are due, or for five
  // seconds; whether that many were told.
  bool RunUntilTold(size_t n) {
    const Instant end = loop_->Now() + absl::Seconds(5);
    bool stopped = false;
    const auto stop = [&] {
      if (!std::exchange(stopped, true)) loop_->Stop();
    };
    loop_->SetDeadline([&] { return std::min(end, watch_->Next()); },
                       [&](Instant now) {
                         watch_->OnTimeout(now);
                         if (now >= end) stop();
                       });
    turns_ = 0;
    loop_->SetTurnEnd([&] {
      ++turns_;
      if (told_at_.size() >= n && watch_->Next() == Instant::Never()) stop();
    });
    loop_->Post([] {});
    loop_->Run();
    return told_at_.size() == n;
  }

  std::unique_ptr<Tun> eth_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<LinkWatch> watch_;
  std::vector<Instant> told_at_;
  int turns_ = 0;
};

TEST_F(LinkWatchTest, TellsTheAddressesOfInterfacesInUse) {
  Address(*eth_, "10.1.2.3", 24);
  Address(*tun_, "100.64.0.1", 32);
  ASSERT_TRUE(netlink_->ChangeLink(tun_->ifindex(), {.up = true}).ok());
  const auto zerotier = Interface("zt1234");
  Address(*zerotier, "10.7.7.7", 24);
  EXPECT_EQ(Snapshot().InterfaceOf(Ip("10.1.2.3")), eth_->ifindex());
  EXPECT_FALSE(Has("100.64.0.1")) << "that is the tunnel's own";
  EXPECT_FALSE(Has("10.7.7.7"));
  Ip2("link set eth7 down");
  EXPECT_FALSE(Has("10.1.2.3"));
}

TEST_F(LinkWatchTest, LeavesOutAddressesAboutToGo) {
  Ip2("addr add 2001:db8::1/64 dev eth7 nodad preferred_lft 0");
  Ip2("addr add 2001:db8::2/64 dev eth7 nodad");
  EXPECT_FALSE(Has("2001:db8::1"));
  EXPECT_TRUE(Has("2001:db8::2"));
}

TEST_F(LinkWatchTest, NamesTheRouterAndOurSideOfItsLink) {
  Address(*eth_, "192.0.2.9", 32);
  Address(*eth_, "10.1.2.3", 24);
  ASSERT_TRUE(netlink_->AddRoute(DefaultRoute(*eth_, "10.1.2.1")).ok());
  const engine::LinkState state = Snapshot().state;
  EXPECT_EQ(state.default_v4_interface, eth_->ifindex());
  EXPECT_EQ(state.default_v6_interface, 0u);
  ASSERT_TRUE(state.gateway.has_value());
  EXPECT_EQ(state.gateway->router, Ip("10.1.2.1"));
  EXPECT_EQ(state.gateway->self, Ip("10.1.2.3"));
}

TEST_F(LinkWatchTest, FollowsTheDefaultRouteOfTheLowestMetric) {
  const auto wifi = Interface("wlan7");
  Address(*eth_, "10.1.2.3", 24);
  Address(*wifi, "10.2.2.3", 24);
  const Route by_cable = DefaultRoute(*eth_, "10.1.2.1", 100);
  ASSERT_TRUE(netlink_->AddRoute(DefaultRoute(*wifi, "10.2.2.1", 600)).ok());
  EXPECT_EQ(Snapshot().state.default_v4_interface, wifi->ifindex());
  ASSERT_TRUE(netlink_->AddRoute(by_cable).ok());
  EXPECT_EQ(Snapshot().state.default_v4_interface, eth_->ifindex());
  EXPECT_EQ(Snapshot().state.gateway->router, Ip("10.1.2.1"));
  ASSERT_TRUE(netlink_->DeleteRoute(by_cable).ok());
  EXPECT_EQ(Snapshot().state.default_v4_interface, wifi->ifindex());
}

TEST_F(LinkWatchTest, NeverTakesTheTunnelForTheWayOut) {
  ASSERT_TRUE(netlink_->ChangeLink(tun_->ifindex(), {.up = true}).ok());
  Address(*tun_, "100.64.0.1", 32);
  ASSERT_TRUE(
      netlink_->AddRoute({tun_->ifindex(), *net::IpPrefix::Parse("0.0.0.0/0")})
          .ok());
  EXPECT_EQ(Snapshot().state.default_v4_interface, 0u);
  EXPECT_FALSE(Snapshot().state.gateway.has_value());
}

TEST_F(LinkWatchTest, FindsIpv6AndTheFirstOfSeveralRouters) {
  Address(*eth_, "2001:db8::5", 64);
  const auto wifi = Interface("wlan7");
  Address(*wifi, "2001:db8:1::5", 64);
  ASSERT_TRUE(netlink_->AddRoute(DefaultRoute(*eth_, "2001:db8::1")).ok());
  EXPECT_EQ(Snapshot().state.default_v6_interface, eth_->ifindex());
  EXPECT_EQ(Snapshot().state.default_v4_interface, 0u);
  Address(*eth_, "10.1.2.3", 24);
  Address(*wifi, "10.2.2.3", 24);
  Ip2("route add default nexthop via 10.1.2.1 nexthop via 10.2.2.1");
  EXPECT_EQ(Snapshot().state.default_v4_interface, eth_->ifindex());
  EXPECT_EQ(Snapshot().state.gateway->router, Ip("10.1.2.1"));
}

TEST_F(LinkWatchTest, TellsAtOnceAndThenBurstsTogether) {
  StartWatch();
  Address(*eth_, "10.1.2.3", 24);
  ASSERT_TRUE(RunUntilTold(1));
  EXPECT_LE(turns_, 2) << "one more is for the end: it has waited";
  for (int i = 4; i < 50; ++i) {
    Address(*eth_, absl::StrCat("10.1.2.", i).c_str(), 24);
  }
  ASSERT_TRUE(RunUntilTold(2));
  EXPECT_GE(told_at_[1] - told_at_[0], LinkWatch::kPause);
  EXPECT_EQ(watch_->latest().InterfaceOf(Ip("10.1.2.49")), eth_->ifindex());
}

TEST_F(LinkWatchTest, SaysNothingWhenAllIsAsBefore) {
  StartWatch();
  watch_->Read();
  Address(*tun_, "100.64.0.1", 32);
  Address(*eth_, "10.1.2.3", 24);
  Ip2("addr del 10.1.2.3/24 dev eth7");
  EXPECT_TRUE(RunUntilTold(0));
}

TEST_F(LinkWatchTest, SaysNothingOfRoutesToSomewhereInParticular) {
  auto monitor = LinkMonitor::Open();
  ASSERT_TRUE(monitor.ok());
  ASSERT_TRUE(
      netlink_
          ->AddRoute({eth_->ifindex(), *net::IpPrefix::Parse("10.9.0.0/16")})
          .ok());
  EXPECT_FALSE(monitor->Drain());
  ASSERT_TRUE(
      netlink_->AddRoute({eth_->ifindex(), *net::IpPrefix::Parse("0.0.0.0/0")})
          .ok());
  EXPECT_TRUE(monitor->Drain());
}

}  // namespace
}  // namespace warren::client
