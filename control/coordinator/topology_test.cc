#include "control/coordinator/topology.h"

#include <string>
#include <vector>

#include "control/coordinator/directory_fixture.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

class TopologyTest : public DirectoryFixture {
 protected:
  policy::Topology Get() { return TopologyOf(*directory_, tailnet(), now_); }
  std::vector<std::string> Names() {
    std::vector<std::string> names;
    for (const policy::Node& node : Get().nodes) names.push_back(node.name);
    std::sort(names.begin(), names.end());
    return names;
  }
};

TEST_F(TopologyTest, TellsNodesAndTheirUsers) {
  const netmap::Node own = MustJoin(1);
  const netmap::Node tagged = MustJoin(2, {}, {.tags = {"tag:web"}});
  NodeRecord& record = StateOf(own.id).record;
  record.standing.attributes["custom:tier"] = "gold";
  record.standing.routes.advertised = {*net::IpPrefix::Parse("10.0.0.0/8")};
  record.standing.routes.since_ms = 7;
  record.host.os = "linux";
  const policy::Topology topology = Get();
  ASSERT_EQ(topology.nodes.size(), 2u);
  const policy::Node& first =
      topology.nodes[topology.nodes[0].id == own.id ? 0 : 1];
  const policy::Node& second =
      topology.nodes[topology.nodes[0].id == own.id ? 1 : 0];
  EXPECT_EQ(first.user, alice_);
  EXPECT_EQ(*first.ipv4, own.addresses[0]);
  EXPECT_EQ(first.attributes.at("node:os"), "linux");
  EXPECT_EQ(first.attributes.at("custom:tier"), "gold");
  EXPECT_EQ(first.routable_ips.size(), 1u);
  EXPECT_EQ(first.route_seniority, 7u);
  EXPECT_FALSE(first.online);
  EXPECT_EQ(second.id, tagged.id);
  EXPECT_EQ(second.user, UserId());
  EXPECT_EQ(second.tags, std::vector<std::string>{"tag:web"});
  ASSERT_EQ(topology.users.size(), 1u);
  EXPECT_EQ(topology.users[0].login, "alice");
}

TEST_F(TopologyTest, LeavesOutWhoMayNotSpeak) {
  const netmap::Node expired = MustJoin(1, {}, {});
  MustJoin(2);
  StateOf(expired.id).record.naming.name = "expired";
  ASSERT_EQ(Names().size(), 2u);
  StateOf(expired.id).record.times.key_expiry_ms = now_;
  EXPECT_EQ(Names(), std::vector<std::string>{"laptop-1"});
  tailnet().users.at(alice_).status = UserStatus::kSuspended;
  EXPECT_TRUE(Names().empty());
  EXPECT_TRUE(Get().users.empty());
  tailnet().users.at(alice_).status = UserStatus::kActive;
  tailnet().record.settings.approve_devices = true;
  for (auto& [id, node] : tailnet().nodes) node.record.standing.approved_ms = 0;
  EXPECT_TRUE(Names().empty()) << "waits for approval";
}

TEST_F(TopologyTest, TakesAddressesAndGroupsFromIdentities) {
  IdentityRecord identity;
  identity.user = alice_;
  identity.groups = {"staff", "ops"};
  identity.email = "alice@example.com";
  tailnet().accounts.identities[IdentityId(1)] = identity;
  EXPECT_TRUE(Get().users[0].emails.empty()) << "not verified";
  tailnet().accounts.identities[IdentityId(1)].email_verified = true;
  EXPECT_EQ(Get().users[0].emails,
            std::vector<std::string>{"alice@example.com"});
  EXPECT_EQ(Get().users[0].groups, (std::vector<std::string>{"ops", "staff"}));
  EXPECT_EQ(ProviderGroupsOf(tailnet()),
            (std::vector<std::string>{"ops", "staff"}));
}

TEST_F(TopologyTest, BringsGuestsAlong) {
  TailnetState& home = tailnet();
  const netmap::Node printer = MustJoin(1);
  auto other = CreateTailnet(*directory_, order(), "other");
  ASSERT_TRUE(other.ok());
  const auto guest = CreateUser(*directory_, order(), **other, "eve", "");
  ASSERT_TRUE(guest.ok());
  NodeState phone = home.nodes.at(printer.id);
  phone.record.id = NodeId(99);
  phone.record.owner = guest->id;
  (*other)->nodes[NodeId(99)] = phone;
  ShareRecord share;
  share.owner_tailnet = home.record.id;
  share.node = printer.id;
  share.guest_tailnet = (*other)->record.id;
  share.guest = guest->id;
  home.access.shares[ShareId(1)] = share;
  const policy::Topology topology = TopologyOf(*directory_, home, now_);
  ASSERT_EQ(topology.nodes.size(), 2u);
  EXPECT_EQ(topology.nodes[0].shared_to, std::vector<UserId>{guest->id});
  EXPECT_EQ(topology.nodes[1].id, NodeId(99));
  ASSERT_EQ(topology.users.size(), 2u);
  EXPECT_TRUE(topology.users[1].guest);
}

}  // namespace
}  // namespace warren::control
