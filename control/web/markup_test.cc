// Every page that shows a name that somebody chose, with names that would be
// markup, script or an attribute if they were not taken as text.

#include "control/coordinator/registration.h"
#include "control/web/site_fixture.h"

namespace warren::control {
namespace {

using testing::HasSubstr;
using testing::Not;

const char* const kMarkup[] = {
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "'><svg/onload=alert(1)>",
    "\" autofocus onfocus=\"alert(1)",
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--<script>",
    "&lt;script&gt;&#60;b&#62;",
    "javascript:alert(1)//\"<b>",
    "\xe2\x80\xae<b>",
};

class MarkupTest : public SiteFixture,
                   public testing::WithParamInterface<const char*> {
 protected:
  MarkupTest() { BecomeOwner(alice_); }

  // All that a person, a provider or an administrator may name.
  void NameEverything(const std::string& name) {
    (void)In<bool>([&](Directory& directory, TailnetState& tailnet) {
      for (auto& [id, user] : tailnet.users) user.display_name = name;
      for (auto& [id, session] : tailnet.accounts.sessions) {
        session.user_agent = name;
        session.address = name;
      }
      for (auto& [id, provider] : tailnet.accounts.providers) {
        directory.store().accounts().DeleteProvider(id, {}).IgnoreError();
        provider.name = name;
      }
      tailnet.record.name = name;
      PasskeyRecord passkey;
      passkey.credential_id = "credential";
      passkey.user = tailnet.users.begin()->first;
      passkey.tailnet = tailnet.record.id;
      passkey.name = name;
      tailnet.accounts.passkeys["credential"] = passkey;
      return absl::StatusOr<bool>(true);
    });
  }
  // A device that asks to join, and calls everything so: the path of its link.
  std::string DeviceCalled(const std::string& name) {
    RegisterCommand command;
    std::array<uint8_t, 32> key{1};
    command.machine = crypto::MachineKey::FromBytes(key);
    command.node_key = crypto::NodeKey::FromBytes(key);
    command.wanted_name = name;
    command.host = {name, name, name, name};
    command.source = name;
    const auto url =
        In<std::string>([&](Directory& directory,
                            TailnetState&) -> absl::StatusOr<std::string> {
          const auto asked = Register(directory, command, now_ms_);
          if (!asked.ok()) return asked.status();
          return asked->auth_url;
        });
    EXPECT_TRUE(url.ok()) << url.status();
    return url->substr(url->find("/login/"));
  }
  void ExpectText(RawBrowser& browser, const std::string& path, int status) {
    SCOPED_TRACE(path);
    EXPECT_EQ(browser.Get(path), status);
    EXPECT_THAT(browser.answer, Not(HasSubstr(GetParam())));
    EXPECT_THAT(browser.answer, Not(HasSubstr("<script>")));
    EXPECT_THAT(browser.Header("Content-Security-Policy"),
                HasSubstr("default-src 'none'"));
    EXPECT_THAT(browser.Header("Content-Security-Policy"),
                Not(HasSubstr("unsafe-inline")));
    EXPECT_EQ(browser.Header("X-Content-Type-Options"), "nosniff");
  }

  RawBrowser alice_{*server_};
};

TEST_P(MarkupTest, IsTextOnEveryPage) {
  AddGithub();
  const std::string invite =
      Invite(InvitationKind::kUser, policy::Role::kMember);
  NameEverything(GetParam());
  const std::string device = DeviceCalled(GetParam());
  RawBrowser stranger(*server_);
  ExpectText(alice_, "/account", 200);
  ExpectText(alice_, device, 200);
  ExpectText(stranger, "/signin", 200);
  ExpectText(stranger, invite, 200);
  ExpectText(stranger, "/signin?tailnet=" + io::PercentEncode(GetParam()), 200);
  ExpectText(stranger, "/signin?to=" + io::PercentEncode(GetParam()), 200);
  ExpectText(stranger, "/signin?tailnet=x" + io::PercentEncode(GetParam()),
             404);
}

TEST_P(MarkupTest, IsTextInFormsThatAreShownAgain) {
  const std::string invite =
      Invite(InvitationKind::kUser, policy::Role::kMember);
  RawBrowser stranger(*server_);
  EXPECT_EQ(stranger.Get(invite), 200);
  Form form = Local(GetParam(), "local");
  form["name"] = GetParam();
  EXPECT_EQ(stranger.Post(invite, form), 400);
  EXPECT_THAT(stranger.answer, Not(HasSubstr(GetParam())));
  EXPECT_EQ(stranger.Get("/signin"), 200);
  form["to"] = GetParam();
  form["tailnet"] = GetParam();
  EXPECT_EQ(stranger.Post("/signin/local", form), 404);
  EXPECT_THAT(stranger.answer, Not(HasSubstr(GetParam())));
}

INSTANTIATE_TEST_SUITE_P(, MarkupTest, testing::ValuesIn(kMarkup));

}  // namespace
}  // namespace warren::control
