#include "control/web/site_fixture.h"

namespace warren::control {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class CallbackTest : public SiteFixture {
 protected:
  CallbackTest() : github_(AddGithub()), octo_(*server_) {}
  const std::string github_;
  RawBrowser octo_;
};

TEST_F(CallbackTest, SignsInWithAnAccountElsewhere) {
  EXPECT_EQ(octo_.Get("/signin"), 200);
  EXPECT_TRUE(octo_.Sees("Sign in with GitHub"));
  EXPECT_EQ(SignInByGithub(octo_, github_), 303) << octo_.answer;
  EXPECT_EQ(octo_.Header("Location"), "/account");
  EXPECT_EQ(octo_.Get("/account"), 200);
  EXPECT_TRUE(octo_.Sees("https://github.com as 7"));
  // No password, codes or passkeys of somebody who has an account elsewhere.
  EXPECT_FALSE(octo_.Sees("/account/password"));
}

TEST_F(CallbackTest, ANameWithMarkupIsText) {
  octo_name_ = "<script>alert(1)</script>";
  EXPECT_EQ(SignInByGithub(octo_, github_), 303);
  EXPECT_EQ(octo_.Get("/account"), 200);
  EXPECT_TRUE(octo_.Sees("&lt;script&gt;alert(1)"));
  EXPECT_FALSE(octo_.Sees("<script>alert(1)"));
}

TEST_F(CallbackTest, AnAnswerIsGoodOnceInItsBrowser) {
  EXPECT_EQ(octo_.Get("/signin/with/" + github_), 303);
  const std::string callback = Callback(octo_, github_);
  RawBrowser victim(*server_);
  EXPECT_EQ(victim.Get("/signin/with/" + github_), 303);
  EXPECT_EQ(victim.Get(callback), 409);
  EXPECT_FALSE(victim.cookies.contains("__Host-warren-session"));
  EXPECT_EQ(octo_.Get(callback), 303);
  EXPECT_EQ(octo_.Get(callback), 409);
}

TEST_F(CallbackTest, LookingAtAnAnswerDoesNotUseItUp) {
  EXPECT_EQ(octo_.Get("/signin/with/" + github_), 303);
  const std::string callback = Callback(octo_, github_);
  EXPECT_EQ(octo_.Ask("HEAD", callback), 204);
  EXPECT_EQ(octo_.Ask("GET", callback, "Sec-Purpose: prefetch\r\n"), 204);
  EXPECT_EQ(octo_.Get(callback), 303);
}

TEST_F(CallbackTest, AppleAnswersByAPostOfItsOwnSite) {
  EXPECT_EQ(octo_.Get("/signin/with/" + github_), 303);
  const std::string callback = Callback(octo_, github_);
  // The browser sends only the cookie that is meant for it.
  EXPECT_THAT(octo_.answer, HasSubstr("__Host-warren-sign-in="));
  EXPECT_THAT(octo_.answer, HasSubstr("SameSite=None; Secure"));
  const std::string query = callback.substr(callback.find('?') + 1);
  EXPECT_EQ(octo_.Ask("POST", callback.substr(0, callback.find('?')),
                      "Sec-Fetch-Site: cross-site\r\n"
                      "Origin: https://appleid.apple.com\r\n"
                      "Content-Type: application/x-www-form-urlencoded\r\n",
                      query),
            303)
      << octo_.answer;
  EXPECT_EQ(octo_.Get("/account"), 200);
}

struct BadCallback {
  const char* name;
  const char* query;
  int want;
};

class BadCallbackTest : public CallbackTest,
                        public testing::WithParamInterface<BadCallback> {};

TEST_P(BadCallbackTest, IsRefusedWithoutASession) {
  EXPECT_EQ(octo_.Get("/signin/with/" + github_), 303);
  EXPECT_EQ(
      octo_.Get(absl::StrCat("/auth/callback/", github_, GetParam().query)),
      GetParam().want);
  EXPECT_FALSE(octo_.cookies.contains("__Host-warren-session"));
  EXPECT_FALSE(octo_.Sees("<script>"));
  // The next one works.
  EXPECT_EQ(SignInByGithub(octo_, github_), 303);
}

INSTANTIATE_TEST_SUITE_P(
    , BadCallbackTest,
    testing::ValuesIn(std::vector<BadCallback>{
        {"Nothing", "", 400},
        {"NoState", "?code=c", 400},
        {"ShortState", "?code=c&state=a", 400},
        {"UnknownState",
         "?code=c&state=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", 409},
        {"TwoStates", "?code=c&state=a&state=b", 400},
        {"TwoCodes", "?code=c&code=d&state=a", 400},
        {"Markup", "?state=a&error=%3Cscript%3E&error_description=%3Cscript%3E",
         400},
        {"NulInCode", "?state=a&code=%00", 400},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(CallbackTest, OtherProvidersAreUnknown) {
  EXPECT_EQ(octo_.Get("/signin/with/1"), 404);
  EXPECT_EQ(octo_.Get("/auth/callback/1?code=c&state=a"), 404);
  EXPECT_EQ(octo_.Get("/signin/with/.."), 400);
}

TEST_F(CallbackTest, OneWhoIsSuspendedMeanwhileStaysOut) {
  EXPECT_EQ(SignInByGithub(octo_, github_), 303);
  EXPECT_EQ(octo_.Get("/signin/with/" + github_), 303);
  const std::string callback = Callback(octo_, github_);
  (void)In<bool>([](Directory&, TailnetState& tailnet) {
    for (auto& [id, user] : tailnet.users) {
      user.status = UserStatus::kSuspended;
    }
    return absl::StatusOr<bool>(true);
  });
  EXPECT_EQ(octo_.Get(callback), 403);
  EXPECT_EQ(octo_.Get("/account"), 303);
}

TEST_F(CallbackTest, AnInvitationIsTakenByWhoSaidYesToIt) {
  (void)In<bool>([](Directory&, TailnetState& tailnet) {
    tailnet.record.settings.invited_only = true;
    return absl::StatusOr<bool>(true);
  });
  EXPECT_EQ(SignInByGithub(octo_, github_), 403);
  const std::string link = Invite(InvitationKind::kUser, policy::Role::kAdmin);
  // A link to sign in that names it is not a yes.
  EXPECT_EQ(SignInByGithub(octo_, github_, link), 403);
  EXPECT_EQ(SignInByGithub(octo_, github_, link + "?ok=x"), 403);
  EXPECT_EQ(octo_.Get(link), 200);
  EXPECT_EQ(octo_.Post(link, {{"action", "provider"}, {"provider", github_}}),
            200);
  const std::string refresh = octo_.Header("Refresh");
  EXPECT_THAT(refresh, StartsWith("0; url=/signin/with/"));
  EXPECT_EQ(octo_.Get(refresh.substr(7)), 303);
  EXPECT_EQ(octo_.Get(Callback(octo_, github_)), 303) << octo_.answer;
  EXPECT_EQ(octo_.Get("/account"), 200);
  EXPECT_TRUE(octo_.Sees("admin"));
}

TEST_F(CallbackTest, AProviderThatIsTakenAwaySignsNobodyInAnyMore) {
  EXPECT_EQ(octo_.Get("/signin/with/" + github_), 303);
  const std::string callback = Callback(octo_, github_);
  (void)In<bool>(
      [&](Directory& directory, TailnetState& tailnet) -> absl::StatusOr<bool> {
        const auto found = FindProvider(tailnet, "GitHub");
        if (!found.ok()) return found.status();
        const absl::Status deleted =
            DeleteProvider(directory, Operator(), tailnet, found->id);
        if (!deleted.ok()) return deleted;
        return true;
      });
  EXPECT_EQ(octo_.Get(callback), 404);
  EXPECT_EQ(octo_.Get("/signin"), 200);
  EXPECT_FALSE(octo_.Sees("GitHub"));
}

}  // namespace
}  // namespace warren::control
