// A device shared by a link, from the guest's side of the browser.

#include <optional>
#include <string>

#include "control/coordinator/administration.h"
#include "control/coordinator/registration.h"
#include "control/web/site_fixture.h"

namespace warren::control {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int64_t kDay = 24LL * 3600 * 1000;

// alice owns the first tailnet and its device "nas"; gina is of "others".
class SharePagesTest : public SiteFixture {
 protected:
  SharePagesTest() : alice_(*server_), gina_(*server_, "198.51.100.9:1") {
    BecomeOwner(alice_);
    node_ = In<NodeId>([this](Directory& directory, TailnetState& home) {
              home_ = home.record.id;
              return AddNas(directory, home);
            }).value();
    const std::string join =
        In<std::string>([this](Directory& directory, TailnetState&) {
          TailnetState& others =
              **CreateTailnet(directory, Operator(), "others");
          others_ = others.record.id;
          const auto link = CreateInvitation(directory, Operator(), others, {});
          return absl::StatusOr<std::string>(
              absl::StrCat(kInvitationPath, link->secret));
        }).value();
    EXPECT_EQ(gina_.Get(join), 200);
    EXPECT_EQ(gina_.Post(join, Local("gina", "local")), 303) << gina_.answer;
  }

  absl::StatusOr<NodeId> AddNas(Directory& directory, TailnetState& home) {
    AuthKeyParams params;
    params.user = home.users.begin()->first;
    const auto key = CreateAuthKey(directory, Operator(), home, params);
    RegisterCommand command;
    command.machine = crypto::MachinePrivateKey::Generate(rng_).public_key();
    command.node_key = crypto::NodePrivateKey::Generate(rng_).public_key();
    command.auth_key = key->secret;
    command.host.hostname = "nas";
    const auto joined = Register(directory, command, now_ms_);
    if (!joined.ok()) return joined.status();
    return joined->node.id;
  }

  // Its path.
  std::string ShareLink(const std::string& email = "") {
    return In<std::string>([&](Directory& directory, TailnetState&) {
             InvitationParams params;
             params.kind = InvitationKind::kShare;
             params.node = node_;
             params.email = email;
             const auto made = CreateInvitation(
                 directory, Operator(), *directory.Tailnet(home_), params);
             return absl::StatusOr<std::string>(
                 absl::StrCat(kInvitationPath, made->secret));
           })
        .value();
  }
  // By login of the guests, on both sides alike.
  std::string Guests() {
    return In<std::string>([&](Directory& directory, TailnetState&) {
             TailnetState& others = *directory.Tailnet(others_);
             EXPECT_EQ(directory.Tailnet(home_)->access.shares,
                       others.access.shares);
             std::string logins;
             for (const auto& [id, share] : others.access.shares) {
               absl::StrAppend(&logins, others.users.at(share.guest).login);
             }
             return absl::StatusOr<std::string>(logins);
           })
        .value();
  }

