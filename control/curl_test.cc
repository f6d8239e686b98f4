// The server's port over TLS, as people try it: with curl.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/server_test_client.h"
#include "io/cli/run_tool.h"
#include "io/tls.h"

namespace warren::control {
namespace {

using testing::HasSubstr;
using testing::Not;

class CurlTest : public testing::Test {
 protected:
  CurlTest() {
    char name[] = "/tmp/warren-curl-XXXXXX";
    folder_ = mkdtemp(name);
    io::TlsServerOptions tls;
    tls.self_signed_folder = folder_;
    tls.self_signed_name = "127.0.0.1";
    EXPECT_TRUE(io::TlsContext::Server(tls).ok());
    ServerOptions options;
    options.state_folder = folder_ + "/state";
    options.admin_socket = folder_ + "/admin.sock";
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
    options.tls_certificate = folder_ + "/self-signed.crt";
    options.tls_key = folder_ + "/self-signed.key";
    options.public_url = "https://control.example";
    auto started = Server::Start(options);
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    admin_ = std::make_unique<TestAdmin>(options.admin_socket);
    admin_->CreateUser("alice");
  }
  ~CurlTest() override {
    admin_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  // Of alice, who is a member.
  std::string MakeKey() {
    v1::CreateApiKeyRequest request;
    request.set_user("alice");
    v1::CreateApiKeyResponse made;
    EXPECT_TRUE(
        admin_->Try(&v1::Admin::Stub::CreateApiKey, request, &made).ok());
    return made.secret();
  }
  // `lines` are a configuration of curl: no secret on its command line.
  cli::ToolResult Curl(absl::string_view path, absl::string_view lines,
                       absl::string_view scheme = "https") {
    const std::string config = folder_ + "/curlrc";
    std::ofstream(config) << lines;
    return cli::RunTool(
        "/usr/bin/curl",
        {"--silent", "--show-error", "--max-time", "20", "--cacert",
         folder_ + "/self-signed.crt", "--config", config, "--cookie-jar",
         folder_ + "/jar", "--cookie", folder_ + "/jar", "--write-out",
         "\n%{http_code}",
         absl::StrCat(scheme, "://127.0.0.1:", server_->local().port(), path)});
  }
  static std::string Bearer(const std::string& key) {
    return absl::StrCat("header = \"Authorization: Bearer ", key, "\"\n");
  }

  std::string folder_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TestAdmin> admin_;
};

TEST_F(CurlTest, ReadsAndWritesTheJsonApi) {
  const std::string key = MakeKey();
  const auto who = Curl("/api/v1/whoami", Bearer(key));
  EXPECT_EQ(who.exit_code, 0) << who.err;
  EXPECT_THAT(who.out, HasSubstr("\"login\":\"alice\""));
  EXPECT_THAT(who.out, HasSubstr("\n200"));
  const auto made = Curl("/api/v1/tailnets/-/auth-keys",
                         Bearer(key) +
                             "header = \"Content-Type: application/json\"\n"
                             "data = \"{\\\"description\\\": \\\"ci\\\"}\"\n");
  EXPECT_THAT(made.out, HasSubstr("wauth-"));
  const auto denied = Curl("/api/v1/tailnets/-/users", Bearer(key));
  EXPECT_THAT(denied.out, HasSubstr("\n403"));
  EXPECT_THAT(denied.out, HasSubstr("auditor"));
  const auto wrong = Curl("/api/v1/whoami", Bearer("wapi-0000000000-wrong"));
  EXPECT_THAT(wrong.out, HasSubstr("\n401"));
  EXPECT_THAT(Curl("/api/v1/whoami", "").out, HasSubstr("who are you?"));
}

TEST_F(CurlTest, OverPlainHttpItIsToldToUseTls) {
  const auto told =
      Curl("/api/v1/whoami", Bearer(MakeKey()), /*scheme=*/"http");
  EXPECT_EQ(told.exit_code, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("https://"));
  EXPECT_THAT(told.out, HasSubstr("revoke"));
  EXPECT_THAT(told.out, HasSubstr("\n400"));
  const auto garbage = Curl("/", "http2-prior-knowledge\n", "http");
  EXPECT_THAT(garbage.out, Not(HasSubstr("\n200")));
}

TEST_F(CurlTest, ASessionWithoutTheSecondFactorThatIsAskedForCallsNothing) {
  v1::CreateInvitationRequest owner;
  owner.set_kind("owner");
  v1::CreateInvitationResponse link;
  const grpc::Status invited =
      admin_->Try(&v1::Admin::Stub::CreateInvitation, owner, &link);
  ASSERT_TRUE(invited.ok()) << invited.error_message();
  const std::string path = link.url().substr(link.url().find("/invite/"));
  const std::string page = Curl(path, "").out;
  const std::string before = "name=\"csrf\" value=\"";
  const size_t at = page.find(before);
  ASSERT_NE(at, std::string::npos) << page;
  const size_t from = at + before.size();
  const std::string csrf = page.substr(from, page.find('"', from) - from);
  const auto joined = Curl(
      path, absl::StrCat("header = \"Sec-Fetch-Site: same-origin\"\n",
                         "data-urlencode = \"csrf=", csrf, "\"\n",
                         "data-urlencode = \"login=bob\"\n",
                         "data-urlencode = \"name=Bob\"\n",
                         "data-urlencode = \"password=a horse of course\"\n",
                         "data-urlencode = \"again=a horse of course\"\n",
                         "data-urlencode = \"action=local\"\n"));
  ASSERT_THAT(joined.out, HasSubstr("\n303")) << joined.out;
  EXPECT_THAT(Curl("/api/v1/whoami", "").out, HasSubstr("\"login\":\"bob\""));
  v1::SetSettingsRequest settings;
  settings.mutable_settings()->set_require_second_factor(true);
  settings.add_fields("require_second_factor");
  v1::TailnetSettings set;
  ASSERT_TRUE(admin_->Try(&v1::Admin::Stub::SetSettings, settings, &set).ok());
  const auto refused = Curl("/api/v1/whoami", "");
  EXPECT_THAT(refused.out, HasSubstr("second factor"));
  EXPECT_THAT(refused.out, HasSubstr("\n401"));
  // It is still good for setting one up.
  EXPECT_THAT(Curl("/account", "").out, HasSubstr("second factor"));
}

}  // namespace
}  // namespace warren::control
