#include "core/sim/network.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/testing/literals.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::warren::testing::At;
using ::warren::testing::Ip;

// A network where every host keeps what it gets.
class NetworkTest : public ::testing::Test {
 protected:
  Host& Add(absl::string_view name, Site& site) {
    Host& host = network_.AddHost(name, site);
    host.receive = [this, &host](const net::Endpoint& from,
                                 std::vector<uint8_t> bytes) {
      got_[host.name].push_back(from);
      bytes_ = std::move(bytes);
    };
    return host;
  }
  Host& Add(absl::string_view name, const SiteKind& kind) {
    return Add(name, network_.AddSite(kind));
  }
  void Send(Host& from, const net::Endpoint& to, size_t size = 9) {
    network_.SendUdp(from, to, std::vector<uint8_t>(size));
    world_.RunFor(absl::Seconds(1));
  }
  // How `server` sees `host`, whose NAT then knows `server`.
  net::Endpoint Seen(Host& host, Host& server) {
    Send(host, server.local());
    return got_[server.name].back();
  }

  World world_{1};
  Network network_{world_};
  Host& server_ = Add("server", SiteKind{.v6 = true});
  std::map<std::string, std::vector<net::Endpoint>> got_;
  std::vector<uint8_t> bytes_;  // the latest
};

TEST_F(NetworkTest, TranslatesTwiceUnderACarrier) {
  Site& carrier = network_.AddSite({.nat = kEasyNat});
  Host& a = Add("a", network_.AddSite({.nat = kEasyNat}, &carrier));
  Host& b = Add("b", network_.AddSite({.nat = kEasyNat}, &carrier));
  EXPECT_EQ(Seen(a, server_).address(), carrier.nat()->public_address());
  EXPECT_NE(Seen(a, server_), Seen(b, server_));
  Send(server_, Seen(b, server_));
  EXPECT_THAT(got_["a"], IsEmpty());
  EXPECT_THAT(got_["b"], ElementsAre(server_.local()));
}

TEST_F(NetworkTest, HairpinsIfTheRouterDoes) {
  for (const bool hairpins : {false, true}) {
    NatKind kind{Depends::kNothing, Depends::kNothing};
    kind.hairpins = hairpins;
    Site& site = network_.AddSite({.nat = kind});
    Host& a = Add("a", site);
    Host& b = Add("b", site);
    Send(a, Seen(b, server_));
    EXPECT_THAT(got_["b"], SizeIs(hairpins ? 1 : 0));
  }
  // By the external source (RFC 4787 §6).
  EXPECT_FALSE(got_["b"][0].address().IsPrivate());
}

TEST_F(NetworkTest, ReachesANeighbourByTheLanThoughUdpIsBlocked) {
  Site& site = network_.AddSite({.nat = kHardNat, .udp_blocked = true});
  Host& a = Add("a", site);
  Host& b = Add("b", site);
  Send(a, b.local());
  Send(a, server_.local());
  EXPECT_THAT(got_["b"], ElementsAre(a.local()));
  EXPECT_THAT(got_["server"], IsEmpty());
}

TEST_F(NetworkTest, KeepsTheSameLanOfTwoHomesApart) {
  const SiteKind home = {.nat = kEasyNat, .common_lan = true};
  Host& a = Add("a", home);
  Host& b = Add("b", home);
  EXPECT_EQ(a.address, b.address);
  Send(a, b.local());
  EXPECT_THAT(got_["a"], ElementsAre(a.local()));
  EXPECT_THAT(got_["b"], IsEmpty());
}

TEST_F(NetworkTest, LetsInToAFirewallWhatWasAskedFor) {
  Host& a = Add("a", {.v6 = true, .firewall = Depends::kAddressAndPort});
  const net::Endpoint a6(*a.address6, a.port);
  const net::Endpoint server6(*server_.address6, server_.port);
  Send(server_, a6);
  Send(server_, a.local());
  EXPECT_THAT(got_["a"], IsEmpty());
  Send(a, server6);
  EXPECT_THAT(got_["server"], ElementsAre(a6));
  Send(server_, a6);
  Send(server_, a.local());
  EXPECT_THAT(got_["a"], ElementsAre(server6));
}

