#ifndef WARREN_CONTROL_WEB_SITE_FIXTURE_H_
#define WARREN_CONTROL_WEB_SITE_FIXTURE_H_

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "control/coordinator/provider_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/identity/provider_record.h"
#include "control/web/raw_browser.h"
#include "control/web/site.h"
#include "core/crypto/system_rng.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

// Test only: the whole site on a real store, and browsers that speak raw HTTP.
namespace warren::control {

class SiteFixture : public testing::Test {
 protected:
  static constexpr char kPassword[] = "a horse of course";

  SiteFixture() : key_(crypto::MachinePrivateKey::Generate(rng_)) {
    std::filesystem::remove_all(Folder());
    auto store = Store::Open(Folder());
    EXPECT_TRUE(store.ok()) << store.status();
    DirectoryOptions options;
    options.public_url = "https://control.example";
    options.publish = [](const Publication&) {};
    auto directory = Directory::Load(*std::move(store), DeriveHashKey(key_),
                                     rng_, std::move(options), now_ms_);
    EXPECT_TRUE(directory.ok()) << directory.status();
    coordinator_ = std::make_unique<Coordinator>(
        *std::move(directory), [this] { return now_ms_.load(); });
    SignInOptions sign_in;
    sign_in.public_url = "https://control.example";
    sign_in.time.now = [] { return Instant(); };
    sign_in.time.wall = [this] { return absl::FromUnixMillis(now_ms_); };
    sign_in.caller = [this](const ProviderConfig&) {
      return std::make_unique<FakeGithub>(octo_name_);
    };
    sign_in_ = std::make_unique<SignIn>(sign_in, rng_);
    site_ = std::make_unique<Site>(
        SiteParts{*coordinator_, *sign_in_, seal_key_, rng_},
        SiteOptions{"https://control.example",
                    [this] { return now_ms_.load(); }});
    io::HttpServerOptions server;
    server.tls = true;
    site_->AddRoutes(server.routes);
    server_ = *io::HttpServer::Start(std::move(server));
  }
  ~SiteFixture() override {
    server_.reset();
    coordinator_.reset();
  }
  static std::string Folder() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    return absl::StrCat(
        testing::TempDir(),
        absl::StrReplaceAll(test->test_suite_name(), {{"/", "."}}), ".",
        absl::StrReplaceAll(test->name(), {{"/", "."}}));
  }

  Order Operator() const { return {"uid 0", now_ms_, "socket", {}, true}; }
  // In the first tailnet, on the coordinator's thread.
  template <class T>
  absl::StatusOr<T> In(
      const std::function<absl::StatusOr<T>(Directory&, TailnetState&)>& work) {
    return coordinator_->Call<T>([&](Directory& directory, int64_t) {
      return work(directory, directory.tailnets().begin()->second);
    });
  }
  // The path of a new link.
  std::string Invite(InvitationKind kind, policy::Role role,
                     UserId user = UserId()) {
    InvitationParams params;
    params.kind = kind;
    params.role = role;
    params.user = user;
    return In<std::string>(
               [&](Directory& directory,
                   TailnetState& tailnet) -> absl::StatusOr<std::string> {
                 const auto made =
                     CreateInvitation(directory, Operator(), tailnet, params);
                 if (!made.ok()) return made.status();
                 return absl::StrCat(kInvitationPath, made->secret);
               })
        .value();
  }
  // `browser` becomes the owner "alice", with a password.
  void BecomeOwner(RawBrowser& browser) {
    const std::string link =
        In<std::string>([&](Directory& directory, TailnetState& tailnet) {
          const auto made = CreateOwnerLink(directory, Operator(), tailnet);
          return absl::StatusOr<std::string>(
              absl::StrCat(kInvitationPath, made->secret));
        }).value();
    EXPECT_EQ(browser.Get(link), 200);
    EXPECT_EQ(browser.Post(link, Local("alice", "local")), 303)
        << browser.answer;
  }
  static Form Local(const std::string& login, const std::string& action) {
    return {{"login", login},
            {"name", "A name"},
            {"password", kPassword},
            {"again", kPassword},
            {"action", action}};
  }
  // A GitHub that anybody may come in by; its id in URLs.
  std::string AddGithub() {
    const auto id = In<ProviderId>(
        [&](Directory& directory,
            TailnetState& tailnet) -> absl::StatusOr<ProviderId> {
          v1::Provider config;
          config.set_kind("github");
          config.set_client_id("client");
          ProviderRecord record;
          record.id = ProviderId(4242);
          record.name = "GitHub";
          record.config = config.SerializeAsString();
          record.secret =
              Seal(seal_key_, ProviderSecretPlace(record.id), "secret", rng_);
          record.created_ms = now_ms_;
          const auto put = PutProvider(directory, Operator(), tailnet, record);
          if (!put.ok()) return put.status();
          return put->id;
        });
    EXPECT_TRUE(id.ok()) << id.status();
    return absl::StrCat(id->value());
  }
  // Goes to GitHub and back; the status of the callback.
  int SignInByGithub(RawBrowser& browser, const std::string& id,
                     const std::string& to = "/account") {
    EXPECT_EQ(browser.Get(absl::StrCat("/signin/with/", id,
                                       "?to=", io::PercentEncode(to))),
              303)
        << browser.answer;
    return browser.Get(Callback(browser, id));
  }
  // Where GitHub sends the browser after the last answer.
  static std::string Callback(const RawBrowser& browser,
                              const std::string& id) {
    const std::string location = browser.Header("Location");
    const size_t at = location.find("state=") + 6;
    return absl::StrCat("/auth/callback/", id, "?code=c&state=",
                        location.substr(at, location.find('&', at) - at));
  }

  crypto::SystemRng rng_;
  crypto::MachinePrivateKey key_;
  const SealKey seal_key_ = DeriveSealKey(key_);
  std::atomic<int64_t> now_ms_ = 1'800'000'000'000;
  std::string octo_name_ = "Octo Cat";
  std::unique_ptr<Coordinator> coordinator_;
  std::unique_ptr<SignIn> sign_in_;
  std::unique_ptr<Site> site_;
  std::unique_ptr<io::HttpServer> server_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_SITE_FIXTURE_H_
