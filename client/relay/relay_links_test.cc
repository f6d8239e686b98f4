#include "client/relay/relay_links.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/relay/test_loop.h"
#include "client/relay/test_relay.h"
#include "client/relay/test_server.h"
#include "gtest/gtest.h"

namespace warren::client {
namespace {

constexpr RelayId kRelay(1);

derp::RelayMap MapOf(std::vector<derp::RelayNode> nodes) {
  derp::RelayMap map;
  map.regions.push_back({.id = kRelay,
                         .code = "test",
                         .name = "Test",
                         .no_measure_no_home = false,
                         .nodes = std::move(nodes)});
  return map;
}

// Answers to whose an address is after a link change.
const RelayLinks::InterfaceOf kStillHere = [](const net::IpAddress&) {
  return 1;
};
const RelayLinks::InterfaceOf kNowhere = [](const net::IpAddress&) {
  return 0;
};

// The links of one node and what they told.
struct Node {
  Node(TestLoop& loop, Resolver& resolver, uint64_t seed)
      : rng(seed), key(crypto::NodePrivateKey::Generate(rng)) {
    RelayLinksCallbacks callbacks;
    callbacks.connected = [this](RelayId) { ++connected; };
    callbacks.disconnected = [this](RelayId, const absl::Status& why) {
      ++disconnected;
      whys.push_back(std::string(why.message()));
      if (unwant_when_disconnected) links->SetWanted(kRelay, false);
    };
    callbacks.packet = [this](RelayId, const crypto::NodeKey& source,
                              Bytes packet) {
      sources.push_back(source);
      packets.push_back(std::string(AsText(packet)));
      if (unwant_when_packet) links->SetWanted(kRelay, false);
    };
    callbacks.drained = [this](RelayId) { num_at_drain = packets.size(); };
    callbacks.peer_gone = [this](RelayId, const crypto::NodeKey& peer) {
      gone.push_back(peer);
    };
    links = std::make_unique<RelayLinks>(*loop, rng, resolver, key,
                                         std::move(callbacks));
  }
  crypto::NodeKey id() const { return key.public_key(); }
  bool Send(TestLoop& loop, const Node& to, absl::string_view text) {
    const bool queued =
        links->Send(loop->Now(), kRelay, to.id(), AsBytes(text));
    links->Flush();
    return queued;
  }
  bool Said(absl::string_view text) const {
    for (const std::string& why : whys) {
      if (absl::StrContains(why, text)) return true;
    }
    return false;
  }

  SeededRng rng;
  crypto::NodePrivateKey key;
  int connected = 0;
  int disconnected = 0;
  std::vector<std::string> whys;
  std::vector<crypto::NodeKey> sources;
  std::vector<std::string> packets;
  size_t num_at_drain = 0;
  std::vector<crypto::NodeKey> gone;
  bool unwant_when_disconnected = false;
  bool unwant_when_packet = false;
  std::unique_ptr<RelayLinks> links;
};

class RelayLinksTest : public testing::Test {
 protected:
  explicit RelayLinksTest(int rate = 1)
      : loop_(rate),
        resolver_(*loop_),
        a_(loop_, resolver_, 1),
        b_(loop_, resolver_, 2) {
    loop_.Drive(this);
  }
  void Want(const derp::RelayMap& map) {
    for (Node* node : {&a_, &b_}) {
      node->links->SetMap(map);
      node->links->SetWanted(kRelay, true);
    }
  }
  bool WantAndLogIn(const TestRelay& relay) {
    Want(MapOf({relay.node()}));
    return loop_.RunUntil(
        [&] { return a_.connected == 1 && b_.connected == 1; });
  }
  // After a moment, few turns of the loop went by.
  void ExpectIdle() {
    const int turns = loop_.num_turns();
    loop_.RunFor(absl::Milliseconds(20));
    EXPECT_LT(loop_.num_turns() - turns, 10) << "it spins";
  }

 public:
  Instant Next() const {
    return std::min(a_.links ? a_.links->Next() : Instant::Never(),
                    b_.links ? b_.links->Next() : Instant::Never());
  }
  void OnTimeout(Instant now) {
    if (a_.links) a_.links->OnTimeout(now);
    if (b_.links) b_.links->OnTimeout(now);
  }

