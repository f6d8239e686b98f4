#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "control/store/store_test_people.h"

namespace warren::control {
namespace {

class AccountStoreTest : public testing::Test {
 protected:
  AccountStoreTest() {
    const std::string folder =
        testing::TempDir() +
        testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::remove_all(folder);
    store_ = *Store::Open(folder);
    FillStore(*store_);
  }
  AccountStore& accounts() { return store_->accounts(); }
  StoreContents Load() { return *store_->Load(); }

  std::unique_ptr<Store> store_;
};

TEST_F(AccountStoreTest, RemembersAllRecordsWithAndWithoutWhatMayBeAbsent) {
  for (const bool optional : {false, true}) {
    SCOPED_TRACE(optional);
    FillAccounts(*store_, SomeAccounts(optional));
    EXPECT_TRUE(SameAccounts(Load().accounts, SomeAccounts(optional)));
    FillAccess(*store_, SomeAccess(optional));
    EXPECT_TRUE(SameAccess(Load().access, SomeAccess(optional)));
    ASSERT_TRUE(store_->DeleteTailnet(TailnetId(11), SomeAudit()).ok());
    EXPECT_TRUE(SameAccounts(Load().accounts, {}));
    EXPECT_TRUE(SameAccess(Load().access, {}));
    FillStore(*store_);
  }
}

TEST_F(AccountStoreTest, DeletingAUserOrANodeTakesWhatRefersToIt) {
  FillAccounts(*store_, SomeAccounts(true));
  FillAccess(*store_, SomeAccess(true));
  ASSERT_TRUE(store_->DeleteNode(SomeNode().id, SomeAudit()).ok());
  EXPECT_TRUE(Load().access.shares.empty());
  EXPECT_TRUE(Load().accounts.invitations.empty());
  ASSERT_TRUE(store_->DeleteUser(SomeUser().id, SomeAudit()).ok());
  const AccountContents left = Load().accounts;
  EXPECT_TRUE(left.identities.empty() && left.local_accounts.empty() &&
              left.passkeys.empty() && left.sessions.empty());
  EXPECT_EQ(left.providers.size(), 1u);
  EXPECT_TRUE(Load().access.api_keys.empty());
}

TEST_F(AccountStoreTest, AnInvitationGivesOnceAndAllOrNothing) {
  FillAccounts(*store_, SomeAccounts(false));
  NewPerson person;
  person.user = UserRecord{UserId(22), TailnetId(11), "alice", "", 1};
  const auto use = [&](int64_t now_ms) {
    return accounts().UseInvitation(InvitationId(81), now_ms, "bob", person,
                                    SomeAudit());
  };
  // The login is taken: the invitation is as good as before.
  EXPECT_EQ(use(13).code(), absl::StatusCode::kAlreadyExists);
  EXPECT_EQ(Load().accounts.invitations[0].used_ms, 0);
  person.user->login = "bob";
  EXPECT_EQ(use(14).code(), absl::StatusCode::kFailedPrecondition);  // expired
  EXPECT_EQ(Load().users.size(), 1u);
  EXPECT_TRUE(use(13).ok());
  EXPECT_EQ(use(13).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Load().users.size(), 2u);
  EXPECT_EQ(Load().accounts.invitations[0].used_by, "bob");
}

TEST_F(AccountStoreTest, CodesAndPasskeysAreGoodOnce) {
  FillAccounts(*store_, SomeAccounts(true));
  const UserId user = SomeUser().id;
  const auto refused = absl::StatusCode::kFailedPrecondition;
  EXPECT_EQ(accounts().UseTotpStep(user, 3).code(), refused);
  EXPECT_TRUE(accounts().UseTotpStep(user, 4).ok());
  EXPECT_EQ(accounts().UseTotpStep(user, 4).code(), refused);
  const auto code = [&] {
    return accounts().UseRecoveryCode(user, TestHash(3), SomeAudit());
  };
  EXPECT_TRUE(code().ok());
  EXPECT_EQ(code().code(), refused);
  const std::string id = SomeAccounts(true).passkeys[0].credential_id;
  EXPECT_EQ(accounts().UsePasskey(id, 6, 1).code(), refused);
  EXPECT_TRUE(accounts().UsePasskey(id, 7, 1).ok());
  EXPECT_EQ(accounts().UsePasskey("other", 8, 1).code(), refused);
}

TEST_F(AccountStoreTest, OneSubjectIsOnePersonByteByByte) {
  FillAccounts(*store_, SomeAccounts(false));
  IdentityRecord other = SomeAccounts(false).identities[0];
  other.id = IdentityId(52);
  EXPECT_EQ(accounts().PutIdentity(other, SomeAudit()).code(),
            absl::StatusCode::kAlreadyExists);
  other.subject = "A|b,c%";
  EXPECT_TRUE(accounts().PutIdentity(other, SomeAudit()).ok());
}

TEST_F(AccountStoreTest, WhatHasExpiredGoes) {
  FillAccounts(*store_, SomeAccounts(false));
  FillAccess(*store_, SomeAccess(true));
  ASSERT_TRUE(accounts().PruneExpired(10).ok());
  EXPECT_EQ(Load().accounts.sessions.size(), 1u);
  EXPECT_EQ(Load().access.api_keys.size(), 1u);  // the token is gone
  ASSERT_TRUE(accounts().PruneExpired(11).ok());
  EXPECT_TRUE(Load().accounts.sessions.empty());
  const int64_t month = AccountStore::kKeepInvitationMs;
  ASSERT_TRUE(accounts().PruneExpired(13 + month).ok());
  EXPECT_EQ(Load().accounts.invitations.size(), 1u);
  ASSERT_TRUE(accounts().PruneExpired(14 + month).ok());
  EXPECT_TRUE(Load().accounts.invitations.empty());
}

TEST_F(AccountStoreTest, AKeyIsUsedAsOftenAsItSays) {
  AuthKeyRecord key = SomeAuthKey();
  key.id = AuthKeyId(32);
  key.prefix = "other";
  key.grant.reusable = true;
  key.grant.max_uses = 2;
  ASSERT_TRUE(store_->CreateAuthKey(key, SomeAudit()).ok());
  int num_in = 0;
  for (int n = 0; n < 4; ++n) {
    NodeRecord node = NumberedNode(n);
    node.auth_key = key.id;
    num_in += store_->RegisterNode(node, 1, SomeAudit()).ok() ? 1 : 0;
  }
  EXPECT_EQ(num_in, 2);
}

TEST_F(AccountStoreTest, ASuspendedUserSignsNoNodeIn) {
  UserRecord user = SomeUser();
  user.status = UserStatus::kSuspended;
  ASSERT_TRUE(store_->PutUser(user, SomeAudit()).ok());
  EXPECT_EQ(store_->SignInNode(OtherNode(), SomeAudit()).code(),
            absl::StatusCode::kFailedPrecondition);
  user.status = UserStatus::kActive;
  ASSERT_TRUE(store_->PutUser(user, SomeAudit()).ok());
  EXPECT_TRUE(store_->SignInNode(OtherNode(), SomeAudit()).ok());
}

// ---- Policies. ----

TEST_F(AccountStoreTest, OfTwoEditorsOneMustReadAgain) {
  AccessStore& access = store_->access();
  PolicyRecord policy{TailnetId(11), 1, "{}", "alice", 1, "", 0};
  EXPECT_TRUE(access.InsertPolicy(policy, SomeAudit()).ok());
  EXPECT_EQ(access.InsertPolicy(policy, SomeAudit()).code(),
            absl::StatusCode::kAborted);
  policy.version = 3;
  EXPECT_EQ(access.InsertPolicy(policy, SomeAudit()).code(),
            absl::StatusCode::kAborted);
  policy.version = 2;
  policy.text = "{ } // '; DROP TABLE policies; --";
  EXPECT_TRUE(access.InsertPolicy(policy, SomeAudit()).ok());
  EXPECT_EQ(Load().access.policies, std::vector{policy});
  EXPECT_EQ(access.PolicyVersions(TailnetId(11), 0, 10)->size(), 2u);
  EXPECT_EQ((*access.PolicyVersions(TailnetId(11), 2, 10))[0].version, 1u);
  EXPECT_EQ(*access.PolicyVersion(TailnetId(11), 2), policy);
  EXPECT_EQ(access.PolicyVersion(TailnetId(11), 9).status().code(),
            absl::StatusCode::kNotFound);
}

// ---- The audit log and what is told of it. ----

TEST_F(AccountStoreTest, TheAuditLogIsNarrowedAndPaged) {
  AuditLog& log = store_->audit_log();
  AuditRecord row{TailnetId(11), 100, "bob", "node.rename",
                  "node a",      "",  "",    "192.0.2.1"};
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(log.Append(row).ok());
  row.action = "nodes";
  ASSERT_TRUE(log.Append(row).ok());
  AuditFilter filter{TailnetId(11)};
  EXPECT_EQ(log.Read(filter)->size(), 9u);
  filter.actor = "bob";
  filter.action = "node.";
  filter.target = "node a";
  filter.since_ms = 100;
  const auto rows = log.Read(filter);
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_EQ((*rows)[0].source, "192.0.2.1");
  filter.before_id = (*rows)[1].id;
  EXPECT_EQ((*log.Read(filter))[0].id, (*rows)[2].id);
  filter.action = "node";
  EXPECT_TRUE(log.Read(filter)->empty());
  filter.tailnet = TailnetId(12);
  EXPECT_TRUE(log.Read(filter)->empty());
}

TEST_F(AccountStoreTest, AnEventIsWrittenWithItsAuditRowOrNotAtAll) {
  FillAccess(*store_, SomeAccess(false));
  store_->SetOutbox([](const AuditRecord& audit) {
    DeliveryRecord delivery;
    delivery.webhook = WebhookId(97);
    delivery.body = audit.action;
    delivery.next_ms = 50;
    return std::vector{delivery};
  });
  AuditLog& log = store_->audit_log();
  ASSERT_TRUE(store_->PutUser(SomeUser(), SomeAudit()).ok());
  NodeRecord clash = OtherNode();
  clash.naming.name = SomeNode().naming.name;
  EXPECT_FALSE(store_->PutNode(clash, SomeAudit()).ok());
  EXPECT_EQ(*log.CountDeliveries(WebhookId(97)), 1);
  EXPECT_EQ(**log.NextDeliveryMs(), 50);
  EXPECT_TRUE(log.DueDeliveries(49, 10)->empty());
  const auto due = log.DueDeliveries(50, 10);
  ASSERT_EQ(due->size(), 1u);
  ASSERT_TRUE(log.RetryDelivery((*due)[0].id, 90, "refused").ok());
  EXPECT_EQ((*log.DueDeliveries(90, 10))[0].num_attempts, 1);
  EXPECT_EQ((*log.DueDeliveries(90, 10))[0].last_error, "refused");
  ASSERT_TRUE(log.DeleteDelivery((*due)[0].id).ok());
  EXPECT_EQ(*log.NextDeliveryMs(), std::nullopt);
}

}  // namespace
}  // namespace warren::control
