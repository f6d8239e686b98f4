#include "control/coordinator/registration.h"

#include <algorithm>
#include <string>
#include <vector>

#include "control/coordinator/addresses.h"
#include "control/coordinator/directory_fixture.h"

namespace warren::control {
namespace {

class RegistrationTest : public DirectoryFixture {
 protected:
  // Why machine n is refused.
  std::string Refusal(const RegisterCommand& command) {
    const auto joined = Join(command);
    EXPECT_FALSE(joined.ok());
    return joined.status().ToString();
  }
};

#define EXPECT_HAS(text, part) \
  EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(RegistrationTest, GivesANodeItsAddressesNameAndOwner) {
  const netmap::Node node = MustJoin(1);
  EXPECT_TRUE(IsNodeIpv4(node.addresses[0]));
  EXPECT_EQ(node.addresses[1], Ipv6For(node.addresses[0]));
  EXPECT_EQ(node.allowed_ips.size(), 2u);
  EXPECT_EQ(node.name, "laptop");
  EXPECT_EQ(node.user_login, "alice");
  EXPECT_EQ(absl::ToInt64Milliseconds(node.key_expiry), kStart + 180 * kDay);
}

TEST_F(RegistrationTest, AOneOffKeyLetsOneMachineInAndItsRetries) {
  const std::string key = AddKey();
  int num_in = 0;
  for (int n = 1; n <= 200; ++n) num_in += Join(Machine(n, key)).ok() ? 1 : 0;
  EXPECT_EQ(num_in, 1);
  EXPECT_HAS(Refusal(Machine(2, key)), "has been used");
  // The answer may have been lost: the same machine may ask again.
  EXPECT_TRUE(Join(Machine(1, key)).ok());
  EXPECT_EQ(KeyOf(key).num_uses, 1u);
  // After a restart too.
  Restart();
  EXPECT_HAS(Refusal(Machine(2, key)), "has been used");
  EXPECT_TRUE(Join(Machine(1, key)).ok());
}

TEST_F(RegistrationTest, AUsedKeyDoesNotBringBackWhoWasExpired) {
  const std::string key = AddKey();
  const NodeId id = Join(Machine(1, key))->node.id;
  Pass(1);
  ASSERT_TRUE(
      SetNodeExpiry(*directory_, order(), tailnet(), StateOf(id), now_).ok());
  EXPECT_HAS(Refusal(Machine(1, key)), "has been used");
}

TEST_F(RegistrationTest, EachRefusedKeyIsToldWhy) {
  const std::string revoked = AddKey();
  ASSERT_TRUE(
      RevokeAuthKey(*directory_, order(), tailnet(), KeyOf(revoked)).ok());
  const std::string deleted = AddKey();
  ASSERT_TRUE(
      DeleteAuthKey(*directory_, order(), tailnet(), KeyOf(deleted)).ok());
  std::string guessed = AddKey();
  guessed.back() = guessed.back() == '0' ? '1' : '0';
  EXPECT_HAS(Refusal(Machine(1, revoked)), "was revoked on 2023-11-14");
  EXPECT_HAS(Refusal(Machine(1, deleted)), "does not know the auth key");
  EXPECT_HAS(Refusal(Machine(1, guessed)), "does not know the auth key");
  EXPECT_HAS(Refusal(Machine(1, "secret")), "INVALID_ARGUMENT");
  EXPECT_EQ(Refusal(Machine(1, "secret")).find("secret"), std::string::npos);
  EXPECT_HAS(Refusal(Machine(1)), "an auth key is needed");
  const std::string old = AddKey();
  now_ += 91 * kDay;
  EXPECT_HAS(Refusal(Machine(1, old)), "expired on 2024-02-12");
}

TEST_F(RegistrationTest, ANodeKeyBelongsToItsMachine) {
  const netmap::Node first = MustJoin(1);
  RegisterCommand thief = Machine(2, AddKey({.reusable = true}));
  thief.node_key = KeyNumber<crypto::NodeKey>(1);
  EXPECT_HAS(Refusal(thief), "belongs to another machine");
  thief.auth_key.clear();
  EXPECT_HAS(Refusal(thief), "belongs to another machine");
  thief = Machine(2, AddKey());
  thief.old_node_key = KeyNumber<crypto::NodeKey>(1);
  EXPECT_HAS(Refusal(thief), "belongs to another machine");
  EXPECT_FALSE(
      StreamOpened(*directory_, thief.machine, first.node_key, now_).ok());
  EXPECT_FALSE(Logout(*directory_, thief.machine, first.node_key, now_).ok());
  // The first keeps working.
  EXPECT_TRUE(OpenStream(1).ok());
}

TEST_F(RegistrationTest, WhoIsRefusedIsOnRecordAFewTimes) {
  MustJoin(1);
  const std::string key = AddKey({.reusable = true});
  RegisterCommand thief = Machine(2, key);
  thief.node_key = KeyNumber<crypto::NodeKey>(1);
  thief.source = "203.0.113.9";
  std::string wrong = key;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  RegisterCommand guesser = Machine(3, wrong);
  guesser.source = "203.0.113.8";
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(Join(thief).ok());
    EXPECT_FALSE(Join(guesser).ok());
  }
  EXPECT_FALSE(Join(Machine(4, "wauth-0000000000-00")).ok());
  AuditFilter filter;
  filter.tailnet = tailnet().record.id;
  filter.action = "node.refused";
  const auto rows = directory_->store().audit_log().Read(filter);
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ(rows->size(), 10u);
  const AuditRecord& claim = rows->back();
  EXPECT_EQ(claim.target, "node laptop");
  EXPECT_EQ(claim.source, "203.0.113.9");
  EXPECT_HAS(claim.after, "belongs to another machine");
  EXPECT_EQ(rows->at(8).target, "auth key " + KeyOf(key).prefix);
  for (const AuditRecord& row : *rows) {
    EXPECT_EQ(row.after.find(wrong.substr(17)), std::string::npos);
  }
  Pass(AuditLog::kRefusalsOverMs);
  EXPECT_FALSE(Join(thief).ok());
  EXPECT_EQ(directory_->store().audit_log().Read(filter)->size(), 11u);
}

TEST_F(RegistrationTest, AMachineKeepsItsNode) {
  const netmap::Node before = MustJoin(1);
  RegisterCommand again = Machine(1, AddKey(), "renamed-host");
  again.node_key = KeyNumber<crypto::NodeKey>(77);
  const auto after = Join(again);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->node.id, before.id);
  EXPECT_EQ(after->node.addresses, before.addresses);
  EXPECT_EQ(after->node.name, before.name);
  EXPECT_EQ(after->node.node_key, KeyNumber<crypto::NodeKey>(77));
  // The old key is nobody's.
  EXPECT_FALSE(OpenStream(1).ok());
}