 protected:
  TestLoop loop_;
  Resolver resolver_;
  Node a_, b_;
};

// The same where time flies.
class PatientRelayLinksTest : public RelayLinksTest {
 protected:
  PatientRelayLinksTest() : RelayLinksTest(100) {}
};

TEST_F(RelayLinksTest, CarriesPacketsBothWaysOverPinnedTls) {
  const TestTls tls;
  TestRelay relay(*loop_, tls.server);
  EXPECT_FALSE(a_.Send(loop_, b_, "too early"));
  ASSERT_TRUE(WantAndLogIn(relay));
  EXPECT_TRUE(a_.Send(loop_, b_, "ping"));
  ASSERT_TRUE(loop_.RunUntil([&] { return b_.num_at_drain == 1; }));
  EXPECT_EQ(b_.packets[0], "ping");
  EXPECT_EQ(b_.sources[0], a_.id());
  EXPECT_TRUE(b_.Send(loop_, a_, "pong"));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.num_at_drain == 1; }));
  EXPECT_EQ(a_.packets[0], "pong");
  ExpectIdle();
}

TEST_F(RelayLinksTest, CarriesManyPacketsInOrder) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  std::vector<std::string> sent;
  for (int i = 0; i < 150; ++i) {
    sent.push_back(absl::StrCat(i, std::string(1300, 'x')));
    ASSERT_TRUE(
        a_.links->Send(loop_->Now(), kRelay, b_.id(), AsBytes(sent.back())));
  }
  a_.links->Flush();
  ASSERT_TRUE(loop_.RunUntil([&] { return b_.num_at_drain == sent.size(); }));
  EXPECT_EQ(b_.packets, sent);
}

TEST_F(RelayLinksTest, DropsWhatAFullBacklogDoesNotTake) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  const std::string packet(1400, 'x');
  const auto send = [&] {
    return a_.links->Send(loop_->Now(), kRelay, b_.id(), AsBytes(packet));
  };
  size_t taken = 0;
  while (taken < 100'000 && send()) ++taken;
  EXPECT_GE(taken * packet.size(), RelayConnection::kMaxBacklog);
  EXPECT_LT(taken, 100'000u) << "the relay has read nothing of 140 MB";
  EXPECT_FALSE(send());
  ASSERT_TRUE(loop_.RunUntil([&] { return b_.packets.size() == taken; }));
  EXPECT_TRUE(send());
}

TEST_F(RelayLinksTest, TellsThatAPeerIsNotThere) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  SeededRng rng(3);
  const crypto::NodeKey nobody =
      crypto::NodePrivateKey::Generate(rng).public_key();
  EXPECT_TRUE(
      a_.links->Send(loop_->Now(), kRelay, nobody, AsBytes("anybody?")));
  a_.links->Flush();
  ASSERT_TRUE(loop_.RunUntil([&] { return !a_.gone.empty(); }));
  EXPECT_EQ(a_.gone[0], nobody);
}

TEST_F(RelayLinksTest, TellsTheRelayWhetherItIsHome) {
  TestRelay relay(*loop_);
  a_.links->SetHome(kRelay);
  ASSERT_TRUE(WantAndLogIn(relay));
  ASSERT_TRUE(loop_.RunUntil([&] {
    return relay.Preferred(a_.id()) == true &&
           relay.Preferred(b_.id()) == false;
  }));
  a_.links->SetHome(RelayId(2));
  ASSERT_TRUE(
      loop_.RunUntil([&] { return relay.Preferred(a_.id()) == false; }));
}

TEST_F(PatientRelayLinksTest, ComesBackAfterTheRelayDied) {
  auto relay = std::make_unique<TestRelay>(*loop_);
  const uint16_t port = static_cast<uint16_t>(relay->node().derp_port);
  ASSERT_TRUE(WantAndLogIn(*relay));
  relay.reset();
  ASSERT_TRUE(loop_.RunUntil(
      [&] { return a_.disconnected >= 3 && b_.disconnected >= 3; }));
  EXPECT_TRUE(a_.Said("closed")) << a_.whys[0];
  EXPECT_TRUE(a_.Said("refused")) << a_.whys[1];
  EXPECT_FALSE(a_.Send(loop_, b_, "into the void"));
  TestRelay again(*loop_, nullptr, port);
  ASSERT_TRUE(
      loop_.RunUntil([&] { return a_.connected == 2 && b_.connected == 2; }));
  EXPECT_TRUE(a_.Send(loop_, b_, "back"));
  ASSERT_TRUE(loop_.RunUntil([&] { return b_.packets.size() == 1; }));
}

TEST_F(RelayLinksTest, ReconnectsWhenTheRelayRestarts) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  relay.SendToAll(derp::BuildRestarting(0, 1000));
  ASSERT_TRUE(
      loop_.RunUntil([&] { return a_.connected == 2 && b_.connected == 2; }));
  EXPECT_TRUE(a_.Said("restarting")) << a_.whys[0];
  EXPECT_EQ(relay.num_open(), 2u);
}

