#include "core/engine/self_network.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::engine {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::warren::testing::At;
using ::warren::testing::Ip;

constexpr auto kMoved = path::LinkChange::kMoved;

// A node with relays 1 and up at 198.51.100.*, and the network between.
class SelfNetworkTest : public ::testing::Test {
 protected:
  void Begin(int num_relays, bool v6 = false) {
    for (int i = 1; i <= num_relays; ++i) {
      derp::RelayRegion& region = map_.regions.emplace_back();
      region.id = RelayId(static_cast<uint16_t>(i));
      derp::RelayNode& node = region.nodes.emplace_back();
      node.ipv4 = absl::StrCat("198.51.100.", i);
      node.ipv6 = v6 ? absl::StrCat("2001:db8::", i) : "none";
      node.hostname = absl::StrCat("relay-", i);
    }
    network_.SetLink(now_, link_, kMoved);
    network_.SetRelayMap(now_, map_);
    Drain();
  }
  void Drain() {
    while (true) {
      while (auto event = network_.PollEvent()) {
        if (auto* home = std::get_if<HomeRelayChanged>(&*event)) {
          network_.SetHomeAlive(now_, home->relay != RelayId());
        } else if (auto* sockets = std::get_if<SocketsWanted>(&*event)) {
          if (sockets->first == kFirstCheckSocket) {
            sockets_open_ = sockets->wanted;
          }
        } else if (auto* wanted = std::get_if<ExchangeWanted>(&*event)) {
          exchanges_.push_back(*wanted);
        } else if (auto* relays = std::get_if<RelayLatencyWanted>(&*event)) {
          latencies_wanted_.push_back(relays->relays);
        }
      }
      const auto probe = network_.PollProbe();
      if (!probe) return;
      probes_.push_back(*probe);
      if (!udp_blocked_) Answer(*probe);
    }
  }
  // As a stock server does, at once.
  void Answer(const netcheck::Probe& probe) {
    const bool v4 = probe.to.address().is_v4();
    const auto response =
        stun::BuildResponse({probe.txid}, v4 ? mapped_ : mapped_v6_, 0);
    network_.OnStun(now_, probe.to, response.view());
  }
  void RunFor(absl::Duration duration) {
    const Instant end = now_ + duration;
    while (network_.Next() <= end) {
      now_ = std::max(now_, network_.Next());
      network_.OnTimeout(now_);
      Drain();
    }
    now_ = end;
  }

  SeededRng rng_{1};
  SelfNetwork network_{rng_};
  Instant now_ = Instant::FromEpoch(absl::Hours(1));
  LinkState link_{
      .addresses = {Ip("192.168.1.2")}, .udp4_port = 41641, .udp6_port = 41641};
  derp::RelayMap map_;
  net::Endpoint mapped_ = At("203.0.113.5:41641");
  net::Endpoint mapped_v6_ = At("[2001:db8:1::2]:41641");
  bool udp_blocked_ = false;
  bool sockets_open_ = false;
  std::vector<netcheck::Probe> probes_;
  std::vector<ExchangeWanted> exchanges_;
  std::vector<std::vector<RelayId>> latencies_wanted_;
};

TEST_F(SelfNetworkTest, LooksAtItsNatAtTheStart) {
  Begin(2);
  EXPECT_TRUE(sockets_open_);
  RunFor(absl::Seconds(5));
  EXPECT_FALSE(sockets_open_);
  EXPECT_TRUE(network_.nat().easy());
  EXPECT_EQ(network_.nat().ports, net::PortAllocation::kPreserving);
  EXPECT_EQ(network_.mapped_v4(), mapped_);
  EXPECT_FALSE(network_.Status().checking);
}

TEST_F(SelfNetworkTest, SaysNothingWhileIdle) {
  Begin(2);
  RunFor(absl::Seconds(10));
  probes_.clear();
  RunFor(absl::Hours(1));
  EXPECT_THAT(probes_, IsEmpty());
}