TEST_F(NetworkTest, TranslatesToIpv4ForHostsThatHaveNone) {
  Host& a = Add("a", {.nat = kEasyNat, .v4 = false, .v6 = true, .nat64 = true});
  Send(a, server_.local());
  EXPECT_THAT(got_["server"], IsEmpty());
  const net::Endpoint by_nat64(Nat64Address(server_.address), server_.port);
  EXPECT_EQ(by_nat64.address(), Ip("64:ff9b::198.18.0.1"));
  Send(a, by_nat64);
  ASSERT_THAT(got_["server"], SizeIs(1));
  EXPECT_TRUE(got_["server"][0].address().is_v4());
  Send(server_, got_["server"][0]);
  EXPECT_THAT(got_["a"], ElementsAre(by_nat64));
}

TEST_F(NetworkTest, MapsAPortIfTheRouterIsHonest) {
  for (const Mapper mapper : {Mapper::kNone, Mapper::kHonest, Mapper::kLies}) {
    got_.clear();
    Host& a = Add("a", {.nat = kHardNat, .mapper = mapper});
    // RFC 6886 §3.3: map UDP port 41641 for 120 s.
    network_.SendUdp(a, {a.site->gateway(), 5351},
                     {0, 1, 0, 0, 0xa2, 0xa9, 0xa2, 0xa9, 0, 0, 0, 120});
    world_.RunFor(absl::Seconds(1));
    const size_t num_answers = got_["a"].size();
    EXPECT_EQ(num_answers, mapper == Mapper::kNone ? 0u : 1u);
    if (num_answers == 1) {
      EXPECT_EQ(LoadBe16(&bytes_[10]), 41641);
    }
    Send(server_, {a.nat->public_address(), 41641});
    EXPECT_EQ(got_["a"].size() - num_answers, mapper == Mapper::kHonest);
  }
}

TEST_F(NetworkTest, LosesWhatIsTooLargeAndDoublesAndOvertakes) {
  Host& a = Add("a", SiteKind());
  a.link.mtu = 1300;
  Send(a, server_.local(), 1272);
  Send(a, server_.local(), 1273);
  EXPECT_THAT(got_["server"], SizeIs(1));
  a.link.duplication = 1;
  Send(a, server_.local());
  EXPECT_THAT(got_["server"], SizeIs(3));
  a.link.duplication = 0;
  a.link.jitter = absl::Milliseconds(20);
  std::vector<uint8_t> order;
  server_.receive = [&](const net::Endpoint&, std::vector<uint8_t> bytes) {
    order.push_back(bytes[0]);
  };
  for (uint8_t i = 0; i < 20; ++i) network_.SendUdp(a, server_.local(), {i});
  world_.RunFor(absl::Seconds(1));
  EXPECT_THAT(order, SizeIs(20));
  EXPECT_FALSE(std::ranges::is_sorted(order));
}

TEST_F(NetworkTest, FindsAHostByItsNewAddressesOnly) {
  Host& a = Add("a", {.v6 = true});
  const net::Endpoint old = a.local(), old6(*a.address6, a.port);
  network_.Move(a, network_.AddSite({.v6 = true}));
  Send(server_, old);
  Send(server_, old6);
  EXPECT_THAT(got_["a"], IsEmpty());
  Send(server_, a.local());
  Send(server_, {*a.address6, a.port});
  EXPECT_THAT(got_["a"], SizeIs(2));
  network_.SetV6(a, false);
  EXPECT_EQ(a.address6, std::nullopt);
}

TEST_F(NetworkTest, ForgetsAllInARouterWithANewAddress) {
  Host& a = Add("a", {.nat = kEasyNat});
  const net::Endpoint before = Seen(a, server_);
  network_.Renumber(*a.site);
  Send(server_, before);
  EXPECT_THAT(got_["a"], IsEmpty());
  EXPECT_NE(Seen(a, server_), before);
}

}  // namespace
}  // namespace warren::sim