TEST_F(PatientRelayLinksTest, BacksOffFromAServerThatIsNoRelay) {
  TestRelay relay(*loop_);
  relay.manners.http_status = 404;
  Want(MapOf({relay.node()}));
  loop_.RunFor(absl::Seconds(60));
  EXPECT_TRUE(a_.Said("answered 404")) << a_.whys[0];
  EXPECT_GE(a_.disconnected, 4);
  EXPECT_LE(a_.disconnected, 60);
  EXPECT_EQ(a_.connected, 0);
  relay.manners.http_status = 101;
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 1; }));
}

TEST_F(PatientRelayLinksTest, BacksOffFromARelayThatThrowsItOut) {
  TestRelay relay(*loop_);
  relay.manners.throws_out = true;
  Want(MapOf({relay.node()}));
  loop_.RunFor(absl::Seconds(60));
  EXPECT_GE(a_.connected, 4);
  EXPECT_LE(a_.connected, 60);
}

TEST_F(PatientRelayLinksTest, GivesUpARelayThatDoesNotAnswerTheUpgrade) {
  TestRelay relay(*loop_);
  relay.manners.answers_http = false;
  const Instant start = loop_->Now();
  Want(MapOf({relay.node()}));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.disconnected == 1; }));
  EXPECT_GE(loop_->Now() - start, RelayConnection::kConnectDeadline);
  EXPECT_TRUE(a_.Said("does not answer")) << a_.whys[0];
}

TEST_F(PatientRelayLinksTest, GivesUpARelayThatDoesNotAnswerTheLogin) {
  TestRelay relay(*loop_);
  relay.manners.answers_login = false;
  Want(MapOf({relay.node()}));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.disconnected == 1; }));
  EXPECT_TRUE(a_.Said("does not answer")) << a_.whys[0];
}

TEST_F(PatientRelayLinksTest, GivesUpARelayThatFellSilent) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  const Instant start = loop_->Now();
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.disconnected == 1; }));
  EXPECT_GE(loop_->Now() - start, absl::Seconds(60));
  EXPECT_TRUE(a_.Said("silent for too long")) << a_.whys[0];
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 2; }));
}

TEST_F(PatientRelayLinksTest, TriesTheOtherServersOfARegion) {
  TestRelay bad(*loop_), good(*loop_);
  bad.manners.http_status = 503;
  derp::RelayNode nobody = good.node("1a");
  nobody.derp_port = RefusingEndpoint().port();
  derp::RelayNode no_derp = nobody;
  no_derp.stun_only = true;
  Want(MapOf({nobody, no_derp, bad.node("1b"), good.node("1c")}));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 1; }));
  EXPECT_EQ(a_.disconnected, 2);
  EXPECT_TRUE(good.Has(a_.id()));
}

TEST_F(RelayLinksTest, FollowsARelayThatMovesInTheMap) {
  TestRelay old_relay(*loop_), new_relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(old_relay));
  Want(MapOf({new_relay.node()}));
  EXPECT_EQ(a_.disconnected, 1);
  ASSERT_TRUE(loop_.RunUntil([&] { return new_relay.Has(a_.id()); }));
  ASSERT_TRUE(loop_.RunUntil([&] { return old_relay.num_open() == 0; }));
  EXPECT_EQ(a_.disconnected, 1);
}

TEST_F(RelayLinksTest, StaysWithAServerThatTheNewMapStillHas) {
  TestRelay relay(*loop_), other(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  derp::RelayMap map = MapOf({other.node("1b"), relay.node()});
  map.regions[0].name = "Another name";
  Want(map);
  ASSERT_TRUE(a_.Send(loop_, b_, "still here"));
  ASSERT_TRUE(loop_.RunUntil([&] { return b_.packets.size() == 1; }));
  EXPECT_EQ(a_.disconnected, 0);
  EXPECT_EQ(other.num_accepted(), 0u);
}

TEST_F(RelayLinksTest, WaitsForARegionThatTheMapDoesNotHaveYet) {
  TestRelay relay(*loop_);
  Want(derp::RelayMap());
  ExpectIdle();
  EXPECT_EQ(a_.disconnected, 0);
  Want(MapOf({relay.node()}));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 1; }));
}

TEST_F(RelayLinksTest, ClosesWhatIsNotWanted) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  a_.links->SetWanted(kRelay, false);
  EXPECT_EQ(a_.disconnected, 1);
  ASSERT_TRUE(loop_.RunUntil([&] { return relay.num_open() == 1; }));
  ExpectIdle();
  EXPECT_EQ(relay.num_accepted(), 2u);
}

