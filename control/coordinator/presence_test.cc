#include "control/coordinator/presence.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>
#include <vector>

#include "control/coordinator/directory_fixture.h"

namespace warren::control {
namespace {

using Names = std::vector<std::string>;

class PresenceTest : public DirectoryFixture {
 protected:
  ReportCommand ReportOf(int n) {
    ReportCommand command;
    command.machine = KeyNumber<crypto::MachineKey>(n);
    command.node_key = KeyNumber<crypto::NodeKey>(n);
    command.disco_key = KeyNumber<crypto::DiscoKey>(n + 100);
    command.reach = {{*net::Endpoint::Parse("192.0.2.1:41641")}, RelayId(900)};
    return command;
  }
  static bool LetsInItselfAlone(const netmap::Netmap& netmap) {
    const auto& own = netmap.self.allowed_ips;
    for (const filter::Rule& rule : netmap.filter) {
      for (const net::IpPrefix& source : rule.sources) {
        if (std::ranges::count(own, source) == 0) return false;
      }
    }
    return true;
  }
};

TEST_F(PresenceTest, DevicesOfOneUserSeeEachOtherAndNobodyElse) {
  const UserId bob = AddUser("bob");
  const NodeId a1 = MustJoin(1).id;
  const NodeId a2 = MustJoin(2).id;
  const NodeId b1 = MustJoin(3, bob).id;
  const NodeId tagged = MustJoin(4, alice_, {.tags = {"tag:db"}}).id;
  EXPECT_EQ(PeersOf(a1), (Names{"laptop-1"}));
  EXPECT_EQ(PeersOf(a2), (Names{"laptop"}));
  // A tagged device is nobody's own.
  EXPECT_EQ(PeersOf(tagged), Names{});
  EXPECT_TRUE(NetmapOf(tagged).filter.empty());
  EXPECT_EQ(PeersOf(b1), Names{});
  EXPECT_TRUE(LetsInItselfAlone(NetmapOf(b1)));
}

TEST_F(PresenceTest, TheFilterLetsInExactlyThePeers) {
  const netmap::Node a = MustJoin(1);
  const netmap::Node b = MustJoin(2);
  MustJoin(3, AddUser("bob"));
  const netmap::Netmap netmap = NetmapOf(a.id);
  ASSERT_EQ(netmap.filter.size(), 1u);
  const filter::Rule& rule = netmap.filter[0];
  EXPECT_TRUE(rule.protocols.empty());
  // Its user's devices, itself among them.
  std::vector<net::IpPrefix> own = a.allowed_ips;
  own.insert(own.end(), b.allowed_ips.begin(), b.allowed_ips.end());
  EXPECT_THAT(rule.sources, testing::UnorderedElementsAreArray(own));
  ASSERT_EQ(rule.destinations.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(rule.destinations[i].prefix, a.allowed_ips[i]);
    EXPECT_EQ(rule.destinations[i].first_port, 0);
    EXPECT_EQ(rule.destinations[i].last_port, 65535);
  }
}

TEST_F(PresenceTest, ANodeIsOnlineAsLongAsItsNewestStream) {
  const NodeId id = MustJoin(1).id;
  MustJoin(2);
  const StreamTicket old_stream = *OpenStream(1);
  const StreamTicket new_stream = *OpenStream(1);
  EXPECT_TRUE(NetmapOf(id).self.online);
  // The end of the old one comes late.
  StreamClosed(*directory_, old_stream, now_);
  EXPECT_TRUE(NetmapOf(id).self.online);
  now_ += 5000;
  StreamClosed(*directory_, new_stream, now_);
  EXPECT_FALSE(NetmapOf(id).self.online);
  EXPECT_EQ(absl::ToInt64Milliseconds(NetmapOf(id).self.last_seen), now_);
  Restart();
  EXPECT_EQ(StateOf(id).record.times.last_seen_ms, now_);
}

TEST_F(PresenceTest, WhenAKeyExpiresThePeersHearOfItAtOnce) {
  const NodeId a = MustJoin(1).id;
  const NodeId b = MustJoin(2).id;
  ASSERT_TRUE(
      SetNodeExpiry(*directory_, order(), tailnet(), StateOf(a), now_ + 1000)
          .ok());
  EXPECT_EQ(PeersOf(b), Names{"laptop"});
  EXPECT_EQ(directory_->NextDeadlineMs(), now_ + 1000);
  Pass(999);
  EXPECT_EQ(PeersOf(b), Names{"laptop"});
  Pass(1);
  EXPECT_EQ(PeersOf(b), Names{});
  EXPECT_TRUE(LetsInItselfAlone(NetmapOf(b)));
  // The node itself is told, and loses all it could reach.
  EXPECT_EQ(PeersOf(a), Names{});
  EXPECT_TRUE(NetmapOf(a).filter.empty());
  EXPECT_EQ(absl::ToInt64Milliseconds(NetmapOf(a).self.key_expiry), now_);
  // A longer life brings it back.
  ASSERT_TRUE(
      SetNodeExpiry(*directory_, order(), tailnet(), StateOf(a), now_ + kDay)
          .ok());
  EXPECT_EQ(PeersOf(b), Names{"laptop"});
}

TEST_F(PresenceTest, AnEphemeralNodeGoesSomeTimeAfterItsStream) {
  const NodeId other = MustJoin(2).id;
  const NodeId id = MustJoin(1, alice_, {.ephemeral = true}).id;
  const StreamTicket stream = *OpenStream(1);
  Pass(10 * kMinute);
  EXPECT_TRUE(tailnet().nodes.contains(id));
  StreamClosed(*directory_, stream, now_);
  Pass(2 * kMinute - 1);
  EXPECT_TRUE(tailnet().nodes.contains(id));
  // A short absence is forgiven.
  const StreamTicket again = *OpenStream(1);
  Pass(2 * kMinute);
  StreamClosed(*directory_, again, now_);
  EXPECT_EQ(directory_->NextDeadlineMs(), now_ + 2 * kMinute);
  Pass(2 * kMinute);
  EXPECT_FALSE(tailnet().nodes.contains(id));
  EXPECT_EQ(PeersOf(other), Names{});
  Restart();
  EXPECT_FALSE(tailnet().nodes.contains(id));
  EXPECT_EQ(OpenStream(1).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(PresenceTest, ARestartGivesEphemeralNodesTimeToComeBack) {
  const NodeId id = MustJoin(1, alice_, {.ephemeral = true}).id;
  now_ += kDay;
  Restart();
  Pass(0);
  EXPECT_TRUE(tailnet().nodes.contains(id));
  Pass(2 * kMinute);
  EXPECT_FALSE(tailnet().nodes.contains(id));
}

TEST_F(PresenceTest, AReportIsDurableAndReachesThePeers) {
  const NodeId a = MustJoin(1).id;
  const NodeId b = MustJoin(2).id;
  ASSERT_TRUE(Report(*directory_, ReportOf(1), now_).ok());
  const netmap::Node seen = NetmapOf(b).peers.at(a);
  EXPECT_EQ(seen.endpoints.size(), 1u);
  EXPECT_EQ(seen.home_relay, RelayId(900));
  EXPECT_EQ(seen.disco_key, KeyNumber<crypto::DiscoKey>(101));
  Restart();
  EXPECT_EQ(NetmapOf(b).peers.at(a).endpoints, seen.endpoints);
}

TEST_F(PresenceTest, TheSameReportAgainPublishesNothing) {
  MustJoin(1);
  ASSERT_TRUE(Report(*directory_, ReportOf(1), now_).ok());
  directory_->Publish();
  published_.clear();
  ASSERT_TRUE(Report(*directory_, ReportOf(1), now_).ok());
  directory_->Publish();
  EXPECT_TRUE(published_.empty());
}

TEST_F(PresenceTest, APublicationNamesWhoMaySeeSomethingElse) {
  const UserId bob = AddUser("bob");
  const NodeId alices = MustJoin(1).id;
  const NodeId bobs = MustJoin(3, bob).id;
  const NodeId moved = MustJoin(2, bob).id;
  const UserId carol = AddUser("carol");
  MustJoin(4, carol);
  directory_->Publish();
  published_.clear();
  MustJoin(2, alice_);  // bob's machine becomes alice's
  directory_->Publish();
  ASSERT_EQ(published_.size(), 1u);
  EXPECT_FALSE(published_[0].everyone);
  EXPECT_THAT(published_[0].affected,
              testing::UnorderedElementsAre(alices, bobs, moved));
  published_.clear();
  ASSERT_TRUE(DeleteNode(*directory_, order(), tailnet(), StateOf(moved)).ok());
  directory_->Publish();
  EXPECT_EQ(published_[0].removed, std::vector<NodeId>{moved});
}

TEST_F(PresenceTest, ThePolicyIsMadeAnewOnlyForWhatItLooksAt) {
  MustJoin(1);
  MustJoin(2);
  directory_->Publish();
  const auto policy = [this] { return tailnet().snapshot->own.policy; };
  const auto before = policy();
  ASSERT_TRUE(Report(*directory_, ReportOf(1), now_).ok());
  ASSERT_TRUE(OpenStream(2).ok());
  directory_->Publish();
  EXPECT_EQ(policy(), before);
  ReportCommand newer = ReportOf(1);
  newer.has_host = true;
  newer.host.os_version = "13";
  ASSERT_TRUE(Report(*directory_, newer, now_).ok());
  directory_->Publish();
  EXPECT_NE(policy(), before);
}

}  // namespace
}  // namespace warren::control
