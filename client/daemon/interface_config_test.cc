// With a real interface, in a network namespace of its own.
#include "client/daemon/interface_config.h"

#include <fstream>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/io/netlink.h"
#include "client/io/test_tun.h"
#include "client/io/tun.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

net::IpAddress Ip(const char* text) { return *net::IpAddress::Parse(text); }

netmap::Node NodeAt(uint64_t id, const char* v4, const char* v6) {
  netmap::Node node;
  node.id = NodeId(id);
  node.addresses = {Ip(v4), Ip(v6)};
  node.allowed_ips = {net::IpPrefix(Ip(v4), 32), net::IpPrefix(Ip(v6), 128)};
  return node;
}

class InterfaceConfigTest : public TunNetworkTest {
 protected:
  InterfaceConfigTest() : TunNetworkTest("wt0") {}

  void SetUp() override {
    TunNetworkTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    config_ = std::make_unique<InterfaceConfig>(*netlink_, tun_->ifindex());
    netmap_.self = NodeAt(1, "100.64.0.1", "fd7a:115c:a1e0::1");
  }

  void AddPeer(const netmap::Node& node) { netmap_.peers[node.id] = node; }

  // Its addresses but the one that the kernel makes.
  std::set<std::string> Addresses() {
    std::set<std::string> out;
    const auto all = netlink_->Addresses();
    for (const LinkAddress& address : *all) {
      const std::string text = address.address.ToString();
      if (address.ifindex == tun_->ifindex() &&
          !absl::StartsWith(text, "fe80")) {
        out.insert(text);
      }
    }
    return out;
  }

  // Its IPv4 routes, as the kernel writes them: hexadecimal, swapped.
  std::set<std::string> RoutesV4() {
    std::set<std::string> out;
    std::ifstream file("/proc/thread-self/net/route");
    std::string name, destination, rest;
    while (file >> name >> destination && std::getline(file, rest)) {
      if (name == tun_->name()) out.insert(destination);
    }
    return out;
  }
  bool HasRouteV6(const std::string& destination) {
    std::ifstream file("/proc/thread-self/net/ipv6_route");
    std::string line;
    while (std::getline(file, line)) {
      if (absl::StartsWith(line, destination + " 80") &&
          absl::StrContains(line, tun_->name()) &&
          !absl::StrContains(line, "       lo")) {
        return true;
      }
    }
    return false;
  }

  std::unique_ptr<InterfaceConfig> config_;
  netmap::Netmap netmap_;
};

TEST_F(InterfaceConfigTest, FollowsTheNetmap) {
  AddPeer(NodeAt(2, "100.64.0.2", "fd7a:115c:a1e0::2"));
  AddPeer(NodeAt(3, "100.64.0.3", "fd7a:115c:a1e0::3"));
  ASSERT_TRUE(config_->Apply(netmap_).ok());
  EXPECT_EQ(Addresses(),
            (std::set<std::string>{"100.64.0.1", "fd7a:115c:a1e0::1"}));
  EXPECT_EQ(RoutesV4(), (std::set<std::string>{"02004064", "03004064"}));
  EXPECT_TRUE(HasRouteV6("fd7a115ca1e000000000000000000003"));

  netmap_.peers.erase(NodeId(3));
  AddPeer(NodeAt(4, "100.64.0.4", "fd7a:115c:a1e0::4"));
  ASSERT_TRUE(config_->Apply(netmap_).ok());
  EXPECT_EQ(RoutesV4(), (std::set<std::string>{"02004064", "04004064"}));
  EXPECT_FALSE(HasRouteV6("fd7a115ca1e000000000000000000003"));

  netmap_.self = NodeAt(1, "100.64.0.9", "fd7a:115c:a1e0::9");
  ASSERT_TRUE(config_->Apply(netmap_).ok());
  EXPECT_EQ(Addresses(),
            (std::set<std::string>{"100.64.0.9", "fd7a:115c:a1e0::9"}));
  EXPECT_EQ(RoutesV4(), (std::set<std::string>{"02004064", "04004064"}));
}

TEST_F(InterfaceConfigTest, TakesAllOfItAwayAgain) {
  AddPeer(NodeAt(2, "100.64.0.2", "fd7a:115c:a1e0::2"));
  ASSERT_TRUE(config_->Apply(netmap_).ok());
  ASSERT_TRUE(config_->Clear().ok());
  EXPECT_TRUE(Addresses().empty());
  EXPECT_TRUE(RoutesV4().empty());
  ASSERT_TRUE(config_->Apply(netmap_).ok());
  EXPECT_EQ(RoutesV4(), (std::set<std::string>{"02004064"}));
}

TEST_F(InterfaceConfigTest, TriesAgainWhatTheKernelRefused) {
  const std::string setting =
      absl::StrCat("/proc/sys/net/ipv6/conf/", tun_->name(), "/disable_ipv6");
  const auto disable_ipv6 = [&](const char* value) {
    std::ofstream file(setting);
    file << value << std::flush;
    return file.good();
  };
  if (!disable_ipv6("1")) GTEST_SKIP() << setting << " cannot be written";
  AddPeer(NodeAt(2, "100.64.0.2", "fd7a:115c:a1e0::2"));
  EXPECT_FALSE(config_->Apply(netmap_).ok());
  EXPECT_EQ(Addresses(), (std::set<std::string>{"100.64.0.1"}));
  EXPECT_EQ(RoutesV4(), (std::set<std::string>{"02004064"}));
  ASSERT_TRUE(disable_ipv6("0"));
  EXPECT_TRUE(config_->Apply(netmap_).ok());
  EXPECT_TRUE(HasRouteV6("fd7a115ca1e000000000000000000002"));
  EXPECT_EQ(Addresses().size(), 2u);
}

}  // namespace
}  // namespace warren::client
