// Networks that change under a flow: what is lost, and for how long.

#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/engine/link_state.h"
#include "core/sim/lab.h"
#include "core/sim/nat.h"
#include "core/sim/site.h"
#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using ::warren::testing::Ip;

constexpr absl::Duration kInterval = absl::Milliseconds(10);

// Two nodes, each behind a NAT of its own, with IPv6 beside it if asked for,
// that send each other 100 packets a second.
class Flow : public ::testing::Test {
 protected:
  explicit Flow(const SiteKind& site = {.nat = kEasyNat}, uint64_t seed = 21)
      : lab_(seed),
        relay_(lab_.AddRelay()),
        other_relay_(lab_.AddRelay()),
        site_a_(lab_.network().AddSite(site)),
        site_b_(lab_.network().AddSite(site)),
        a_(lab_.AddNode("a", site_a_)),
        b_(lab_.AddNode("b", site_b_)) {
    a_.KeepOnlyCounts();
    b_.KeepOnlyCounts();
    lab_.network().SetTap([this](const Host& from, const net::Endpoint& to,
                                 const std::vector<uint8_t>& bytes) {
      if (&from != &a_.host()) return;
      ++datagrams_of_a_[to];
      bytes_of_a_[to] += bytes.size() + 28;
    });
    lab_.world().RunFor(absl::Seconds(5));
  }

  // Lets the flow run; returns the longest time for which either end received
  // nothing.
  absl::Duration LongestGap(absl::Duration duration, bool both = true) {
    Ear at_a{&a_, now(), a_.num_received()};
    Ear at_b{&b_, now(), b_.num_received()};
    absl::Duration longest;
    for (const Instant end = now() + duration; now() < end;) {
      a_.Send(b_, "x");
      if (both) b_.Send(a_, "y");
      lab_.world().RunFor(kInterval);
      longest = std::max(longest, at_b.Gap(now()));
      if (both) longest = std::max(longest, at_a.Gap(now()));
    }
    return longest;
  }
  void GoDirect() {
    EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Milliseconds(200));
    ASSERT_TRUE(BothDirect());
    ASSERT_LT(LongestGap(absl::Seconds(1)), absl::Milliseconds(50));
  }
  bool BothDirect() { return a_.IsDirectTo(b_) && b_.IsDirectTo(a_); }
  uint64_t RelayedByA() { return a_.engine().counters().tx_relay_packets; }
  Instant now() { return lab_.world().now(); }
  // What the link monitor of `a` tells.
  engine::LinkState LinkOfA() {
    engine::LinkState link;
    link.addresses = {a_.host().address};
    link.udp4_port = link.udp6_port = a_.host().port;
    link.default_v4_interface = a_.host().interface;
    link.gateway = {a_.host().site->gateway(), a_.host().address};
    return link;
  }
  void TellA(const engine::LinkState& link) {
    a_.With([&](engine::Engine& engine, Instant at) {
      engine.OnLinkChange(at, link);
    });
  }
  size_t SentByATo(const net::Endpoint& to) { return datagrams_of_a_[to]; }

  struct Ear {
    SimNode* node;
    Instant last;
    size_t seen;
    absl::Duration Gap(Instant now) {
      if (node->num_received() > seen) last = now;
      seen = node->num_received();
      return now - last;
    }
  };
  Lab lab_;
  SimRelay& relay_;
  SimRelay& other_relay_;
  Site& site_a_;
  Site& site_b_;
  SimNode& a_;
  SimNode& b_;
  std::map<net::Endpoint, size_t> datagrams_of_a_;
  std::map<net::Endpoint, size_t> bytes_of_a_;  // IPv4 headers included
};

// An IPv4 packet of `size` bytes that may not be fragmented.
std::vector<uint8_t> WholePacket(const SimNode& from, const SimNode& to,
                                 size_t size) {
  ByteWriter w;
  w.U16(0x4500).U16(static_cast<uint16_t>(size)).U16(0).U16(0x4000);
  w.U8(64).U8(17).U16(0);
  w.Append(from.address().bytes()).Append(to.address().bytes());
  w.U16(7).U16(7).U16(static_cast<uint16_t>(size - 20)).U16(0);
  w.Zeros(size - 28);
  return std::move(w).Take();
}

class DualStackFlow : public Flow {
 protected:
  DualStackFlow()
      : Flow({.nat = kEasyNat,
              .v6 = true,
              .firewall = Depends::kAddressAndPort}) {}
  bool UsesV6(const SimNode& from, const SimNode& to) {
    return from.PathTo(to).endpoint.address().is_v6();
  }
};

TEST_F(Flow, IsInterruptedForLessThanASecondWhenThePathIsCut) {
  GoDirect();
  lab_.network().Cut(a_.host(), b_.host(), true);
  EXPECT_LT(LongestGap(absl::Seconds(10)), absl::Milliseconds(700));
  EXPECT_FALSE(a_.IsDirectTo(b_));
  lab_.network().Cut(a_.host(), b_.host(), false);
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Milliseconds(100));
  EXPECT_TRUE(BothDirect());
}

