// Tunnels with real interfaces and sockets, in a network namespace of their
// own.
#include "client/daemon/tunnel.h"

#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/io/netlink.h"
#include "client/io/test_network.h"
#include "client/io/tun.h"
#include "client/relay/test_loop.h"
#include "client/relay/test_relay.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

net::IpAddress Ip(const std::string& text) {
  return *net::IpAddress::Parse(text);
}

// One tunnel of the test, and what it told.
struct Node {
  Node(TestLoop& loop, uint64_t id)
      : number(id), rng(id), key(crypto::NodePrivateKey::Generate(rng)) {
    TunnelCallbacks callbacks;
    callbacks.report = [this] { ++num_reports; };
    callbacks.event = [this](const engine::EngineEvent& event) {
      if (const auto* ping = std::get_if<engine::PingResult>(&event)) {
        ping_result = *ping;
      }
    };
    callbacks.lost = [this] { is_lost = true; };
    auto made =
        Tunnel::Create(*loop, rng, {.interface = absl::StrCat("wtest", id)},
                       std::move(callbacks));
    why_not = made.status();
    if (made.ok()) tunnel = *std::move(made);
  }
  // As the other one's netmap has it.
  netmap::Node Described() const {
    netmap::Node node;
    node.id = NodeId(number);
    node.node_key = key.public_key();
    node.addresses = {Ip(absl::StrCat("100.64.0.", number))};
    node.allowed_ips = {net::IpPrefix::Single(node.addresses[0])};
    node.online = true;
    if (tunnel->engine() == nullptr) return node;
    node.disco_key = tunnel->engine()->disco_key();
    node.endpoints = tunnel->engine()->endpoints();
    node.home_relay = RelayId(1);
    return node;
  }
  bool Has(const net::IpAddress& address) const {
    const auto& all = tunnel->engine()->endpoints();
    return std::any_of(all.begin(), all.end(), [&](const net::Endpoint& e) {
      return e.address() == address;
    });
  }

  const uint64_t number;
  SeededRng rng;
  crypto::NodePrivateKey key;
  std::unique_ptr<Tunnel> tunnel;
  absl::Status why_not;
  int num_reports = 0;
  bool is_lost = false;
  std::optional<engine::PingResult> ping_result;
};

class TunnelTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!EnterPrivateNetwork()) {
      GTEST_SKIP() << "no private network namespace here";
    }
    Run("link set lo up");
    auto eth = Tun::Create({.name = "eth7"});
    if (absl::IsFailedPrecondition(eth.status())) GTEST_SKIP() << eth.status();
    ASSERT_TRUE(eth.ok()) << eth.status();
    eth_ = *std::move(eth);
    // Nothing comes by itself later on.
    Run("link set eth7 addrgenmode none");
    a_ = std::make_unique<Node>(loop_, 1);
    ASSERT_TRUE(a_->tunnel) << a_->why_not;
    b_ = std::make_unique<Node>(loop_, 2);
    ASSERT_TRUE(b_->tunnel) << b_->why_not;
    relay_ = std::make_unique<TestRelay>(*loop_);
    loop_.Drive(this);
    loop_.SetTurnEnd([this] { OnTurnEnd(); });
  }

  void Run(const std::string& command) {
    EXPECT_EQ(system(absl::StrCat("ip ", command).c_str()), 0) << command;
  }
  void Start(Node& node) { node.tunnel->Start(node.key, absl::ZeroDuration()); }
  void GiveNetmap(Node& node, const Node& peer) {
    netmap::Netmap netmap;
    netmap.version = ++version_;
    netmap.self = node.Described();
    netmap.peers[NodeId(peer.number)] = peer.Described();
    netmap.relay_map.regions.push_back({.id = RelayId(1),
                                        .code = "t",
                                        .name = "T",
                                        .no_measure_no_home = false,
                                        .nodes = {relay_->node()}});
    const absl::Status applied = node.tunnel->OnNetmap(std::move(netmap));
    EXPECT_TRUE(applied.ok()) << applied;
  }
  void StartBoth() {
    Start(*a_);
    Start(*b_);
    GiveNetmaps();
  }
  void GiveNetmaps() {
    GiveNetmap(*a_, *b_);
    GiveNetmap(*b_, *a_);
  }
  // Its addresses, as the kernel has them.
  size_t NumAddresses(const Node& node) {
    const auto netlink = *Netlink::Open();
    size_t n = 0;
    const auto links = netlink->Links();
    const auto addresses = netlink->Addresses();
    for (const Link& link : *links) {
      if (link.name != node.tunnel->interface()) continue;
      for (const LinkAddress& a : *addresses) {
        n += a.ifindex == link.ifindex && a.address.IsTailnet();
      }
    }
    return n;
  }

 public:
  Instant Next() const {
    Instant next = Instant::Never();
    for (const auto* node : {a_.get(), b_.get()}) {
      if (node && node->tunnel) next = std::min(next, node->tunnel->Next());
    }
    return next;
  }
  void OnTimeout(Instant now) {
    for (auto* node : {a_.get(), b_.get()}) {
      if (node && node->tunnel) node->tunnel->OnTimeout(now);
    }
  }
  void OnTurnEnd() {
    for (auto* node : {a_.get(), b_.get()}) {
      if (node && node->tunnel) node->tunnel->OnTurnEnd();
    }
  }

 protected:
  TestLoop loop_;
  std::unique_ptr<Tun> eth_;
  std::unique_ptr<TestRelay> relay_;
  std::unique_ptr<Node> a_, b_;
  uint64_t version_ = 0;
};

