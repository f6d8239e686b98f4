#include <gtest/gtest.h>

#include <atomic>

#include "control/coordinator/coordinator.h"
#include "control/coordinator/default_policy.h"
#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/node_commands.h"
#include "control/coordinator/policy_commands.h"
#include "control/coordinator/provider_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/coordinator/webhook_commands.h"
#include "control/document/apply.h"
#include "control/document/spec_of.h"

namespace warren::control {
namespace {

constexpr char kPolicy[] =
    "// Servers for all.\n"
    "{\n"
    "  \"tagOwners\": {\"tag:web\": [\"alice@\"]},\n"
    "  \"grants\": [{\"src\": [\"*\"], \"dst\": [\"*\"], \"ip\": [\"*\"]}],\n"
    "}\n";

class DocumentTest : public DirectoryFixture {
 protected:
  Order by_operator() const {
    Order order{"uid 0", now_};
    order.is_operator = true;
    return order;
  }
  // A bit of everything that a document tells.
  void FillTailnet() {
    EXPECT_EQ(SetUserRole(*directory_, by_operator(), tailnet(), alice_,
                          policy::Role::kOwner),
              absl::OkStatus());
    const UserId bob = AddUser("bob");
    PolicyChange change;
    change.text = kPolicy;
    change.any_base = true;
    EXPECT_TRUE(SetPolicy(*directory_, by_operator(), tailnet(), change).ok());
    const NodeId laptop = MustJoin(1).id;
    MustJoin(2, bob);
    EXPECT_EQ(SetNodeTags(*directory_, by_operator(), tailnet(),
                          StateOf(laptop), {"tag:web"}),
              absl::OkStatus());
    EXPECT_EQ(SetNodeAttributes(*directory_, by_operator(), tailnet(),
                                StateOf(laptop), {{"custom:tier", "gold"}}),
              absl::OkStatus());
    derp::RelayRegion region;
    region.id = RelayId(900);
    region.code = "fra";
    region.name = "Frankfurt";
    region.nodes.resize(1);
    region.nodes[0].name = "900a";
    region.nodes[0].hostname = "relay.example";
    EXPECT_EQ(PutRelay(*directory_, by_operator(), tailnet(), region),
              absl::OkStatus());
    AddIdentity(bob);
    AddWebhook();
  }
  void AddIdentity(UserId user) {
    IdentityRecord identity;
    identity.id = IdentityId(5);
    identity.tailnet = tailnet().record.id;
    identity.user = user;
    identity.issuer = "https://id.example";
    identity.subject = "..";
    identity.groups = {"staff", "eng"};
    EXPECT_EQ(directory_->store().accounts().PutIdentity(
                  identity, AuditOf(order(), tailnet(), "test", "", "", "")),
              absl::OkStatus());
    tailnet().accounts.by_subject[{identity.issuer, identity.subject}] =
        identity.id;
    tailnet().accounts.identities[identity.id] = identity;
  }
  void AddWebhook() {
    WebhookRecord webhook;
    webhook.id = WebhookId(7);
    webhook.tailnet = tailnet().record.id;
    webhook.name = "chat";
    webhook.url = "https://hooks.example/";
    webhook.events = {"node."};
    EXPECT_EQ(PutWebhook(*directory_, by_operator(), tailnet(), webhook, false),
              absl::OkStatus());
  }
  absl::Status Apply(const std::string& yaml, bool prune) {
    const auto plan = PlanYaml(tailnet(), yaml, prune);
    if (!plan.ok()) return plan.status();
    return ApplyPlan(*directory_, by_operator(), tailnet(), *plan, seal_key_,
                     {});
  }
  void Wipe() {
    const std::string name = tailnet().record.name;
    ASSERT_EQ(DeleteTailnet(*directory_, by_operator(), tailnet(), true),
              absl::OkStatus());
    ASSERT_TRUE(CreateTailnet(*directory_, by_operator(), name).ok());
  }

