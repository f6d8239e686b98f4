#include "control/coordinator/node_commands.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "control/coordinator/addresses.h"
#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/tailnet_commands.h"
#include "control/coordinator/user_commands.h"

namespace warren::control {
namespace {

using absl::StatusCode;

class NodeCommandsTest : public DirectoryFixture {
 protected:
  NodeCommandsTest() : id_(MustJoin(1).id) {}
  NodeState& node() { return StateOf(id_); }
  NodeRecord& record() { return node().record; }
  absl::Status Tags(const Order& by, const std::vector<std::string>& tags) {
    return SetNodeTags(*directory_, by, tailnet(), node(), tags);
  }
  absl::Status Address(const Order& by, const std::string& ipv4) {
    return SetNodeAddress(*directory_, by, tailnet(), node(), ipv4);
  }
  NodeId id_;
};

TEST_F(NodeCommandsTest, TagsTakeTheUserAndTheExpiryAway) {
  ASSERT_TRUE(Tags(order(), {"tag:b", "tag:a", "tag:b"}).ok());
  EXPECT_EQ(record().grant.tags, (std::vector<std::string>{"tag:a", "tag:b"}));
  EXPECT_EQ(record().times.key_expiry_ms, 0);
  EXPECT_EQ(NetmapOf(id_).self.user, UserId());
  Restart();
  EXPECT_EQ(record().grant.tags.size(), 2u);
  ASSERT_TRUE(Tags(order(), {}).ok());
  EXPECT_EQ(record().times.key_expiry_ms, now_ + 180 * kDay);
  EXPECT_EQ(NetmapOf(id_).self.user, alice_);
  EXPECT_EQ(Tags(order(), {"server"}).code(), StatusCode::kInvalidArgument);
}

TEST_F(NodeCommandsTest, MembersGiveTheTagsTheyOwnToTheirOwnDevices) {
  const UserId bob = AddUser("bob");
  auto policy = std::make_shared<policy::Policy>();
  policy->tag_owners = {{{"tag:mine", {}}, {{"alice@", {}}}},
                        {{"tag:his", {}}, {{"bob@", {}}}}};
  tailnet().access.parsed_policy = policy;
  EXPECT_FALSE(Tags(OrderBy(alice_), {"tag:his"}).ok());
  EXPECT_FALSE(Tags(OrderBy(bob), {"tag:his"}).ok());  // not his device
  EXPECT_FALSE(Tags(OrderBy({}), {"tag:mine"}).ok());
  ASSERT_TRUE(Tags(OrderBy(alice_), {"tag:mine"}).ok());
  // It is the owners' of its tag now.
  EXPECT_FALSE(Tags(OrderBy(bob), {}).ok());
  EXPECT_TRUE(Tags(OrderBy(alice_), {}).ok());
}

TEST_F(NodeCommandsTest, AddressesAreUniqueOnTheServer) {
  ASSERT_TRUE(Address(order(), "100.64.7.9").ok());
  EXPECT_EQ(record().ipv4.ToString(), "100.64.7.9");
  EXPECT_EQ(record().ipv6, Ipv6For(record().ipv4));
  EXPECT_TRUE(Address(order(), "100.64.7.9").ok());
  for (const char* bad : {"100.64.7.0", "100.64.7.255", "100.100.100.100",
                          "100.115.92.3", "192.0.2.1", "fd7a::1", "x", ""}) {
    EXPECT_EQ(Address(order(), bad).code(), StatusCode::kInvalidArgument)
        << bad;
  }
  EXPECT_EQ(Address(OrderBy(alice_), "100.64.7.10").code(),
            StatusCode::kPermissionDenied);
  // A second tailnet may not have it either.
  TailnetState& other = **CreateTailnet(*directory_, order(), "other");
  AuthKeyParams params;
  params.user = CreateUser(*directory_, order(), other, "gina", "")->id;
  const std::string key =
      CreateAuthKey(*directory_, order(), other, params)->secret;
  const NodeId guest = Join(Machine(2, key))->node.id;
  EXPECT_EQ(SetNodeAddress(*directory_, order(), other, other.nodes.at(guest),
                           "100.64.7.9")
                .code(),
            StatusCode::kAlreadyExists);
  // What was left is free.
  ASSERT_TRUE(Address(order(), "100.64.7.11").ok());
  EXPECT_TRUE(SetNodeAddress(*directory_, order(), other, other.nodes.at(guest),
                             "100.64.7.9")
                  .ok());
}

TEST_F(NodeCommandsTest, ANewOwnerBeginsWithoutTheOldOnesRights) {
  const UserId bob = AddUser("bob");
  ASSERT_TRUE(
      SetNodeRoutes(*directory_, order(), tailnet(), node(), {"192.0.2.0/24"})
          .ok());
  EXPECT_FALSE(
      SetNodeOwner(*directory_, OrderBy(alice_), tailnet(), node(), bob).ok());
  ASSERT_TRUE(SetNodeOwner(*directory_, order(), tailnet(), node(), bob).ok());
  EXPECT_EQ(NetmapOf(id_).self.user, bob);
  EXPECT_TRUE(record().standing.routes.approved.empty());
}

TEST_F(NodeCommandsTest, AttributesAreAddedAndRemoved) {
  const auto set = [&](const std::map<std::string, std::string>& changes) {
    return SetNodeAttributes(*directory_, order(), tailnet(), node(), changes);
  };
  ASSERT_TRUE(set({{"custom:tier", "gold"}, {"custom:site", "north"}}).ok());
  ASSERT_TRUE(set({{"custom:site", ""}}).ok());
  Restart();
  EXPECT_EQ(record().standing.attributes,
            (std::map<std::string, std::string>{{"custom:tier", "gold"}}));
  for (const char* bad : {"tier", "node:os", "custom:", "custom:a b"}) {
    EXPECT_EQ(set({{bad, "x"}}).code(), StatusCode::kInvalidArgument) << bad;
  }
  EXPECT_FALSE(set({{"custom:x", std::string(256, 'x')}}).ok());
}

TEST_F(NodeCommandsTest, ApprovalLetsTheWaitingIn) {
  tailnet().record.settings.approve_devices = true;
  const NodeId second = MustJoin(2).id;
  EXPECT_TRUE(PeersOf(id_).empty());
  EXPECT_EQ(
      ApproveNode(*directory_, OrderBy(alice_), tailnet(), StateOf(second))
          .code(),
      StatusCode::kPermissionDenied);
  ASSERT_TRUE(
      ApproveNode(*directory_, order(), tailnet(), StateOf(second)).ok());
  EXPECT_EQ(PeersOf(id_).size(), 1u);
  EXPECT_EQ(PeersOf(second).size(), 1u);
}

TEST_F(NodeCommandsTest, SettingsAreCheckedAndInForceAtOnce) {
  TailnetSettings settings;
  settings.key_lifetime_ms = kDay;
  settings.ephemeral_timeout_ms = 30 * 1000;
  ASSERT_TRUE(SetSettings(*directory_, order(), tailnet(), settings).ok());
  const NodeId brief = MustJoin(2, alice_, {.ephemeral = true}).id;
  EXPECT_EQ(StateOf(brief).record.times.key_expiry_ms, now_ + kDay);
  Pass(30 * 1000);
  EXPECT_FALSE(tailnet().nodes.contains(brief));
  settings.key_lifetime_ms = 5;
  EXPECT_EQ(SetSettings(*directory_, order(), tailnet(), settings).code(),
            StatusCode::kInvalidArgument);
  EXPECT_EQ(SetSettings(*directory_, OrderBy(alice_), tailnet(), {}).code(),
            StatusCode::kPermissionDenied);
  Restart();
  EXPECT_EQ(tailnet().record.settings.key_lifetime_ms, kDay);
}

TEST_F(NodeCommandsTest, NamesHangBelowTheBaseDomain) {
  EXPECT_EQ(DomainOf(*directory_, tailnet()), tailnet().record.name);
  base_domain_ = "warren.example";
  Restart();
  ASSERT_TRUE(
      RenameTailnet(*directory_, order(), tailnet(), "quiet-otter").ok());
  EXPECT_EQ(DomainNameOf(*directory_, tailnet(), record()),
            "laptop.quiet-otter.warren.example");
  EXPECT_FALSE(
      RenameTailnet(*directory_, order(), tailnet(), "two.labels").ok());
  EXPECT_NE((*CreateTailnet(*directory_, order(), ""))->record.name, "");
  const auto names = SuggestTailnetNames(*directory_, 50);
  EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), 50u);
}

TEST_F(NodeCommandsTest, AKeyForManyIsForThatManyOnly) {
  const std::string key = AddKey({.reusable = true, .max_uses = 10});
  int num_in = 0;
  for (int n = 10; n < 25; ++n) num_in += Join(Machine(n, key)).ok() ? 1 : 0;
  EXPECT_EQ(num_in, 10);
  // One of those may repeat its registration.
  EXPECT_TRUE(Join(Machine(12, key)).ok());
  Restart();
  EXPECT_FALSE(Join(Machine(30, key)).ok());
}

}  // namespace
}  // namespace warren::control
