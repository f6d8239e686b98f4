#include "control/identity/github.h"

#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/identity/fake_provider.h"
#include "control/identity/sign_in_fixture.h"
#include "gtest/gtest.h"

namespace warren::control {
namespace {

using Code = absl::StatusCode;

// GitHub's OAuth and API, as far as a sign-in goes.
class FakeGithub final : public io::HttpCaller {
 public:
  SignInCallback Consent(const std::string& url) {
    begun = url.substr(0, url.find('?'));
    request = DecodeForm(url.substr(url.find('?') + 1));
    SignInCallback callback;
    callback.provider = "gh";
    callback.state = request["state"];
    callback.code = "the code";
    return callback;
  }

  absl::StatusOr<io::HttpAnswer> Call(const io::HttpCall& call) override {
    calls.push_back(call.url);
    if (absl::StrContains(call.url, "/access_token")) {
      token_form = DecodeForm(call.body);
      const bool good = token_form["code"] == "the code" &&
                        token_form["client_secret"] == "secret";
      return JsonAnswer(good ? Json({{"access_token", "access"}})
                             : Json({{"error", "bad_verification_code"}}));
    }
    if (call.headers.back().second != "Bearer access") {
      return JsonAnswer({}, 401);
    }
    const size_t query = call.url.find('?');
    const std::string path = call.url.substr(
        api.size(),
        query == std::string::npos ? std::string::npos : query - api.size());
    const auto found = answers.find(path);
    if (found == answers.end()) return JsonAnswer({{"message", "no"}}, 403);
    if (!found->second.is_array()) return JsonAnswer(found->second);
    return Page(found->second, DecodeForm(call.url.substr(query + 1)));
  }

  absl::Time now = absl::FromUnixSeconds(1'800'000'000);
  std::string api = "https://api.github.com";
  std::string begun;
  Fields request;
  Fields token_form;
  std::vector<std::string> calls;
  std::map<std::string, Json> answers = {
      {"/user", {{"id", 583231}, {"login", "octocat"}, {"name", "Octo Cat"}}},
      {"/user/emails",
       {{{"email", "octo@example.com"}, {"primary", true}, {"verified", true}},
        {{"email", "old@example.com"},
         {"primary", false},
         {"verified", true}}}},
      {"/user/orgs", {{{"login", "Example"}}}},
      {"/user/teams",
       {{{"slug", "core"}, {"organization", {{"login", "Example"}}}}}}};

 private:
  static io::HttpAnswer Page(const Json& list, Fields query) {
    const size_t size = std::stoul(query["per_page"]);
    const size_t from = (std::stoul(query["page"]) - 1) * size;
    Json page = Json::array();
    for (size_t i = from; i < std::min(list.size(), from + size); ++i) {
      page.push_back(list[i]);
    }
    return JsonAnswer(page);
  }
};

class GithubTest : public SignInFixture<FakeGithub> {
 protected:
  GithubTest() { Use(Config()); }
  static ProviderConfig Config() {
    ProviderConfig config;
    config.id = "gh";
    config.kind = ProviderKind::kGithub;
    config.name = "GitHub";
    config.client_id = "app";
    config.client_secret = "secret";
    return config;
  }
};

TEST_F(GithubTest, TellsWhoItIs) {
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(fake_.begun, "https://github.com/login/oauth/authorize");
  EXPECT_EQ(fake_.request["scope"], "read:user user:email read:org");
  EXPECT_EQ(fake_.request["code_challenge_method"], "S256");
  EXPECT_EQ(fake_.token_form["code_verifier"].size(), 43u);
  const Identity& identity = result->identity;
  EXPECT_EQ(identity.issuer, "https://github.com");
  EXPECT_EQ(identity.subject, "583231");
  EXPECT_EQ(identity.login, "octocat");
  EXPECT_EQ(identity.display_name, "Octo Cat");
  EXPECT_EQ(identity.email, "octo@example.com");
  EXPECT_TRUE(identity.email_verified);
  EXPECT_EQ(identity.groups,
            (std::vector<std::string>{"example", "example/core"}));
}

TEST_F(GithubTest, AnUnverifiedAddressIsNone) {
  fake_.answers["/user/emails"][0]["verified"] = false;
  auto result = Run();
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->identity.email_verified);
  fake_.answers["/user/emails"][0]["verified"] = "true";
  result = Run();
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->identity.email_verified);
  fake_.answers["/user/emails"] = Json::array();
  result = Run();
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->identity.email, "");
  EXPECT_FALSE(result->identity.email_verified);
}