  SealKey seal_key_ = SealKey();
};

TEST_F(DocumentTest, ExportWipeApplyGivesTheSameExport) {
  FillTailnet();
  const std::string before = ExportYaml(tailnet());
  Wipe();
  EXPECT_NE(ExportYaml(tailnet()), before);
  ASSERT_EQ(Apply(before, false), absl::OkStatus());
  EXPECT_EQ(ExportYaml(tailnet()), before);
  Restart();
  EXPECT_EQ(ExportYaml(tailnet()), before);
}

TEST_F(DocumentTest, TheDefaultPolicyIsInTheExportAndComesBack) {
  std::string before = ExportYaml(tailnet());
  FillTailnet();
  ASSERT_EQ(tailnet().access.policy.text, kPolicy);
  before.replace(before.find("role: member"), 12, "role: owner");
  ASSERT_EQ(Apply(before, false), absl::OkStatus());
  EXPECT_EQ(TextInForce(tailnet()), kDefaultPolicy);
}

TEST_F(DocumentTest, WhatADocumentDoesNotMentionStays) {
  FillTailnet();
  const std::string before = ExportYaml(tailnet());
  const auto plan = PlanYaml(tailnet(), "format: 1\n", false);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->changes.empty());
  EXPECT_EQ(ExportYaml(tailnet()), before);
}

TEST_F(DocumentTest, ADeviceOfTheDocumentIsInAsSoonAsItCalls) {
  FillTailnet();
  const std::string before = ExportYaml(tailnet());
  Wipe();
  ASSERT_EQ(Apply(before, false), absl::OkStatus());
  EXPECT_TRUE(OpenStream(1).ok());
  EXPECT_TRUE(OpenStream(2).ok());
}

TEST_F(DocumentTest, WhatIsThereAlreadyNeedsNothing) {
  FillTailnet();
  const auto plan = PlanYaml(tailnet(), ExportYaml(tailnet()), true);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_TRUE(plan->changes.empty());
}

TEST_F(DocumentTest, ChangesAreDoneAndWhatIsNotNamedGoesWhenPruned) {
  FillTailnet();
  const auto plan = PlanYaml(tailnet(),
                             "format: 1\n"
                             "name: bold-heron\n"
                             "settings: {approve_devices: true}\n"
                             "users: [{login: alice, role: owner}]\n",
                             true);
  ASSERT_TRUE(plan.ok()) << plan.status();
  ASSERT_EQ(
      ApplyPlan(*directory_, by_operator(), tailnet(), *plan, seal_key_, {}),
      absl::OkStatus());
  EXPECT_EQ(tailnet().record.name, "bold-heron");
  EXPECT_TRUE(tailnet().record.settings.approve_devices);
  EXPECT_EQ(tailnet().users.size(), 1u);
  EXPECT_TRUE(tailnet().nodes.empty());
  EXPECT_TRUE(tailnet().access.webhooks.empty());
  EXPECT_EQ(tailnet().access.policy.text, kPolicy);
}

TEST_F(DocumentTest, TheLastOwnerStays) {
  FillTailnet();
  const absl::Status status =
      Apply("format: 1\nusers: [{login: alice, role: member}]\n", false);
  EXPECT_TRUE(absl::IsFailedPrecondition(status)) << status;
}

TEST_F(DocumentTest, AFailureInTheMiddleLeavesNothing) {
  FillTailnet();
  const std::string before = ExportYaml(tailnet());
  std::string broken = before;
  // The user comes before the policy, which is refused.
  broken.replace(broken.find("users:\n"), 7,
                 "users:\n  - login: carol\n    role: member\n");
  broken.replace(broken.find("tagOwners"), 9, "tagOwnerz");
  std::atomic<int64_t> clock = now_;
  Coordinator coordinator(std::move(directory_),
                          [&clock] { return clock.load(); });
  const auto applied = coordinator.Call<bool>(
      [&](Directory& directory, int64_t) -> absl::StatusOr<bool> {
        TailnetState& there = directory.tailnets().begin()->second;
        const auto plan = PlanYaml(there, broken, false);
        if (!plan.ok()) return plan.status();
        const absl::Status done =
            ApplyPlan(directory, by_operator(), there, *plan, seal_key_, {});
        if (!done.ok()) return done;
        return true;
      });
  EXPECT_TRUE(absl::IsInvalidArgument(applied.status())) << applied.status();
  const auto after = coordinator.Call<std::string>(
      [&](Directory& directory, int64_t) -> absl::StatusOr<std::string> {
        return ExportYaml(directory.tailnets().begin()->second);
      });
  EXPECT_EQ(*after, before);
}

TEST_F(DocumentTest, ForeignDocumentsAreRefusedWithTheirPlace) {
  EXPECT_EQ(Apply("format: 1\nusres: []\n", false).message(),
            "line 2, column 1: there is no field \"usres\" here");
  EXPECT_FALSE(Apply("", false).ok());
  EXPECT_FALSE(Apply("format: 1\nusers: [{login: \"<b>\"}]\n", false).ok());
  EXPECT_FALSE(
      Apply("format: 1\nusers: [{login: bob, role: king}]\n", false).ok());
}

}  // namespace
}  // namespace warren::control