TEST_F(SelfNetworkTest, AsksTheFewWhileActiveAndAllEveryFiveMinutes) {
  Begin(9);
  RunFor(absl::Seconds(30));
  probes_.clear();
  for (int i = 0; i < 4; ++i) {
    network_.NoteActivity(now_);
    RunFor(absl::Seconds(30));
  }
  // Four to six rounds of the three fastest and home, all of which answer.
  EXPECT_GE(probes_.size(), 4u * 3u);
  EXPECT_LE(probes_.size(), 6u * 4u);
  probes_.clear();
  for (int i = 0; i < 7; ++i) {
    network_.NoteActivity(now_);
    RunFor(absl::Seconds(30));
  }
  EXPECT_THAT(probes_, Contains(::testing::Field(&netcheck::Probe::to,
                                                 At("198.51.100.9:3478"))));
  EXPECT_LE(probes_.size(), 9u + 11u * 4u);
}

TEST_F(SelfNetworkTest, KeepsWhatIsKnownOfIpv4WhenIpv6Goes) {
  link_.addresses.push_back(Ip("2001:db8:1::2"));
  Begin(2, true);
  RunFor(absl::Seconds(5));
  ASSERT_EQ(network_.Status().mapped_v6, mapped_v6_);
  udp_blocked_ = true;  // No answer tells it anew.
  link_.addresses.pop_back();
  network_.SetLink(now_, link_, kMoved);
  Drain();
  EXPECT_EQ(network_.mapped_v4(), mapped_);
  EXPECT_TRUE(network_.nat().easy());
  EXPECT_EQ(network_.Status().mapped_v6, std::nullopt);
  link_.addresses = {Ip("192.168.7.7")};
  network_.SetLink(now_, link_, kMoved);
  EXPECT_EQ(network_.mapped_v4(), std::nullopt);
  EXPECT_EQ(network_.nat(), net::NatBehavior());
}

TEST_F(SelfNetworkTest, AsksIpv4ServersThroughANat64) {
  link_ = {.addresses = {Ip("2001:db8:1::2")}, .udp6_port = 41641};
  link_.nat64_prefix = Ip("64:ff9b::");
  Begin(2);
  RunFor(absl::Seconds(5));
  EXPECT_EQ(network_.mapped_v4(), mapped_);
  EXPECT_TRUE(network_.nat().easy());
}

TEST_F(SelfNetworkTest, ChoosesHomeByHttpsWhereUdpIsBlocked) {
  udp_blocked_ = true;
  Begin(3);
  RunFor(absl::Seconds(4));
  EXPECT_TRUE(network_.udp_blocked());
  ASSERT_THAT(latencies_wanted_,
              ElementsAre(ElementsAre(RelayId(1), RelayId(2), RelayId(3))));
  network_.OnRelayLatency(now_, RelayId(1), absl::Milliseconds(90));
  network_.OnRelayLatency(now_, RelayId(2), absl::Milliseconds(20));
  network_.OnRelayLatency(now_, RelayId(3), std::nullopt);
  for (const ExchangeWanted& exchange : exchanges_) {
    network_.OnExchange(now_, exchange.id, absl::UnavailableError("refused"));
  }
  Drain();
  // The third was perhaps chosen at random: it is connected, hence heard.
  EXPECT_NE(network_.home(), RelayId(1));
  EXPECT_THAT(network_.Status().latencies, SizeIs(2));
  EXPECT_EQ(network_.captive_portal(), false);  // It would let no HTTPS out.
}

TEST_F(SelfNetworkTest, LooksForAPortalOncePerFiveMinutesUntilUdpWorks) {
  udp_blocked_ = true;
  Begin(1);
  RunFor(absl::Seconds(4));
  ASSERT_THAT(exchanges_, SizeIs(1));
  network_.OnExchange(now_, exchanges_[0].id,
                      std::string("HTTP/1.1 302 Found\r\n\r\n"));
  EXPECT_EQ(network_.captive_portal(), true);
  for (int i = 0; i < 4; ++i) {
    network_.NoteActivity(now_);
    RunFor(absl::Minutes(1));
  }
  EXPECT_THAT(exchanges_, SizeIs(1));
  udp_blocked_ = false;
  network_.NoteActivity(now_);
  RunFor(absl::Seconds(30));
  EXPECT_EQ(network_.captive_portal(), false);
}

TEST_F(SelfNetworkTest, ARequestOfAStrangerIsNoAnswer) {
  Begin(1);
  const auto stranger = stun::BuildRequest(stun::NewTxId(rng_));
  EXPECT_FALSE(network_.OnStun(now_, At("203.0.113.9:1"), stranger));
  EXPECT_FALSE(network_.OnStun(now_, At("203.0.113.9:1"),
                               stun::BuildResponse({}, mapped_, 0).view()));
}

}  // namespace
}  // namespace warren::engine