TEST_F(RelayLinksTest, MayBeToldInsideItsCallbacks) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  b_.unwant_when_packet = true;
  a_.unwant_when_disconnected = true;
  EXPECT_TRUE(a_.Send(loop_, b_, "one"));
  EXPECT_TRUE(a_.Send(loop_, b_, "two"));
  ASSERT_TRUE(loop_.RunUntil([&] { return relay.num_open() == 1; }));
  EXPECT_EQ(b_.packets.size(), 1u) << "the second came for nobody";
  relay.DropAll();
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.disconnected == 1; }));
  ExpectIdle();
  EXPECT_EQ(relay.num_accepted(), 2u);
}

TEST_F(RelayLinksTest, ConnectsAtOnceWhenItsAddressIsGone) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  const Instant start = loop_->Now();
  a_.links->OnLinkChange(start, kNowhere);
  EXPECT_EQ(a_.disconnected, 1);
  EXPECT_TRUE(a_.Said("network changed")) << a_.whys[0];
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 2; }));
  EXPECT_LT(loop_->Now() - start, RelayConnection::kPongDeadline);
  EXPECT_EQ(a_.disconnected, 1);
}

TEST_F(RelayLinksTest, ConnectsAtOnceWhenTheWayOutIsAnother) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  // As if the address were another interface's the second time it is asked for.
  int asked = 0;
  a_.links->OnLinkChange(loop_->Now(),
                         [&](const net::IpAddress&) { return ++asked; });
  EXPECT_EQ(asked, 2);
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 2; }));
}

TEST_F(PatientRelayLinksTest, StaysWhenTheRelayAnswersAfterALinkChange) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  a_.links->OnLinkChange(loop_->Now(), kStillHere);
  loop_.RunFor(absl::Seconds(30));
  EXPECT_EQ(a_.disconnected, 0);
}

TEST_F(PatientRelayLinksTest, ConnectsAnewWhenTheRelayIsCutOffByALinkChange) {
  TestRelay relay(*loop_);
  ASSERT_TRUE(WantAndLogIn(relay));
  relay.manners.answers_pings = false;
  const Instant start = loop_->Now();
  a_.links->OnLinkChange(start, kStillHere);
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.disconnected == 1; }));
  EXPECT_GE(loop_->Now() - start, RelayConnection::kPongDeadline);
  EXPECT_TRUE(a_.Said("does not answer since")) << a_.whys[0];
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 2; }));
  loop_.RunFor(absl::Seconds(30));
  EXPECT_EQ(a_.disconnected, 1) << "the new connection answers for itself";
}

TEST_F(PatientRelayLinksTest, ALinkChangeEndsTheBackOff) {
  derp::RelayNode nobody = TestRelay(*loop_).node();
  nobody.derp_port = RefusingEndpoint().port();
  Want(MapOf({nobody}));
  ASSERT_TRUE(loop_.RunUntil([&] {
    return a_.disconnected >= 6 &&
           a_.links->Next() > loop_->Now() + absl::Milliseconds(500);
  }));
  a_.links->OnLinkChange(loop_->Now(), kStillHere);
  EXPECT_LE(a_.links->Next(), loop_->Now());
}

TEST_F(RelayLinksTest, AsksDnsForAFamilyWithoutAddress) {
  TestRelay relay(*loop_);
  derp::RelayNode node = relay.node();
  node.hostname = "localhost";
  node.ipv4.clear();
  Want(MapOf({node}));
  ASSERT_TRUE(loop_.RunUntil([&] { return a_.connected == 1; }));
}

TEST_F(RelayLinksTest, IgnoresADnsAnswerAfterItsEnd) {
  TestRelay relay(*loop_);
  derp::RelayNode node = relay.node();
  node.hostname = "localhost";
  node.ipv4.clear();
  Want(MapOf({node}));
  bool answered = false;
  // The questions are asked, and cannot be answered before the loop turns.
  a_.links->OnTimeout((*loop_).Now());
  b_.links->OnTimeout((*loop_).Now());
  a_.links.reset();
  b_.links.reset();
  resolver_.Resolve("localhost", [&](std::vector<net::IpAddress> found) {
    answered = !found.empty();
  });
  ASSERT_TRUE(loop_.RunUntil([&] { return answered; }));
  EXPECT_EQ(relay.num_accepted(), 0u);
}

}  // namespace
}  // namespace warren::client
