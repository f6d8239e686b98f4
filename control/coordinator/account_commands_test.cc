#include "control/coordinator/account_commands.h"

#include "control/coordinator/directory_fixture.h"
#include "control/coordinator/session_commands.h"

namespace warren::control {
namespace {

class AccountTest : public DirectoryFixture {
 protected:
  AccountTest() { GiveAccount(alice_); }

  void GiveAccount(UserId user) {
    EXPECT_EQ(ResetAccount(*directory_, As(user), tailnet(), "hash"),
              absl::OkStatus());
  }
  Order As(UserId user) const {
    return {"somebody", now_, "203.0.113.7", user, false};
  }
  OpenedSession Open(UserId user) {
    return *OpenSession(*directory_, As(user), tailnet(),
                        {"local", "203.0.113.7", "Browser"});
  }
  bool IsLive(const std::string& secret) {
    return FindSession(*directory_, secret, now_).ok();
  }
  LocalAccountRecord& Account() {
    return tailnet().accounts.local_accounts.at(alice_);
  }
};

TEST_F(AccountTest, ASessionIsItsCookieUntilItsTimeIsOver) {
  const OpenedSession opened = Open(alice_);
  const auto live = FindSession(*directory_, opened.secret, now_);
  ASSERT_TRUE(live.ok()) << live.status();
  EXPECT_EQ(live->user.login, "alice");
  EXPECT_EQ(live->record.address, "203.0.113.7");
  now_ += kSessionLifetimeMs - 1;
  EXPECT_TRUE(IsLive(opened.secret));
  now_ += 1;
  EXPECT_FALSE(IsLive(opened.secret));
}

TEST_F(AccountTest, NoOtherTextIsASession) {
  const OpenedSession opened = Open(alice_);
  std::string other = opened.secret;
  other.back() = other.back() == 'A' ? 'E' : 'A';
  for (const std::string& bad :
       {std::string(), other, opened.secret + "A", opened.secret.substr(1),
        std::string(64, 'A'), std::string(64, '\'')}) {
    EXPECT_FALSE(IsLive(bad)) << bad;
  }
}

TEST_F(AccountTest, SessionsSurviveARestartAndEndForGood) {
  const std::string first = Open(alice_).secret;
  const OpenedSession second = Open(alice_);
  const std::string third = Open(alice_).secret;
  Restart();
  EXPECT_TRUE(IsLive(first));
  ASSERT_TRUE(
      CloseSession(*directory_, As(alice_), tailnet(), second.record.id).ok());
  ASSERT_TRUE(CloseSessions(*directory_, As(alice_), tailnet(), alice_,
                            FindSession(*directory_, third, now_)->record.id)
                  .ok());
  Restart();
  EXPECT_FALSE(IsLive(first));
  EXPECT_FALSE(IsLive(second.secret));
  EXPECT_TRUE(IsLive(third));
}

TEST_F(AccountTest, NobodyEndsTheSessionsOfOthers) {
  const UserId bob = AddUser("bob");
  const OpenedSession opened = Open(alice_);
  EXPECT_EQ(
      CloseSession(*directory_, As(bob), tailnet(), opened.record.id).code(),
      absl::StatusCode::kPermissionDenied);
  EXPECT_FALSE(
      CloseSessions(*directory_, As(bob), tailnet(), alice_, SessionId()).ok());
  EXPECT_TRUE(IsLive(opened.secret));
}

TEST_F(AccountTest, TheOldestOfTooManySessionsEnds) {
  const std::string oldest = Open(alice_).secret;
  now_ += kMinute;
  const std::string second = Open(alice_).secret;
  for (size_t i = 2; i <= kMaxSessions; ++i) Open(alice_);
  EXPECT_FALSE(IsLive(oldest));
  EXPECT_TRUE(IsLive(second));
}

TEST_F(AccountTest, ASuspendedUserHasNoSession) {
  const std::string secret = Open(alice_).secret;
  tailnet().users.at(alice_).status = UserStatus::kSuspended;
  EXPECT_FALSE(IsLive(secret));
  EXPECT_EQ(OpenSession(*directory_, As(alice_), tailnet(), {}).status().code(),
            absl::StatusCode::kPermissionDenied);
}

TEST_F(AccountTest, ANewPasswordEndsAllSessions) {
  const std::string secret = Open(alice_).secret;
  ASSERT_TRUE(SetPassword(*directory_, As(alice_), tailnet(), "new").ok());
  EXPECT_FALSE(IsLive(secret));
  Restart();
  EXPECT_FALSE(IsLive(secret));
  EXPECT_EQ(Account().password_hash, "new");
}

TEST_F(AccountTest, WhoSignsInElsewhereHasNothingToSet) {
  const UserId bob = AddUser("bob");
  EXPECT_TRUE(absl::IsFailedPrecondition(
      SetPassword(*directory_, As(bob), tailnet(), "new")));
  EXPECT_TRUE(
      absl::IsFailedPrecondition(SetTotp(*directory_, As(bob), tailnet(), {})));
  EXPECT_TRUE(absl::IsFailedPrecondition(
      AddPasskey(*directory_, As(bob), tailnet(), PasskeyRecord())));
}

TEST_F(AccountTest, WrongAttemptsLockLongerAndLonger) {
  for (int i = 0; i < kFreeFailures - 1; ++i) {
    ASSERT_TRUE(NoteFailure(*directory_, order(), tailnet(), alice_).ok());
  }
  EXPECT_EQ(Account().locked_until_ms, 0);
  ASSERT_TRUE(NoteFailure(*directory_, order(), tailnet(), alice_).ok());
  EXPECT_EQ(Account().locked_until_ms, now_ + kFirstLockMs);
  ASSERT_TRUE(NoteFailure(*directory_, order(), tailnet(), alice_).ok());
  EXPECT_EQ(Account().locked_until_ms, now_ + 2 * kFirstLockMs);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(NoteFailure(*directory_, order(), tailnet(), alice_).ok());
  }
  Restart();
  EXPECT_EQ(Account().locked_until_ms, now_ + kLongestLockMs);
  ASSERT_TRUE(ForgetFailures(*directory_, tailnet(), alice_).ok());
  Restart();
  EXPECT_EQ(Account().num_failures, 0);
}

TEST_F(AccountTest, CodesAreGoodOnce) {
  const SecretHash code = HashRecoveryCode(directory_->hash_key(), alice_, "c");
  ASSERT_TRUE(SetTotp(*directory_, As(alice_), tailnet(),
                      {"sealed", 10, {code, SecretHash{1}}})
                  .ok());
  EXPECT_FALSE(UseTotpStep(*directory_, tailnet(), alice_, 10).ok());
  EXPECT_TRUE(UseTotpStep(*directory_, tailnet(), alice_, 11).ok());
  EXPECT_FALSE(UseTotpStep(*directory_, tailnet(), alice_, 11).ok());
  EXPECT_TRUE(UseRecoveryCode(*directory_, As(alice_), tailnet(), code).ok());
  EXPECT_EQ(UseRecoveryCode(*directory_, As(alice_), tailnet(), code).code(),
            absl::StatusCode::kUnauthenticated);
  Restart();
  EXPECT_EQ(Account().totp_last_step, 11);
  EXPECT_EQ(Account().recovery_codes.size(), 1u);
  tailnet().record.settings.require_second_factor = true;
  EXPECT_FALSE(RemoveTotp(*directory_, As(alice_), tailnet()).ok());
}

TEST_F(AccountTest, APasskeyBelongsToOneAndItsCountRises) {
  PasskeyRecord passkey;
  passkey.credential_id = std::string("i\0d", 3);
  passkey.public_key = "key";
  passkey.sign_count = 5;
  passkey.name = "<b>\nlaptop";
  ASSERT_TRUE(AddPasskey(*directory_, As(alice_), tailnet(), passkey).ok());
  const UserId bob = AddUser("bob");
  GiveAccount(bob);
  EXPECT_TRUE(absl::IsAlreadyExists(
      AddPasskey(*directory_, As(bob), tailnet(), passkey)));
  EXPECT_FALSE(
      RemovePasskey(*directory_, As(bob), tailnet(), passkey.credential_id)
          .ok());
  const auto use = [&](uint32_t count) {
    return NotePasskeyUse(*directory_, As(alice_), tailnet(),
                          passkey.credential_id, count);
  };
  EXPECT_TRUE(use(6).ok());
  EXPECT_EQ(use(6).code(), absl::StatusCode::kUnauthenticated);
  Restart();
  const FoundPasskey found = FindPasskey(*directory_, passkey.credential_id);
  ASSERT_NE(found.record, nullptr);
  EXPECT_EQ(found.record->sign_count, 6u);
  // A reset takes it away.
  GiveAccount(alice_);
  EXPECT_EQ(FindPasskey(*directory_, passkey.credential_id).record, nullptr);
}

}  // namespace
}  // namespace warren::control