TEST_F(GithubTest, ReadsAllPages) {
  Json orgs = Json::array();
  for (int i = 0; i < 250; ++i) {
    orgs.push_back({{"login", absl::StrCat("org", i)}});
  }
  fake_.answers["/user/orgs"] = orgs;
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->identity.groups.size(), 251u);
}

TEST_F(GithubTest, DoesNotReadPagesForEver) {
  fake_.answers["/user/orgs"] = Json(std::vector<Json>(2500, {{"login", "x"}}));
  EXPECT_EQ(Run().status().code(), Code::kUnavailable);
}

TEST_F(GithubTest, AsksForNoGroupsWithoutTheirScope) {
  ProviderConfig config = Config();
  config.scopes = {"read:user", "user:email"};
  Use(config);
  fake_.answers.erase("/user/orgs");
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_TRUE(result->identity.groups.empty());
}

TEST_F(GithubTest, AdmitsByTeam) {
  ProviderConfig config = Config();
  config.admission.groups = {"example/core"};
  Use(config);
  EXPECT_TRUE(Run().ok());
  fake_.answers["/user/teams"] = Json::array();
  EXPECT_EQ(Run().status().code(), Code::kPermissionDenied);
}

TEST_F(GithubTest, KnowsAnOwnServer) {
  ProviderConfig config = Config();
  config.issuer = "https://git.example";
  Use(config);
  fake_.api = "https://git.example/api/v3";
  const auto result = Run();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(fake_.begun, "https://git.example/login/oauth/authorize");
  EXPECT_EQ(result->identity.issuer, "https://git.example");
}

TEST_F(GithubTest, OddAnswersAreRefused) {
  const auto with = [&](const std::string& path, Json answer) {
    const Json kept = fake_.answers[path];
    fake_.answers[path] = std::move(answer);
    const Code code = Run().status().code();
    fake_.answers[path] = kept;
    return code;
  };
  for (const Json& id :
       {Json(), Json("583231"), Json(0), Json(-5), Json(1.5)}) {
    EXPECT_EQ(with("/user", {{"id", id}}), Code::kUnavailable) << id;
  }
  EXPECT_EQ(with("/user/emails", {{"message", "no list"}}), Code::kUnavailable);
  EXPECT_EQ(with("/user/emails", {1, 2}), Code::kUnavailable);
  EXPECT_EQ(with("/user/teams", {{{"slug", "x"}}}), Code::kUnavailable);
  EXPECT_EQ(with("/user/orgs", {{{"login", 7}}}), Code::kUnauthenticated);
}

TEST_F(GithubTest, KnowsItsOwnNamesOnly) {
  const auto named = [&](const std::string& issuer) {
    SignInCallback callback = fake_.Consent(*Begin());
    callback.issuer = issuer;
    return sign_in_.Finish(callback, kBrowser).status().code();
  };
  EXPECT_EQ(named("https://github.com"), Code::kOk);
  EXPECT_EQ(named("https://github.com/login/oauth"), Code::kOk);
  const size_t calls = fake_.calls.size();
  EXPECT_EQ(named("https://evil.example"), Code::kUnauthenticated);
  EXPECT_EQ(fake_.calls.size(), calls);
}

TEST_F(GithubTest, ARefusedCodeIsTold) {
  SignInCallback callback = fake_.Consent(*Begin());
  callback.code = "another";
  const auto refused = sign_in_.Finish(callback, kBrowser);
  EXPECT_EQ(refused.status().code(), Code::kUnauthenticated);
  EXPECT_TRUE(
      absl::StrContains(refused.status().message(), "bad_verification_code"));
}

}  // namespace
}  // namespace warren::control
