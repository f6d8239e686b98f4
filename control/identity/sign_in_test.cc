#include "control/identity/sign_in.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/identity/fake_provider.h"
#include "control/identity/sign_in_fixture.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

using Code = absl::StatusCode;

class SignInTest : public SignInFixture<FakeProvider> {
 protected:
  SignInTest() { Use(fake_.Config()); }
};

TEST_F(SignInTest, TellsWhoItIs) {
  const auto url = Begin("/devices?tag=a#top");
  ASSERT_TRUE(url.ok()) << url.status();
  const SignInCallback callback = fake_.Consent(*url);
  EXPECT_TRUE(absl::StartsWith(
      *url, "https://id.example/tenant/authorize?x=y&response_type=code&"));
  EXPECT_EQ(fake_.request["client_id"], "warren");
  EXPECT_EQ(fake_.request["scope"], "openid profile email");
  EXPECT_EQ(fake_.request["redirect_uri"],
            "https://control.example/auth/callback/example");
  EXPECT_EQ(fake_.request["code_challenge_method"], "S256");
  EXPECT_EQ(fake_.request["code_challenge"].size(), 43u);
  EXPECT_EQ(fake_.request["nonce"].size(), 43u);

  const auto signed_in = sign_in_.Finish(callback, kBrowser);
  ASSERT_TRUE(signed_in.ok()) << signed_in.status();
  EXPECT_EQ(signed_in->return_to, "/devices?tag=a#top");
  const Identity& identity = signed_in->identity;
  EXPECT_EQ(identity.provider, "example");
  EXPECT_EQ(identity.issuer, fake_.issuer);
  EXPECT_EQ(identity.subject, "alice");
  EXPECT_EQ(identity.email, "alice@example.com");
  EXPECT_TRUE(identity.email_verified);
  EXPECT_EQ(identity.display_name, "Alice Example");  // from userinfo
  // "warren:a secret: %", each half form-encoded.
  EXPECT_EQ(fake_.token_authorization,
            "Basic d2FycmVuOmElMjBzZWNyZXQlM0ElMjAlMjU=");
  EXPECT_FALSE(fake_.token_form.contains("client_secret"));
}

TEST_F(SignInTest, PutsTheSecretWhereTheProviderTakesIt) {
  fake_.discovery["token_endpoint_auth_methods_supported"] = {
      "client_secret_post"};
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(fake_.token_form["client_secret"], "a secret: %");
  EXPECT_EQ(fake_.token_authorization, "");
}

TEST_F(SignInTest, APublicClientHasNoSecret) {
  ProviderConfig config = fake_.Config();
  config.client_secret = "";
  Use(config);
  EXPECT_TRUE(Run().ok());
  EXPECT_EQ(fake_.token_authorization, "");
  EXPECT_EQ(fake_.token_form["client_id"], "warren");
  EXPECT_FALSE(fake_.token_form.contains("client_secret"));
}

TEST_F(SignInTest, AStateIsGoodOnce) {
  const SignInCallback callback = fake_.Consent(*Begin());
  ASSERT_TRUE(sign_in_.Finish(callback, kBrowser).ok());
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kFailedPrecondition);
}

TEST_F(SignInTest, AStateIsUsedUpByFailureToo) {
  SignInCallback callback = fake_.Consent(*Begin());
  const std::string code = std::exchange(callback.code, "another");
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kUnauthenticated);
  callback.code = code;
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kFailedPrecondition);
}

TEST_F(SignInTest, ACodeIsGoodOnce) {
  const SignInCallback first = fake_.Consent(*Begin());
  ASSERT_TRUE(sign_in_.Finish(first, kBrowser).ok());
  SignInCallback second = fake_.Consent(*Begin());
  second.code = fake_.code = first.code;
  EXPECT_EQ(sign_in_.Finish(second, kBrowser).status().code(),
            Code::kUnauthenticated);
}

