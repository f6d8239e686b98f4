#include "control/identity/claims.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

ProviderConfig Config(ProviderKind kind = ProviderKind::kOidc) {
  ProviderConfig config;
  config.id = "p";
  config.kind = kind;
  config.issuer = "https://id.example";
  return config;
}

Identity Of(Json claims, ProviderKind kind = ProviderKind::kOidc) {
  claims.emplace("sub", "alice");
  const auto identity = IdentityFromClaims(claims, Config(kind));
  EXPECT_TRUE(identity.ok()) << identity.status();
  return *identity;
}

TEST(ClaimsTest, AnAddressIsVerifiedByTheBooleanTrueOnly) {
  const Json email = "a@example.com";
  EXPECT_TRUE(Of({{"email", email}, {"email_verified", true}}).email_verified);
  for (const Json& other :
       {Json("true"), Json(1), Json(false), Json(), Json({true})}) {
    const Identity identity = Of({{"email", email}, {"email_verified", other}});
    EXPECT_FALSE(identity.email_verified) << other;
    EXPECT_EQ(identity.email, email);
  }
  EXPECT_FALSE(Of({{"email", email}}).email_verified);
  EXPECT_FALSE(Of({{"email_verified", true}}).email_verified);
  EXPECT_FALSE(Of({{"email", 7}, {"email_verified", true}}).email_verified);
  // Apple writes either.
  EXPECT_TRUE(
      Of({{"email", email}, {"email_verified", "true"}}, ProviderKind::kApple)
          .email_verified);
  EXPECT_FALSE(
      Of({{"email", email}, {"email_verified", "false"}}, ProviderKind::kApple)
          .email_verified);
}

TEST(ClaimsTest, OddProfilesAreDroppedAndMarkupIsText) {
  const Identity identity = Of({{"name", "<b>Alice</b>"},
                                {"preferred_username", "a\x1b[31m"},
                                {"email", std::string(400, 'a')},
                                {"email_verified", true}});
  EXPECT_EQ(identity.display_name, "<b>Alice</b>");
  EXPECT_EQ(identity.login, "");
  EXPECT_EQ(identity.email, "");
  EXPECT_FALSE(identity.email_verified);
}

TEST(ClaimsTest, GroupsAreSortedAndEachIsThereOnce) {
  EXPECT_EQ(Of({{"groups", {"b", "a", "b"}}}).groups,
            (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(Of({{"groups", "one"}}).groups, (std::vector<std::string>{"one"}));
  EXPECT_TRUE(Of({{"groups", nullptr}}).groups.empty());
  EXPECT_TRUE(Of(Json::object()).groups.empty());
  ProviderConfig config = Config();
  config.groups_claim = "";
  const auto none =
      IdentityFromClaims({{"sub", "a"}, {"groups", 7}, {"", {"x"}}}, config);
  ASSERT_TRUE(none.ok());
  EXPECT_TRUE(none->groups.empty());
}

TEST(ClaimsTest, SubjectsStayAsTheyAre) {
  for (const std::string subject :
       {"..", ".", "/", "%2e%2e", "a b", "A", "a"}) {
    const auto identity = IdentityFromClaims({{"sub", subject}}, Config());
    ASSERT_TRUE(identity.ok()) << subject;
    EXPECT_EQ(identity->subject, subject);
  }
}

TEST(ClaimsTest, UserinfoCannotVerifyTheAddressOfTheToken) {
  struct Row {
    Json token, userinfo;
    std::string email;
    bool verified;
  };
  const Json sub = {{"sub", "a"}};
  const std::vector<Row> rows = {
      // The token's pair stays, whatever userinfo says.
      {{{"email", "a@x"}, {"email_verified", false}},
       {{"email", "b@x"}, {"email_verified", true}},
       "a@x",
       false},
      {{{"email", "a@x"}}, {{"email_verified", true}}, "a@x", false},
      {{{"email", "a@x"}},
       {{"email", "b@x"}, {"email_verified", true}},
       "b@x",
       true},
      {{{"email_verified", true}}, {{"email", "b@x"}}, "b@x", false},
      {Json::object(),
       {{"email", "b@x"}, {"email_verified", true}},
       "b@x",
       true},
      {{{"email", "a@x"}, {"email_verified", true}},
       Json::object(),
       "a@x",
       true},
  };
  for (const Row& row : rows) {
    Json claims = row.token;
    claims["sub"] = "a";
    Json userinfo = row.userinfo;
    userinfo["sub"] = "a";
    ASSERT_TRUE(MergeUserinfo(userinfo, claims).ok());
    const Identity identity = Of(claims);
    EXPECT_EQ(identity.email, row.email) << row.token << row.userinfo;
    EXPECT_EQ(identity.email_verified, row.verified)
        << row.token << row.userinfo;
  }
}

class AdmissionTest : public ::testing::Test {
 protected:
  AdmissionTest() {
    alice_.subject = "s-1";
    alice_.email = "Alice@Example.COM";
    alice_.email_verified = true;
    alice_.groups = {"admins", "staff"};
  }
  bool Admits(const ProviderAdmission& admission) const {
    const absl::Status status = CheckAdmission(admission, alice_);
    EXPECT_TRUE(status.ok() || absl::IsPermissionDenied(status)) << status;
    return status.ok();
  }
  Identity alice_;
};

TEST_F(AdmissionTest, AsksForNothingByItself) {
  EXPECT_TRUE(Admits({}));
  alice_ = {};
  EXPECT_TRUE(Admits({}));
}

TEST_F(AdmissionTest, KnowsDomainsExactly) {
  EXPECT_TRUE(Admits({{"example.com"}, {}, {}}));
  EXPECT_TRUE(Admits({{"other.org", "EXAMPLE.com"}, {}, {}}));
  for (const std::string domain :
       {"ample.com", "com", "sub.example.com", "@example.com", "*"}) {
    EXPECT_FALSE(Admits({{domain}, {}, {}})) << domain;
  }
  for (const std::string email :
       {"a@example.com@evil.org", "a@evil.org@example.com",
        "a@example.com.evil.org", "example.com", "", "a@",
        "a@evil.org?@example.org"}) {
    alice_.email = email;
    EXPECT_FALSE(Admits({{"example.com"}, {}, {}})) << email;
  }
  alice_.email = "a@example.com";
  alice_.email_verified = false;
  EXPECT_FALSE(Admits({{"example.com"}, {}, {}}));
}

TEST_F(AdmissionTest, KnowsUsersBySubjectOrVerifiedAddress) {
  EXPECT_TRUE(Admits({{}, {"alice@example.com"}, {}}));
  EXPECT_TRUE(Admits({{}, {"nobody", "s-1"}, {}}));
  EXPECT_FALSE(Admits({{}, {"S-1", "bob@example.com"}, {}}));
  alice_.email_verified = false;
  EXPECT_FALSE(Admits({{}, {"alice@example.com"}, {}}));
  alice_.email_verified = true;
  alice_.email = "";
  EXPECT_FALSE(Admits({{}, {""}, {}}));
}

TEST_F(AdmissionTest, KnowsGroupsAndAsksForAllLists) {
  EXPECT_TRUE(Admits({{}, {}, {"staff"}}));
  EXPECT_TRUE(Admits({{}, {}, {"nobody", "admins"}}));
  EXPECT_FALSE(Admits({{}, {}, {"Staff"}}));
  EXPECT_FALSE(Admits({{"evil.org"}, {}, {"staff"}}));
  EXPECT_FALSE(Admits({{"example.com"}, {}, {"nobody"}}));
}

}  // namespace
}  // namespace warren::control
