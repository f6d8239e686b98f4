#include "control/web/site.h"

#include "control/coordinator/account_commands.h"
#include "control/coordinator/session_commands.h"
#include "control/web/site_fixture.h"

namespace warren::control {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class SiteTest : public SiteFixture {
 protected:
  SiteTest() : alice_(*server_) {}
  // Alice's account with nobody signed in to it.
  void MakeAlice() {
    RawBrowser browser(*server_);
    BecomeOwner(browser);
  }
  int SignIn(RawBrowser& browser, const std::string& password) {
    EXPECT_EQ(browser.Get("/signin"), 200);
    return browser.Post(
        "/signin/local",
        {{"login", "alice"}, {"password", password}, {"to", "/account"}});
  }
  size_t NumSessions() {
    return In<size_t>([](Directory&, TailnetState& tailnet) {
             return absl::StatusOr<size_t>(tailnet.accounts.sessions.size());
           })
        .value();
  }
  void SetStatus(const std::string& login, UserStatus status) {
    (void)In<bool>([&](Directory&, TailnetState& tailnet) {
      for (auto& [id, user] : tailnet.users) {
        if (user.login == login) user.status = status;
      }
      return absl::StatusOr<bool>(true);
    });
  }

  RawBrowser alice_;
};

TEST_F(SiteTest, TheOwnersLinkIsGoodOnceAndCookiesAreTight) {
  BecomeOwner(alice_);
  EXPECT_THAT(alice_.answer, HasSubstr("Set-Cookie: __Host-warren-session="));
  for (const char* part :
       {"; Path=/", "; HttpOnly", "; Secure", "; SameSite=Lax"}) {
    EXPECT_THAT(alice_.answer, HasSubstr(part));
  }
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_TRUE(alice_.Sees("owner"));
}

TEST_F(SiteTest, ASessionIdIsNewAtEachSignInAndDeadAfterSignOut) {
  MakeAlice();
  const std::string planted = "planted";
  alice_.cookies["__Host-warren-session"] = planted;
  EXPECT_EQ(SignIn(alice_, kPassword), 303) << alice_.answer;
  const std::string first = alice_.cookies["__Host-warren-session"];
  EXPECT_NE(first, planted);
  EXPECT_EQ(SignIn(alice_, kPassword), 303);
  const std::string second = alice_.cookies["__Host-warren-session"];
  EXPECT_NE(second, first);
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_EQ(alice_.Post("/signout", {}), 303);
  for (const std::string& old : {first, second}) {
    alice_.cookies["__Host-warren-session"] = old;
    EXPECT_EQ(alice_.Get("/account"), 303);
  }
}

TEST_F(SiteTest, TamperedCookiesAreNobodys) {
  BecomeOwner(alice_);
  const std::string good = alice_.cookies["__Host-warren-session"];
  for (size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = bad[i] == 'A' ? 'B' : 'A';
    alice_.cookies["__Host-warren-session"] = bad;
    EXPECT_EQ(alice_.Get("/account"), 303) << i;
  }
  // Without the prefix it could be another host's.
  alice_.cookies.erase("__Host-warren-session");
  alice_.cookies["warren-session"] = good;
  EXPECT_EQ(alice_.Get("/account"), 303);
}

TEST_F(SiteTest, SignsInAndRefusesAlikeWhetherThereIsAnAccountOrNot) {
  MakeAlice();
  EXPECT_EQ(SignIn(alice_, "a wrong password"), 401);
  const std::string wrong = alice_.answer;
  EXPECT_EQ(alice_.Post("/signin/local", {{"login", "nobody"},
                                          {"password", kPassword},
                                          {"to", "/account"}}),
            401);
  EXPECT_EQ(alice_.answer, wrong);
  EXPECT_EQ(alice_.Post("/signin/local", {{"login", "' OR 1=1 --"},
                                          {"password", "' OR 1=1 --"}}),
            401);
  const SignInCounters before = site_->sign_ins();
  EXPECT_EQ(before.refused, 3u);
  EXPECT_EQ(SignIn(alice_, kPassword), 303);
  EXPECT_EQ(site_->sign_ins().ok, before.ok + 1);
}

TEST_F(SiteTest, ManyWrongAttemptsMustWait) {
  MakeAlice();
  for (const char* login : {"alice", "nobody"}) {
    EXPECT_EQ(alice_.Get("/signin"), 200);
    for (int i = 0; i < kFreeFailures; ++i) {
      EXPECT_EQ(alice_.Post("/signin/local",
                            {{"login", login}, {"password", "wrong"}}),
                401);
    }
    // Also with the right one.
    EXPECT_EQ(alice_.Post("/signin/local",
                          {{"login", login}, {"password", kPassword}}),
              429)
        << login;
  }
  EXPECT_EQ(site_->sign_ins().limited, 2u);
  now_ms_ += kFirstLockMs;
  EXPECT_EQ(SignIn(alice_, kPassword), 303);
}

TEST_F(SiteTest, ASuspendedUserIsSentAwayAtOnce) {
  BecomeOwner(alice_);
  SetStatus("alice", UserStatus::kSuspended);
  EXPECT_EQ(alice_.Get("/account"), 303);
  EXPECT_EQ(SignIn(alice_, kPassword), 403);
  EXPECT_TRUE(alice_.Sees("suspended"));
}

TEST_F(SiteTest, GetAndHeadChangeNothing) {
  BecomeOwner(alice_);
  const std::string invite =
      Invite(InvitationKind::kUser, policy::Role::kMember);
  RawBrowser other(*server_);
  for (const char* method : {"GET", "HEAD"}) {
    for (const std::string& path :
         {std::string("/signout"), std::string("/account/totp/remove"),
          std::string("/account/sessions/revoke"), invite}) {
      alice_.Ask(method, path + "?action=local&login=x&session=others");
      other.Ask(method, path);
    }
  }
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_EQ(other.Get(invite), 200);
  EXPECT_EQ(NumSessions(), 1u);
}

struct CrossSite {
  const char* name;
  const char* headers;
  const char* token;  // nullptr: the right one
  bool works;
};

class CrossSiteTest : public SiteTest,
                      public testing::WithParamInterface<CrossSite> {};

TEST_P(CrossSiteTest, OnlyOurOwnPagesChangeAnything) {
  BecomeOwner(alice_);
  EXPECT_EQ(alice_.Get("/account"), 200);
  Form form;
  if (GetParam().token != nullptr) form["csrf"] = GetParam().token;
  EXPECT_EQ(alice_.Post("/signout", form, GetParam().headers),
            GetParam().works ? 303 : 403);
  EXPECT_EQ(NumSessions(), GetParam().works ? 0u : 1u);
}

INSTANTIATE_TEST_SUITE_P(
    , CrossSiteTest,
    testing::ValuesIn(std::vector<CrossSite>{
        {"OwnPage", "Sec-Fetch-Site: same-origin\r\n", nullptr, true},
        {"OwnPageWithOrigin",
         "Sec-Fetch-Site: same-origin\r\nOrigin: https://control.example\r\n",
         nullptr, true},
        {"OldBrowser", "Origin: https://control.example\r\n", nullptr, true},
        {"NoHint", "", nullptr, true},
        {"OtherSite", "Sec-Fetch-Site: cross-site\r\n", nullptr, false},
        {"SisterSite", "Sec-Fetch-Site: same-site\r\n", nullptr, false},
        {"TypedIn", "Sec-Fetch-Site: none\r\n", nullptr, false},
        {"OtherOrigin", "Origin: https://evil.example\r\n", nullptr, false},
        {"NullOrigin", "Origin: null\r\n", nullptr, false},
        {"OtherScheme", "Origin: http://control.example\r\n", nullptr, false},
        {"OwnSiteOtherOrigin",
         "Sec-Fetch-Site: same-origin\r\nOrigin: https://evil.example\r\n",
         nullptr, false},
        {"NoToken", "Sec-Fetch-Site: same-origin\r\n", "", false},
        {"WrongToken", "Sec-Fetch-Site: same-origin\r\n",
         "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false},
    }),
    [](const auto& param) { return std::string(param.param.name); });

TEST_F(SiteTest, ATokenIsOfOneSession) {
  BecomeOwner(alice_);
  EXPECT_EQ(alice_.Get("/account"), 200);
  const std::string token = alice_.Hidden("csrf");
  EXPECT_EQ(alice_.Post("/signout", {}), 303);
  EXPECT_EQ(SignIn(alice_, kPassword), 303);
  EXPECT_EQ(alice_.Post("/signout", {{"csrf", token}}), 403);
}

TEST_F(SiteTest, LeadsNowhereElse) {
  MakeAlice();
  for (const char* bad : {"https://evil.example/", "//evil.example",
                          "/\\evil.example", "javascript:alert(1)",
                          "\\\\evil.example", "/%0d%0aX: 1", "evil.example"}) {
    EXPECT_EQ(alice_.Get("/signin"), 200);
    EXPECT_EQ(
        alice_.Post("/signin/local",
                    {{"login", "alice"}, {"password", kPassword}, {"to", bad}}),
        303);
    EXPECT_THAT(alice_.Header("Location"), StartsWith("/")) << bad;
    EXPECT_EQ(alice_.Header("Location").find("evil"), std::string::npos);
    EXPECT_EQ(alice_.Header("X"), "");
  }
}

TEST_F(SiteTest, WhatIsUnknownIsToldWithoutAnEcho) {
  EXPECT_EQ(alice_.Get("/no-such-page-here"), 404);
  EXPECT_FALSE(alice_.Sees("no-such-page-here"));
  EXPECT_EQ(alice_.Ask("PUT", "/signin"), 405);
  EXPECT_EQ(alice_.Header("Allow"), "GET");
  EXPECT_EQ(alice_.Get("/signin?to=%zz"), 400);
  EXPECT_EQ(alice_.Get("/signin?to=/a&to=/b"), 400);
  EXPECT_EQ(alice_.Get("/invite/%27%20OR%201=1"), 404);
  EXPECT_EQ(alice_.Get("/login/xyz"), 404);
}

TEST_F(SiteTest, AnInvitationMakesAUserOnce) {
  const std::string link =
      Invite(InvitationKind::kUser, policy::Role::kAuditor);
  EXPECT_EQ(alice_.Get(link), 200);
  EXPECT_EQ(alice_.Post(link, {{"action", "share"}}), 400);
  Form form = Local("bob", "local");
  form["again"] = "another password";
  EXPECT_EQ(alice_.Post(link, form), 400);
  EXPECT_EQ(alice_.Post(link, Local("<b>bob", "local")), 400);
  EXPECT_TRUE(alice_.Sees("&lt;b&gt;bob"));
  EXPECT_EQ(alice_.Post(link, Local("bob", "local")), 303);
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_TRUE(alice_.Sees("auditor"));
  EXPECT_EQ(alice_.Get(link), 404);
  EXPECT_EQ(alice_.Post(link, Local("eve", "local")), 404);
}

TEST_F(SiteTest, AResetLinkSetsThePasswordAndEndsAllSessions) {
  BecomeOwner(alice_);
  const UserId alice =
      In<UserId>([](Directory&, TailnetState& tailnet) {
        return absl::StatusOr<UserId>(tailnet.users.begin()->first);
      }).value();
  const std::string link =
      Invite(InvitationKind::kReset, policy::Role::kMember, alice);
  RawBrowser other(*server_);
  EXPECT_EQ(other.Get(link), 200);
  const std::string fresh = "quite another one";
  EXPECT_EQ(
      other.Post(link,
                 {{"action", "reset"}, {"password", fresh}, {"again", fresh}}),
      303)
      << other.answer;
  EXPECT_EQ(alice_.Get("/account"), 303);
  EXPECT_EQ(SignIn(alice_, kPassword), 401);
  EXPECT_EQ(SignIn(alice_, fresh), 303);
  EXPECT_EQ(other.Get(link), 404);
}

TEST_F(SiteTest, TheTailnetMayAskForASecondFactor) {
  BecomeOwner(alice_);
  (void)In<bool>([](Directory&, TailnetState& tailnet) {
    tailnet.record.settings.require_second_factor = true;
    return absl::StatusOr<bool>(true);
  });
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_TRUE(alice_.Sees("asks for a second factor"));
}

TEST_F(SiteTest, WhatWeighsMuchNeedsAFreshSignIn) {
  BecomeOwner(alice_);
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_EQ(alice_.Post("/account/totp/begin", {}), 200);
  now_ms_ += 16 * 60 * 1000;
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_EQ(alice_.Post("/account/totp/begin", {}), 403);
  EXPECT_TRUE(alice_.Sees("Sign in again"));
}

TEST_F(SiteTest, NobodyEndsTheSessionsOfOthersByTheirNumber) {
  BecomeOwner(alice_);
  const std::string link = Invite(InvitationKind::kUser, policy::Role::kMember);
  RawBrowser bob(*server_);
  EXPECT_EQ(bob.Get(link), 200);
  EXPECT_EQ(bob.Post(link, Local("bob", "local")), 303);
  const auto sessions =
      In<std::vector<int64_t>>([](Directory&, TailnetState& tailnet) {
        std::vector<int64_t> ids;
        for (const auto& [id, session] : tailnet.accounts.sessions) {
          ids.push_back(id.value());
        }
        return absl::StatusOr<std::vector<int64_t>>(ids);
      }).value();
  EXPECT_EQ(sessions.size(), 2u);
  EXPECT_EQ(bob.Get("/account"), 200);
  for (const int64_t id : sessions) {
    bob.Post("/account/sessions/revoke", {{"session", absl::StrCat(id)}});
  }
  EXPECT_EQ(alice_.Get("/account"), 200);
  EXPECT_EQ(bob.Get("/account"), 303);  // its own
}

}  // namespace
}  // namespace warren::control