TEST_F(TunnelTest, TwoReachEachOtherByUdpAndTheRelay) {
  Run("addr add 10.1.2.3/24 dev eth7");
  Run("link set eth7 up");
  StartBoth();
  ASSERT_TRUE(loop_.RunUntil(
      [&] {
        return relay_->Has(a_->key.public_key()) &&
               relay_->Has(b_->key.public_key());
      },
      absl::Seconds(20)));
  const auto ping = [&](Instant now) {
    return a_->tunnel->Command(
        [&](engine::Engine& e, Instant) { return e.PingPath(now, NodeId(2)); });
  };
  const auto has_endpoints = [](const Node& node) {
    return !node.tunnel->engine()->endpoints().empty();
  };
  ASSERT_TRUE(
      loop_.RunUntil([&] { return has_endpoints(*a_) && has_endpoints(*b_); },
                     absl::Seconds(20)));
  GiveNetmaps();  // as control does when they report
  // By the relay until the direct path is found, then by that.
  ASSERT_TRUE(loop_.RunUntil(
      [&] {
        const auto& last = a_->ping_result;
        if (last && last->rtt && last->path.kind == path::PathKind::kDirect) {
          return true;
        }
        if (!last) {
          EXPECT_TRUE(ping(loop_->Now()).ok());
          a_->ping_result.emplace();
        } else if (last->ping_id != 0) {
          a_->ping_result.reset();
        }
        return false;
      },
      absl::Seconds(20)));
}

TEST_F(TunnelTest, TellsWhatChangesOfTheNetwork) {
  StartBoth();
  EXPECT_FALSE(a_->Has(Ip("10.1.2.3")));
  Run("addr add 10.1.2.3/24 dev eth7");
  Run("link set eth7 up");
  ASSERT_TRUE(loop_.RunUntil([&] { return a_->Has(Ip("10.1.2.3")); },
                             absl::Seconds(20)));
  const int reports = a_->num_reports;
  EXPECT_GT(reports, 0);
  Run("addr del 10.1.2.3/24 dev eth7");
  ASSERT_TRUE(loop_.RunUntil([&] { return !a_->Has(Ip("10.1.2.3")); },
                             absl::Seconds(20)));
  EXPECT_GT(a_->num_reports, reports);
}

TEST_F(TunnelTest, TakesAllAwayWhenItStopsAndStartsAgain) {
  StartBoth();
  EXPECT_EQ(NumAddresses(*a_), 1u);
  ASSERT_TRUE(loop_.RunUntil([&] { return relay_->Has(a_->key.public_key()); },
                             absl::Seconds(20)));
  a_->tunnel->Stop();
  EXPECT_EQ(a_->tunnel->engine(), nullptr);
  EXPECT_EQ(NumAddresses(*a_), 0u);
  ASSERT_TRUE(loop_.RunUntil([&] { return !relay_->Has(a_->key.public_key()); },
                             absl::Seconds(20)));
  Start(*a_);
  GiveNetmap(*a_, *b_);
  EXPECT_EQ(NumAddresses(*a_), 1u);
  ASSERT_TRUE(loop_.RunUntil([&] { return relay_->Has(a_->key.public_key()); },
                             absl::Seconds(20)));
}

TEST_F(TunnelTest, SaysThatItsInterfaceIsGone) {
  Start(*a_);
  Run(absl::StrCat("link del ", a_->tunnel->interface()));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_->is_lost; }, absl::Seconds(20)));
}

}  // namespace
}  // namespace warren::client
