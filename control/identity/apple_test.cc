#include "control/identity/apple.h"

#include <string>

#include "control/identity/fake_provider.h"
#include "control/identity/jwt.h"
#include "control/identity/sign_in_fixture.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

class AppleTest : public SignInFixture<FakeProvider> {
 protected:
  AppleTest() {
    ProviderConfig config = fake_.Config();
    config.kind = ProviderKind::kApple;
    config.client_secret = signer_.ExposePem();
    config.apple = {"TEAM123456", "KEY1234567"};
    Use(config);
    fake_.discovery.erase("userinfo_endpoint");
    fake_.claims = {{"email", "x@privaterelay.appleid.com"},
                    {"email_verified", "true"}};
  }

  crypto::TestSigner signer_ = crypto::TestSigner::Ec();
};

TEST_F(AppleTest, AsksForAFormAndSignsItsSecret) {
  SignInCallback callback = fake_.Consent(*Begin());
  EXPECT_EQ(fake_.request["response_mode"], "form_post");
  EXPECT_EQ(fake_.request["scope"], "openid email name");
  callback.user =
      R"({"name":{"firstName":"Al","lastName":"Ice"},"email":"evil@x"})";
  const auto result = sign_in_.Finish(callback, kBrowser);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->identity.display_name, "Al Ice");
  EXPECT_EQ(result->identity.email, "x@privaterelay.appleid.com");
  EXPECT_TRUE(result->identity.email_verified);

  // The secret is a token that Apple can verify with the key it knows.
  const Json jwk = {{"kty", "EC"},
                    {"crv", "P-256"},
                    {"kid", "KEY1234567"},
                    {"x", ToBase64Url(signer_.first())},
                    {"y", ToBase64Url(signer_.second())}};
  const auto keys = JwkSet::Parse(Json({{"keys", {jwk}}}).dump());
  ASSERT_TRUE(keys.ok());
  const auto secret = VerifyToken(fake_.token_form["client_secret"], *keys);
  ASSERT_TRUE(secret.ok()) << secret.status();
  EXPECT_EQ(secret->claims["iss"], "TEAM123456");
  EXPECT_EQ(secret->claims["sub"], "warren");
  EXPECT_EQ(secret->claims["aud"], fake_.issuer);
  EXPECT_EQ(secret->claims["iat"], absl::ToUnixSeconds(fake_.now));
  EXPECT_EQ(secret->claims["exp"], absl::ToUnixSeconds(fake_.now) + 300);
  EXPECT_EQ(fake_.token_form["client_id"], "warren");
  EXPECT_EQ(fake_.token_authorization, "");
}

TEST_F(AppleTest, TheNameIsOptionalAndOnlyAName) {
  for (const std::string user :
       {"", "no json", "[]", R"({"name":7})", R"({"name":{"firstName":7}})",
        R"({"sub":"bob","email_verified":true})"}) {
    SignInCallback callback = fake_.Consent(*Begin());
    callback.user = user;
    const auto result = sign_in_.Finish(callback, kBrowser);
    ASSERT_TRUE(result.ok()) << user << result.status();
    EXPECT_EQ(result->identity.display_name, "");
    EXPECT_EQ(result->identity.subject, "alice");
  }
  EXPECT_EQ(AppleName(R"({"name":{"lastName":"Ice"}})"), "Ice");
  EXPECT_EQ(AppleName(std::string(5000, ' ')), "");
}

TEST(ProviderConfigTest, WantsAKeyForApple) {
  ProviderConfig config;
  config.id = "apple";
  config.kind = ProviderKind::kApple;
  config.name = "Apple";
  config.client_id = "org.example.warren";
  config.client_secret = "canary, not a key";
  config.apple = {"TEAM123456", "KEY1234567"};
  const absl::Status bad = CheckProviderConfig(config);
  EXPECT_EQ(bad.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(bad.message().find("canary"), absl::string_view::npos);
  config.client_secret = crypto::TestSigner::Ec().ExposePem();
  EXPECT_TRUE(CheckProviderConfig(config).ok());
  EXPECT_EQ(IssuerOf(config), "https://appleid.apple.com");
  config.apple.team_id = "";
  EXPECT_FALSE(CheckProviderConfig(config).ok());
}

}  // namespace
}  // namespace warren::control
