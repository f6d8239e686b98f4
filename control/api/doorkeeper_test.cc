#include "control/api/doorkeeper.h"

#include "control/coordinator/api_key_commands.h"
#include "control/coordinator/directory_fixture.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

class DoorkeeperTest : public DirectoryFixture {
 protected:
  DoorkeeperTest() : door_(nullptr) {}
  CreatedApiKey Make(ApiKeyKind kind = ApiKeyKind::kApiKey) {
    ApiKeyParams params;
    params.user = alice_;
    params.kind = kind;
    params.scopes = {"devices:read"};
    params.lifetime_ms = kDay;
    return *CreateApiKey(*directory_, order(), tailnet(), params);
  }
  absl::StatusOr<Caller> Knock(const std::string& text, bool exposed = false) {
    return door_.CallerOf(
        *directory_, {Credential::Kind::kBearer, text, "203.0.113.7", exposed},
        now_);
  }

  Doorkeeper door_;
};

TEST_F(DoorkeeperTest, AKeyIsItsUserWithinItsScopes) {
  const CreatedApiKey made = Make();
  const auto caller = Knock(made.secret);
  ASSERT_TRUE(caller.ok()) << caller.status();
  EXPECT_EQ(caller->user, alice_);
  EXPECT_EQ(caller->tailnet, tailnet().record.id);
  EXPECT_EQ(caller->scopes, std::vector<std::string>{"devices:read"});
  EXPECT_EQ(caller->actor, "key wapi-" + made.record.prefix + " of alice");
  EXPECT_EQ(caller->source, "203.0.113.7");
}

TEST_F(DoorkeeperTest, EveryBadKeyGetsTheSameWords) {
  const CreatedApiKey good = Make();
  std::string wrong = good.secret;
  wrong.back() = wrong.back() == '0' ? '1' : '0';
  std::string other_kind = good.secret;
  other_kind.replace(0, 4, "wtok");
  const CreatedApiKey deleted = Make();
  ASSERT_TRUE(
      DeleteApiKey(*directory_, order(), tailnet(), deleted.record).ok());
  const std::string unknown = "wapi-0000000000-" + std::string(32, '0');
  const std::string first(Knock(unknown).status().message());
  for (const std::string& text :
       {wrong, other_kind, deleted.secret, good.secret.substr(0, 40),
        good.secret + "0", std::string("x"), std::string()}) {
    const auto status = Knock(text).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kUnauthenticated) << text;
    EXPECT_EQ(status.message(), first) << text;
  }
  now_ += kDay;
  EXPECT_EQ(Knock(good.secret).status().message(), first);
  EXPECT_EQ(door_.num_bad_credentials(), 9u);
}

TEST_F(DoorkeeperTest, TheKeysOfASuspendedUserStopAtOnce) {
  const CreatedApiKey made = Make();
  ASSERT_TRUE(Knock(made.secret).ok());
  tailnet().users.at(alice_).status = UserStatus::kSuspended;
  EXPECT_TRUE(absl::IsUnauthenticated(Knock(made.secret).status()));
}

TEST_F(DoorkeeperTest, AChangeOfRoleCountsForTheNextCall) {
  const CreatedApiKey made = Make();
  tailnet().users.at(alice_).role = policy::Role::kAdmin;
  EXPECT_EQ(Knock(made.secret)->role, policy::Role::kAdmin);
  tailnet().users.at(alice_).role = policy::Role::kMember;
  EXPECT_EQ(Knock(made.secret)->role, policy::Role::kMember);
}

TEST_F(DoorkeeperTest, AnExposedKeyIsRefusedAndNamed) {
  const CreatedApiKey made = Make();
  const auto status = Knock(made.secret, /*exposed=*/true).status();
  EXPECT_TRUE(absl::IsUnauthenticated(status));
  EXPECT_NE(status.message().find("plain HTTP"), absl::string_view::npos);
  EXPECT_EQ(status.message().find(made.secret), absl::string_view::npos);
}

TEST_F(DoorkeeperTest, TheSecretOfAClientIsNoBearerToken) {
  const CreatedApiKey client = Make(ApiKeyKind::kOauthClient);
  EXPECT_TRUE(absl::IsUnauthenticated(Knock(client.secret).status()));
  const auto token = CreateAccessToken(*directory_, order(), tailnet(),
                                       client.record, {"devices:read"});
  ASSERT_TRUE(token.ok());
  EXPECT_TRUE(Knock(token->secret).ok());
  now_ += 3'600'000;
  EXPECT_TRUE(absl::IsUnauthenticated(Knock(token->secret).status()));
}

TEST_F(DoorkeeperTest, KeysOutliveARestartAndTellWhenTheyWereUsed) {
  const CreatedApiKey made = Make();
  ASSERT_TRUE(Knock(made.secret).ok());
  Restart();
  ASSERT_TRUE(Knock(made.secret).ok());
  const ApiKeyRecord& key = tailnet().access.api_keys.at(made.record.id);
  EXPECT_EQ(key.last_used_ms, now_ - now_ % kMinute);
}

TEST_F(DoorkeeperTest, TooManyCallsOfOneKeyAreToldWhenToComeBack) {
  const CreatedApiKey made = Make();
  const CreatedApiKey other = Make();
  absl::Status status;
  for (int i = 0; i < 500 && status.ok(); ++i) {
    status = Knock(made.secret).status();
  }
  EXPECT_TRUE(absl::IsResourceExhausted(status));
  EXPECT_EQ(RetryAfterSeconds(status), 1);
  EXPECT_TRUE(Knock(other.secret).ok());
  now_ += 1000;
  EXPECT_TRUE(Knock(made.secret).ok());
}

TEST_F(DoorkeeperTest, AStormOfRefusalsLeavesAFewLines) {
  const auto caller = Knock(Make().secret);
  for (int i = 0; i < 100; ++i) {
    door_.OnRefused(*directory_, *caller, "DeleteUser", now_);
  }
  AuditFilter filter;
  filter.tailnet = tailnet().record.id;
  filter.action = "access.refused";
  const auto rows = directory_->store().audit_log().Read(filter);
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(rows->size(), 5u);
  EXPECT_EQ(rows->front().target, "DeleteUser");
  EXPECT_EQ(rows->front().actor, caller->actor);
  EXPECT_EQ(door_.num_refused(), 100u);
}

}  // namespace
}  // namespace warren::control
