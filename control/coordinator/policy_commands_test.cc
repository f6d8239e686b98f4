#include "control/coordinator/policy_commands.h"

#include <string>

#include "control/coordinator/default_policy.h"
#include "control/coordinator/directory_fixture.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

using ::testing::HasSubstr;

constexpr char kOpen[] = R"({"acls": [
  {"action": "accept", "src": ["*"], "dst": ["*:*"]}]})";
constexpr char kClosed[] = R"({"acls": []})";

class PolicyCommandsTest : public DirectoryFixture {
 protected:
  absl::StatusOr<PolicyRecord> Set(const std::string& text, uint64_t base,
                                   bool force = false) {
    PolicyChange change;
    change.text = text;
    change.base_version = base;
    change.force = force;
    return SetPolicy(*directory_, By(), tailnet(), change);
  }
  // An order of alice's.
  Order By() const { return {"alice", now_, "203.0.113.7", alice_, false}; }
  void SetRole(policy::Role role) { tailnet().users.at(alice_).role = role; }
};

TEST_F(PolicyCommandsTest, StoresVersionsAndPutsThemInForce) {
  SetRole(policy::Role::kOwner);
  const auto first = Set(kOpen, 0);
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->version, 1u);
  EXPECT_EQ(first->author, "alice");
  ASSERT_NE(tailnet().access.parsed_policy, nullptr);
  EXPECT_TRUE(tailnet().access.parsed_policy->acls.has_value());
  EXPECT_EQ(Set(std::string(kOpen) + "\n", 1)->version, 2u);
  Restart();
  EXPECT_EQ(tailnet().access.policy.version, 2u);
  const auto list = PolicyVersions(*directory_, tailnet(), 0);
  ASSERT_EQ(list->size(), 2u);
  EXPECT_EQ((*list)[0].version, 2u);
  EXPECT_EQ(PolicyVersion(*directory_, tailnet(), 1)->text, kOpen);
  EXPECT_FALSE(PolicyVersion(*directory_, tailnet(), 9).ok());
  const auto audit =
      directory_->store().audit_log().Read({tailnet().record.id, 1});
  EXPECT_EQ((*audit)[0].action, "policy.set");
  EXPECT_EQ((*audit)[0].before, "version 1");
  EXPECT_EQ((*audit)[0].after, "version 2");
  EXPECT_EQ((*audit)[0].source, "203.0.113.7");
}

TEST_F(PolicyCommandsTest, TheSameAgainIsNoNewVersion) {
  SetRole(policy::Role::kNetworkAdmin);
  EXPECT_EQ(Set(kDefaultPolicy, 0)->version, 0u);
  ASSERT_TRUE(Set(kOpen, 0).ok());
  EXPECT_EQ(Set(kOpen, 1)->version, 1u);
}

TEST_F(PolicyCommandsTest, OnlyNetworkAdminsMay) {
  for (const policy::Role role :
       {policy::Role::kMember, policy::Role::kAuditor}) {
    SetRole(role);
    EXPECT_TRUE(absl::IsPermissionDenied(Set(kOpen, 0).status()));
  }
  EXPECT_EQ(tailnet().access.policy.version, 0u);
}

TEST_F(PolicyCommandsTest, OneOfTwoEditorsIsTold) {
  SetRole(policy::Role::kAdmin);
  ASSERT_TRUE(Set(kOpen, 0).ok());
  const absl::Status second = Set(kClosed, 0).status();
  EXPECT_TRUE(absl::IsAborted(second));
  EXPECT_THAT(std::string(second.message()),
              HasSubstr("version 1 by alice is in force, and yours was made "
                        "from version 0"));
  EXPECT_EQ(tailnet().access.policy.version, 1u);
}

TEST_F(PolicyCommandsTest, RefusesWhatIsWrongAndKeepsTheOld) {
  SetRole(policy::Role::kAdmin);
  ASSERT_TRUE(Set(kOpen, 0).ok());
  const auto parsed = tailnet().access.parsed_policy;
  for (const char* text :
       {"{", R"({"alcs": []})", R"({"acls": [{"action": "deny"}]})",
        R"({"acls": [], "tests": [{"src": "alice@", "accept": ["*:22"]}]})"}) {
    const absl::Status refused = Set(text, 1).status();
    EXPECT_TRUE(absl::IsInvalidArgument(refused)) << text;
    EXPECT_THAT(std::string(refused.message()), HasSubstr("line 1, column"));
  }
  EXPECT_EQ(tailnet().access.parsed_policy, parsed);
  EXPECT_EQ(PolicyVersions(*directory_, tailnet(), 0)->size(), 1u);
}

TEST_F(PolicyCommandsTest, ALockoutAsksForForce) {
  SetRole(policy::Role::kAdmin);
  ASSERT_TRUE(Set(kOpen, 0).ok());
  MustJoin(1);
  MustJoin(2, AddUser("bob"));
  EXPECT_NE(JudgePolicy(*directory_, By(), tailnet(), kClosed).lockout, "");
  const absl::Status refused = Set(kClosed, 1).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_EQ(tailnet().access.policy.version, 1u);
  ASSERT_TRUE(Set(kClosed, 1, /*force=*/true).ok());
  const auto audit =
      directory_->store().audit_log().Read({tailnet().record.id, 1});
  EXPECT_EQ((*audit)[0].after, "version 2, forced");
}

TEST_F(PolicyCommandsTest, RollsBackAsANewVersion) {
  SetRole(policy::Role::kAdmin);
  ASSERT_TRUE(Set(kOpen, 0).ok());
  ASSERT_TRUE(Set(kClosed, 1).ok());
  const auto back =
      RollbackPolicy(*directory_, By(), tailnet(), 1, /*force=*/false);
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->version, 3u);
  EXPECT_EQ(back->rolled_back_to, 1u);
  EXPECT_EQ(back->text, kOpen);
  EXPECT_TRUE(absl::IsNotFound(
      RollbackPolicy(*directory_, By(), tailnet(), 9, false).status()));
  EXPECT_EQ(RollbackPolicy(*directory_, By(), tailnet(), 0, false)->text,
            kDefaultPolicy);
}

TEST_F(PolicyCommandsTest, KnowsGroupsOfProviders) {
  const char kText[] = R"({"acls": [
      {"action": "accept", "src": ["group:staff"], "dst": ["*:*"]}]})";
  EXPECT_FALSE(
      JudgePolicy(*directory_, By(), tailnet(), kText).problems.empty());
  IdentityRecord identity;
  identity.user = alice_;
  identity.groups = {"staff"};
  tailnet().accounts.identities[IdentityId(1)] = identity;
  EXPECT_TRUE(
      JudgePolicy(*directory_, By(), tailnet(), kText).problems.empty());
}

TEST_F(PolicyCommandsTest, RefusesNotesThatAreNoLine) {
  SetRole(policy::Role::kAdmin);
  PolicyChange change;
  change.text = kOpen;
  change.note = "a\nb";
  EXPECT_TRUE(absl::IsInvalidArgument(
      SetPolicy(*directory_, By(), tailnet(), change).status()));
  change.note = std::string(kMaxPolicyNote + 1, 'x');
  EXPECT_TRUE(absl::IsInvalidArgument(
      SetPolicy(*directory_, By(), tailnet(), change).status()));
}

}  // namespace
}  // namespace warren::control