TEST_F(Flow, CostsUnderAKilobyteAMinuteWhenNobodySpeaks) {
  GoDirect();
  lab_.world().RunFor(absl::Seconds(1));
  const auto bytes_to_b = [&] {
    size_t sum = 0;
    for (const auto& [to, bytes] : bytes_of_a_) {
      if (to.address() == site_b_.nat()->public_address()) sum += bytes;
    }
    return sum;
  };
  for (int minute = 0; minute < 3; ++minute) {
    const size_t before = bytes_to_b();
    lab_.world().RunFor(absl::Minutes(1));
    EXPECT_LT(bytes_to_b() - before, minute == 0 ? 1000u : 1u) << minute;
  }
}

TEST_F(Flow, IsInterruptedForLessThanASecondWhenOneWayIsCut) {
  GoDirect();
  const Host::Receive receive = b_.host().receive;
  b_.host().receive = [](const net::Endpoint&, std::vector<uint8_t>) {};
  EXPECT_LT(LongestGap(absl::Seconds(10)), absl::Seconds(1));
  b_.host().receive = receive;
  EXPECT_LT(LongestGap(absl::Seconds(25)), absl::Milliseconds(100));
  EXPECT_TRUE(BothDirect());
}

TEST_F(Flow, GoesOnWhenTheNodeMovesToAnotherNetwork) {
  GoDirect();
  for (int i = 0; i < 3; ++i) {
    a_.Roam(kEasyNat);
    EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Milliseconds(1500)) << i;
    EXPECT_TRUE(BothDirect()) << i;
  }
}

TEST_F(Flow, GoesOnWhenANatForgetsItsMappings) {
  GoDirect();
  site_a_.Reset();
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Seconds(1));
  EXPECT_TRUE(BothDirect());
  lab_.network().Renumber(site_b_);
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Seconds(1));
  EXPECT_TRUE(BothDirect());
}

TEST_F(Flow, IsNotDisturbedByABridgeThatAppears) {
  GoDirect();
  const uint64_t relayed = RelayedByA();
  engine::LinkState link = LinkOfA();
  link.addresses.push_back(Ip("172.17.0.1"));
  TellA(link);
  EXPECT_LT(LongestGap(absl::Seconds(3)), absl::Milliseconds(50));
  EXPECT_EQ(RelayedByA(), relayed);
  EXPECT_TRUE(BothDirect());
}

TEST_F(Flow, TakesBothWaysWhenTheDefaultRouteChanges) {
  GoDirect();
  const uint64_t relayed = RelayedByA();
  engine::LinkState link = LinkOfA();
  link.default_v4_interface += 7;
  TellA(link);
  // Nothing really changed here, so the path proves itself again at once.
  EXPECT_LT(LongestGap(absl::Seconds(2)), absl::Milliseconds(50));
  EXPECT_GE(RelayedByA(), relayed + 1);
  EXPECT_LE(RelayedByA(), relayed + 10);
  EXPECT_TRUE(BothDirect());
}

TEST_F(Flow, LosesNothingThatTheRelayCanCarryWhenTheNewNetworkIsDeaf) {
  GoDirect();
  Site& deaf = lab_.network().AddSite({.nat = kEasyNat, .udp_blocked = true});
  a_.Roam(deaf);
  lab_.world().RunFor(absl::Milliseconds(200));  // The relay is dialled again.
  const size_t before = b_.num_received();
  EXPECT_LT(LongestGap(absl::Seconds(3), false), absl::Milliseconds(100));
  lab_.world().RunFor(absl::Seconds(1));
  EXPECT_EQ(b_.num_received() - before, absl::Seconds(3) / kInterval);
}

TEST_F(Flow, GoesOnAtOnceAfterSleep) {
  GoDirect();
  a_.Sleep(absl::Minutes(10));
  lab_.world().RunFor(absl::Minutes(10));
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Seconds(1));
  EXPECT_TRUE(BothDirect());
}

TEST_F(Flow, SendsNoStormWhileThePathStaysDead) {
  GoDirect();
  lab_.network().Cut(a_.host(), b_.host(), true);
  LongestGap(absl::Seconds(10));
  datagrams_of_a_.clear();
  LongestGap(absl::Minutes(2));
  size_t sent = 0;  // Pings and STUN; the flow takes the relay.
  for (const auto& [to, count] : datagrams_of_a_) sent += count;
  EXPECT_GE(sent, 8u);
  EXPECT_LE(sent, 120u);
}

TEST_F(Flow, FollowsThePeerToItsNewHomeRelay) {
  site_a_.SetBlocked(true);  // Only the relays are left.
  site_b_.SetBlocked(true);
  LongestGap(absl::Seconds(10));
  const RelayId home = b_.engine().home_relay();
  (home == RelayId(1) ? relay_ : other_relay_).Restart(absl::Hours(1));
  LongestGap(absl::Seconds(30));
  EXPECT_NE(b_.engine().home_relay(), home);
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Milliseconds(100));
}