  RawBrowser alice_;
  RawBrowser gina_;
  TailnetId home_;
  TailnetId others_;
  NodeId node_;
};

TEST_F(SharePagesTest, TheGuestSeesWhatItGetsAndTakesItOnce) {
  const std::string link = ShareLink();
  EXPECT_EQ(gina_.Get(link), 200);
  for (const char* part : {"nas", "gina of others", "cannot reach"}) {
    EXPECT_THAT(gina_.answer, HasSubstr(part));
  }
  EXPECT_EQ(Guests(), "");  // to look is not to say yes
  EXPECT_EQ(gina_.Post(link, {{"action", "share"}}), 200) << gina_.answer;
  EXPECT_TRUE(gina_.Sees("can reach nas now"));
  EXPECT_EQ(Guests(), "gina");
  EXPECT_EQ(gina_.Get(link), 404);
  EXPECT_EQ(gina_.Post(link, {{"action", "share"}}), 404);
  const std::string second = ShareLink();
  EXPECT_EQ(gina_.Get(second), 200);
  EXPECT_EQ(gina_.Post(second, {{"action", "share"}}), 409);
  EXPECT_TRUE(gina_.Sees("you have this node already"));
}

TEST_F(SharePagesTest, WhoHasNotSignedInLearnsNothing) {
  const std::string link = ShareLink();
  RawBrowser stranger(*server_);
  EXPECT_EQ(stranger.Get(link), 303);
  EXPECT_THAT(stranger.Header("Location"), StartsWith("/signin?to=%2Finvite"));
  EXPECT_THAT(stranger.answer, Not(HasSubstr("nas")));
  EXPECT_EQ(stranger.Get(stranger.Header("Location") + "&tailnet=others"), 200);
  EXPECT_EQ(stranger.Post(link, {{"action", "share"}}), 303);
  EXPECT_EQ(Guests(), "");
}

TEST_F(SharePagesTest, NoOtherSiteSaysYes) {
  const std::string link = ShareLink();
  EXPECT_EQ(gina_.Get(link), 200);
  const Form form = {{"action", "share"}};
  EXPECT_EQ(gina_.Post(link, form, "Sec-Fetch-Site: cross-site\r\n"), 403);
  EXPECT_EQ(gina_.Post(link, form, "Origin: https://evil.example\r\n"), 403);
  EXPECT_EQ(gina_.Post(link, {{"action", "share"}, {"csrf", "x"}}), 403);
  EXPECT_EQ(gina_.Ask("GET", link + "?action=share"), 200);
  EXPECT_EQ(Guests(), "");
}

TEST_F(SharePagesTest, WhoIsRefusedDoesNotUseTheLinkUp) {
  const std::string link = ShareLink();
  EXPECT_EQ(alice_.Get(link), 200);
  EXPECT_EQ(alice_.Post(link, {{"action", "share"}}), 409);
  EXPECT_TRUE(alice_.Sees("in your own network already"));
  const std::string named = ShareLink("hugo@example.com");
  EXPECT_EQ(gina_.Get(named), 200);
  EXPECT_EQ(gina_.Post(named, {{"action", "share"}}), 403);
  EXPECT_TRUE(gina_.Sees("for hugo@example.com"));
  EXPECT_EQ(gina_.Post(link, {{"action", "local"}}), 400);
  EXPECT_EQ(Guests(), "");
  EXPECT_EQ(gina_.Get(link), 200);
  EXPECT_EQ(gina_.Post(link, {{"action", "share"}}), 200);
  EXPECT_EQ(Guests(), "gina");
}

TEST_F(SharePagesTest, ALinkIsOverWithItsTimeAndItsDevice) {
  const std::string late = ShareLink();
  now_ms_ += 8 * kDay;
  EXPECT_EQ(gina_.Get(late), 404);
  const std::string link = ShareLink();
  (void)In<bool>([&](Directory& directory, TailnetState&) {
    TailnetState& home = *directory.Tailnet(home_);
    EXPECT_TRUE(
        DeleteNode(directory, Operator(), home, home.nodes.at(node_)).ok());
    return absl::StatusOr<bool>(true);
  });
  EXPECT_EQ(gina_.Get(link), 404);
  EXPECT_TRUE(gina_.Sees("This link is over"));
  EXPECT_EQ(Guests(), "");
}

TEST_F(SharePagesTest, ATailnetThatAsksForASecondFactorAsksGuestsToo) {
  const std::string link = ShareLink();
  (void)In<bool>([&](Directory& directory, TailnetState&) {
    directory.Tailnet(others_)->record.settings.require_second_factor = true;
    return absl::StatusOr<bool>(true);
  });
  EXPECT_EQ(gina_.Get(link), 303);
  EXPECT_EQ(gina_.Get("/account"), 200);
  EXPECT_EQ(gina_.Post(link, {{"action", "share"}}), 303);
  EXPECT_EQ(gina_.Header("Location"), "/account?need=factor");
  EXPECT_EQ(Guests(), "");
}

}  // namespace
}  // namespace warren::control