TEST_F(SignInTest, AnotherBrowserCannotFinishNorSpoilIt) {
  const SignInCallback callback = fake_.Consent(*Begin());
  for (const std::string browser :
       {"the cookie of another one", "", "short", kBrowser + 1}) {
    EXPECT_EQ(sign_in_.Finish(callback, browser).status().code(),
              Code::kFailedPrecondition)
        << browser;
  }
  EXPECT_TRUE(sign_in_.Finish(callback, kBrowser).ok());
}

TEST_F(SignInTest, TenMinutesAreAllowed) {
  SignInCallback callback = fake_.Consent(*Begin());
  Pass(absl::Minutes(10) - absl::Seconds(1));
  EXPECT_TRUE(sign_in_.Finish(callback, kBrowser).ok());
  callback = fake_.Consent(*Begin());
  Pass(absl::Minutes(10));
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kFailedPrecondition);
}

TEST_F(SignInTest, MalformedCallbacksAreRefusedWhateverTheirLengths) {
  const SignInCallback good = fake_.Consent(*Begin());
  for (size_t size = 0; size <= 64; ++size) {
    SignInCallback bad = good;
    bad.state = std::string(size, 'a');
    const auto code = sign_in_.Finish(bad, kBrowser).status().code();
    EXPECT_TRUE(code == Code::kInvalidArgument ||
                (size == 43 && code == Code::kFailedPrecondition))
        << size;
  }
  SignInCallback bad = good;
  bad.code.clear();
  EXPECT_EQ(sign_in_.Finish(bad, kBrowser).status().code(),
            Code::kInvalidArgument);
  bad.code = std::string(5000, 'a');
  EXPECT_EQ(sign_in_.Finish(bad, kBrowser).status().code(),
            Code::kInvalidArgument);
  bad = good;
  bad.issuer = std::string(5000, 'a');
  EXPECT_EQ(sign_in_.Finish(bad, kBrowser).status().code(),
            Code::kInvalidArgument);
  EXPECT_TRUE(sign_in_.Finish(good, kBrowser).ok());
}

TEST_F(SignInTest, SaysWhenThePersonSaidNo) {
  SignInCallback callback = fake_.Consent(*Begin());
  callback.code.clear();
  callback.error = "access_denied";
  const auto refused = sign_in_.Finish(callback, kBrowser);
  EXPECT_EQ(refused.status().code(), Code::kCancelled);
  EXPECT_EQ(refused.status().message(), "the sign-in at Example was cancelled");
}

TEST_F(SignInTest, DoesNotRepeatWhateverTheQuerySays) {
  for (const std::string error :
       {"<script>alert(1)</script>", "Call 555-1234 now", "SERVER"}) {
    SignInCallback callback = fake_.Consent(*Begin());
    callback.error = error;  // and a code, which must not be used
    const auto refused = sign_in_.Finish(callback, kBrowser);
    EXPECT_EQ(refused.status().code(), Code::kUnauthenticated);
    EXPECT_EQ(refused.status().message(), "Example did not let you sign in");
  }
  EXPECT_EQ(fake_.calls["/token"], 0);
}

TEST_F(SignInTest, AnAnswerOfAnotherProviderIsRefused) {
  ProviderConfig other = fake_.Config();
  other.id = "other";
  ASSERT_TRUE(sign_in_.SetProviders({fake_.Config(), other}).ok());
  SignInCallback callback = fake_.Consent(*Begin());
  callback.provider = "other";
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kFailedPrecondition);
  callback = fake_.Consent(*Begin());
  callback.issuer = "https://evil.example";
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kUnauthenticated);
  EXPECT_EQ(fake_.calls["/token"], 0);
  callback = fake_.Consent(*Begin());
  callback.issuer = fake_.issuer;
  EXPECT_TRUE(sign_in_.Finish(callback, kBrowser).ok());
}

TEST_F(SignInTest, AProviderThatNamesItselfMustDoSo) {
  fake_.discovery["authorization_response_iss_parameter_supported"] = true;
  EXPECT_EQ(Run().status().code(), Code::kUnauthenticated);
  SignInCallback callback = fake_.Consent(*Begin());
  callback.issuer = fake_.issuer;
  EXPECT_TRUE(sign_in_.Finish(callback, kBrowser).ok());
}