TEST_F(Flow, CarriesLargePacketsByRelayWhereThePathDoesNot) {
  GoDirect();
  a_.host().link.mtu = 1100;
  LongestGap(absl::Seconds(1));
  const std::string large(1200, 'x');
  const auto send = [&](absl::Duration duration) {
    for (const Instant end = now() + duration; now() < end;) {
      a_.Send(b_, large);
      b_.Send(a_, "small");
      lab_.world().RunFor(kInterval);
    }
  };
  send(
      absl::Seconds(35));  // The path had proven full size; that is seen again.
  lab_.world().RunFor(absl::Seconds(1));
  const size_t before = b_.num_received();
  const uint64_t relayed_by_b = b_.engine().counters().tx_relay_packets;
  send(absl::Seconds(3));
  lab_.world().RunFor(absl::Seconds(1));
  EXPECT_EQ(b_.num_received() - before, absl::Seconds(3) / kInterval);
  EXPECT_TRUE(BothDirect());  // for all that fits
  EXPECT_EQ(b_.engine().counters().tx_relay_packets, relayed_by_b);
}

TEST_F(Flow, TellsTheAppWhatFitsTheDirectPath) {
  GoDirect();
  a_.host().link.mtu = 1100;
  const std::string large(1200, 'x');
  for (int i = 0; i < 400; ++i) {
    a_.Send(b_, large);
    lab_.world().RunFor(absl::Milliseconds(100));
  }
  const size_t heard = a_.num_received();
  const size_t at_b = b_.num_received();
  a_.Send(b_, large);  // This may be fragmented, so nothing is told.
  EXPECT_EQ(a_.num_received(), heard);
  a_.SendPacket(WholePacket(a_, b_, 1200));
  EXPECT_EQ(a_.num_received(), heard + 1);
  a_.SendPacket(WholePacket(a_, b_, 900));
  EXPECT_EQ(a_.num_received(), heard + 1);
  lab_.world().RunFor(absl::Seconds(1));
  EXPECT_EQ(b_.num_received(), at_b + 3);  // By relay or directly.
}

TEST_F(DualStackFlow, GoesOnWhenIpv6Vanishes) {
  GoDirect();
  const net::Endpoint before = {*b_.host().address6, b_.host().port};
  EXPECT_GT(SentByATo(before), 0u);
  a_.SetV6(false);
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Milliseconds(1500));
  EXPECT_TRUE(BothDirect());
  EXPECT_FALSE(UsesV6(a_, b_));
  EXPECT_FALSE(UsesV6(b_, a_));
  const size_t sent = SentByATo(before);
  LongestGap(absl::Seconds(90));
  EXPECT_EQ(SentByATo(before), sent);
}

TEST_F(DualStackFlow, IsNotDisturbedWhenIpv6Appears) {
  a_.SetV6(false);
  GoDirect();
  const uint64_t relayed = RelayedByA();
  a_.SetV6(true);
  EXPECT_LT(LongestGap(absl::Seconds(5)), absl::Milliseconds(50));
  EXPECT_EQ(RelayedByA(), relayed);
  EXPECT_TRUE(BothDirect());
}

// A flow one way, for longer than the NATs remember, over paths that differ by
// direction.
TEST(TwoPaths, BothStayOpenWhileOneEndSpeaks) {
  int num_asymmetric = 0;
  for (uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    Lab lab(seed);
    lab.AddRelay();
    NatKind forgetful = kEasyNat;
    forgetful.lifetime = absl::Seconds(30);
    const SiteKind kind = {
        .nat = forgetful, .v6 = true, .firewall = Depends::kAddressAndPort};
    SimNode& a = lab.AddNode("a", lab.network().AddSite(kind));
    SimNode& b = lab.AddNode("b", lab.network().AddSite(kind));
    for (SimNode* node : {&a, &b}) {
      node->KeepOnlyCounts();
      node->host().link.jitter = absl::Milliseconds(8);
    }
    lab.world().RunFor(absl::Seconds(5));
    for (int i = 0; i < 20; ++i) {
      a.Send(b, "x");
      b.Send(a, "y");
      lab.world().RunFor(absl::Milliseconds(100));
    }
    ASSERT_TRUE(a.IsDirectTo(b) && b.IsDirectTo(a));
    if (a.PathTo(b).endpoint.address().family() ==
        b.PathTo(a).endpoint.address().family()) {
      continue;
    }
    ++num_asymmetric;
    const size_t received = b.num_received();
    const uint64_t relayed = a.engine().counters().tx_relay_packets;
    for (int i = 0; i < 100; ++i) {
      a.Send(b, "x");
      lab.world().RunFor(absl::Seconds(1));
    }
    EXPECT_EQ(b.num_received() - received, 100u);
    EXPECT_EQ(a.engine().counters().tx_relay_packets, relayed);
  }
  EXPECT_GE(num_asymmetric, 1);
}

}  // namespace
}  // namespace warren::sim