TEST_F(RegistrationTest, RenewsWithoutAKeyButNotForLonger) {
  const netmap::Node before = MustJoin(1);
  now_ += 100 * kDay;
  RegisterCommand rekey = Machine(1);
  rekey.node_key = KeyNumber<crypto::NodeKey>(5);
  rekey.old_node_key = KeyNumber<crypto::NodeKey>(1);
  const auto after = Join(rekey);
  ASSERT_TRUE(after.ok()) << after.status();
  EXPECT_EQ(after->node.id, before.id);
  EXPECT_EQ(after->node.key_expiry, before.key_expiry);
  now_ += 81 * kDay;
  EXPECT_HAS(Refusal(rekey), "has expired: an auth key is needed");
  rekey.auth_key = AddKey();
  EXPECT_EQ(Join(rekey)->node.id, before.id);
}

TEST_F(RegistrationTest, ATaggedNodeNeverExpiresAndIsNobodysOwn) {
  const netmap::Node node = MustJoin(1, alice_, {.tags = {"tag:server"}});
  EXPECT_EQ(node.key_expiry, absl::ZeroDuration());
  EXPECT_EQ(node.tags, std::vector<std::string>{"tag:server"});
  EXPECT_EQ(node.user, UserId());
  EXPECT_EQ(node.user_login, "");
}

TEST_F(RegistrationTest, TheSameNameGetsANumber) {
  for (const char* want : {"laptop", "laptop-1", "laptop-2"}) {
    static int n = 0;
    EXPECT_EQ(MustJoin(++n).name, want);
  }
}

TEST_F(RegistrationTest, AskingForANameRenamesUnlessAnAdministratorDid) {
  const NodeId id = MustJoin(1).id;
  RegisterCommand command = Machine(1);
  command.wanted_name = "Kitchen PC";
  EXPECT_EQ(Join(command)->node.name, "kitchen-pc");
  ASSERT_TRUE(
      RenameNode(*directory_, order(), tailnet(), StateOf(id), "Den").ok());
  command.wanted_name = "attic";
  EXPECT_EQ(Join(command)->node.name, "den");
}

TEST_F(RegistrationTest, LogoutExpiresAndAnEphemeralNodeGoes) {
  const NodeId stays = MustJoin(1).id;
  const NodeId goes = MustJoin(2, alice_, {.ephemeral = true}).id;
  for (int n : {1, 2}) {
    ASSERT_TRUE(Logout(*directory_, KeyNumber<crypto::MachineKey>(n),
                       KeyNumber<crypto::NodeKey>(n), now_)
                    .ok());
  }
  EXPECT_TRUE(StateOf(stays).IsExpired(now_));
  EXPECT_FALSE(tailnet().nodes.contains(goes));
  EXPECT_HAS(Refusal(Machine(1)), "has expired");
}

TEST_F(RegistrationTest, AKeyOfAnotherUserTakesTheMachineOver) {
  const netmap::Node before = MustJoin(1);
  const UserId bob = AddUser("bob");
  const netmap::Node after = MustJoin(1, bob);
  EXPECT_EQ(after.id, before.id);
  EXPECT_EQ(after.user, bob);
  EXPECT_EQ(tailnet().nodes.size(), 1u);
}

TEST_F(RegistrationTest, EverythingIsThereAfterARestart) {
  std::vector<NodeRecord> before;
  for (int n = 1; n <= 20; ++n) {
    before.push_back(StateOf(MustJoin(n).id).record);
  }
  const uint64_t version = NetmapOf(before[0].id).version;
  Restart();
  for (const NodeRecord& record : before) {
    EXPECT_EQ(StateOf(record.id).record, record);
  }
  EXPECT_GT(NetmapOf(before[0].id).version, version);
}

}  // namespace
}  // namespace warren::control