TEST_F(SignInTest, AChangedOrRemovedProviderEndsWhatHasBegun) {
  SignInCallback callback = fake_.Consent(*Begin());
  Use(fake_.Config());  // the same again: nothing ends
  EXPECT_TRUE(sign_in_.Finish(callback, kBrowser).ok());
  callback = fake_.Consent(*Begin());
  ProviderConfig config = fake_.Config();
  config.admission.domains = {"example.com"};
  Use(config);
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kFailedPrecondition);
  callback = fake_.Consent(*Begin());
  ASSERT_TRUE(sign_in_.SetProviders({}).ok());
  EXPECT_EQ(sign_in_.Finish(callback, kBrowser).status().code(),
            Code::kNotFound);
}

TEST_F(SignInTest, BadProvidersChangeNothing) {
  ProviderConfig bad = fake_.Config();
  bad.id = "Bad Id";
  EXPECT_EQ(sign_in_.SetProviders({bad}).code(), Code::kInvalidArgument);
  EXPECT_EQ(sign_in_.SetProviders({fake_.Config(), fake_.Config()}).code(),
            Code::kInvalidArgument);
  EXPECT_EQ(sign_in_.Providers().size(), 1u);
  EXPECT_TRUE(Run().ok());
}

TEST_F(SignInTest, BeginsForNoUnknownProvider) {
  SignInBegin begin;
  begin.provider = "nobody";
  begin.browser = kBrowser;
  EXPECT_EQ(sign_in_.Begin(begin).status().code(), Code::kNotFound);
  begin.provider = "example";
  begin.browser = "short";
  EXPECT_EQ(sign_in_.Begin(begin).status().code(), Code::kInvalidArgument);
}

TEST(OwnPathTest, IsAPathOfOurs) {
  for (const std::string good :
       {"/", "/a", "/a/../b", "/a?b=c", "/a?next=//x", "/a#b", "/%2f%2fx"}) {
    EXPECT_TRUE(IsOwnPath(good)) << good;
  }
  for (const std::string bad :
       {"", "a", "//evil.example", "/\\evil.example", "\\\\evil.example",
        "https://evil.example", "https:/evil.example", "javascript:alert(1)",
        "/\t/evil.example", "\t//evil.example", "/\n", " /a", "/a b",
        "/a\r\nB: c", "/\xc3\xa9", "?a", "#a"}) {
    EXPECT_FALSE(IsOwnPath(bad)) << bad;
  }
  EXPECT_FALSE(IsOwnPath(absl::string_view("/\0", 2)));
  EXPECT_FALSE(IsOwnPath("/" + std::string(3000, 'a')));
}

TEST_F(SignInTest, ReturnsNowhereElse) {
  for (const std::string bad : {"//evil.example", "https://evil.example"}) {
    EXPECT_EQ(Begin(bad).status().code(), Code::kInvalidArgument);
  }
}

TEST_F(SignInTest, MessagesNameNoSecret) {
  const std::vector<std::string> secrets = {fake_.Config().client_secret,
                                            "a%20secret", "YSBzZWNyZXQ",
                                            "Bearer", "code-"};
  std::vector<absl::Status> failures;
  for (const std::string path :
       {"/.well-known/openid-configuration", "/token", "/keys", "/userinfo"}) {
    Use(ProviderConfig(fake_.Config()));
    ASSERT_TRUE(sign_in_.SetProviders({}).ok());  // forgets what is cached
    Use(fake_.Config());
    fake_.instead[path] = io::HttpAnswer{500, {}, "a secret: %"};
    failures.push_back(Run().status());
    fake_.instead.erase(path);
    EXPECT_EQ(failures.back().code(), Code::kUnavailable) << path;
  }
  for (const absl::Status& failure : failures) {
    for (const std::string& secret : secrets) {
      EXPECT_FALSE(absl::StrContains(failure.message(), secret)) << failure;
    }
  }
}

}  // namespace
}  // namespace warren::control
