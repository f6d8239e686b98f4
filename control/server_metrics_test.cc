// What /metrics tells, on a running server.

#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <filesystem>
#include <map>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "control/server_test_client.h"
#include "io/tcp.h"

namespace warren::control {
namespace {

using Values = std::map<std::string, double>;

class ServerMetricsTest : public testing::Test {
 protected:
  ServerMetricsTest() {
    // Short, because a socket's name must be.
    char name[] = "/tmp/warren-metrics-XXXXXX";
    folder_ = mkdtemp(name);
    ServerOptions options;
    options.state_folder = folder_;
    options.admin_socket = folder_ + "/admin.sock";
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
    options.metrics_listen = options.listen;
    options.allow_private_webhooks = true;
    auto started = Server::Start(options);
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    admin_ = std::make_unique<TestAdmin>(options.admin_socket);
    admin_->CreateUser("alice");
  }
  ~ServerMetricsTest() override {
    admin_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  // Everything that a server answers until it closes.
  static std::string Ask(const net::Endpoint& where, const std::string& path,
                         const std::string& more = "") {
    const io::Fd fd = *io::StartConnectTcp(where);
    pollfd ready{fd.get(), POLLOUT, 0};
    EXPECT_EQ(poll(&ready, 1, 20'000), 1);
    const std::string ask =
        absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: x\r\n", more,
                     "Connection: close\r\n\r\n");
    EXPECT_GT(send(fd.get(), ask.data(), ask.size(), 0), 0);
    ready.events = POLLIN;
    std::string all;
    char buffer[4096];
    while (poll(&ready, 1, 20'000) == 1) {
      const ssize_t n = recv(fd.get(), buffer, sizeof(buffer), 0);
      if (n <= 0) break;
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }
  // By name and labels, as Prometheus reads them.
  Values Scrape() {
    const std::string answer = Ask(server_->metrics_local(), "/metrics");
    EXPECT_NE(answer.find("Content-Type: text/plain; version=0.0.4\r\n"),
              std::string::npos);
    Values values;
    const std::string body = answer.substr(answer.find("\r\n\r\n") + 4);
    for (const absl::string_view line : absl::StrSplit(body, '\n')) {
      if (line.empty() || line[0] == '#') continue;
      const size_t space = line.rfind(' ');
      EXPECT_TRUE(absl::SimpleAtod(line.substr(space + 1),
                                   &values[std::string(line.substr(0, space))]))
          << line;
    }
    return values;
  }
  // Scrapes until `name` is at least `least`: what is counted after the answer.
  Values ScrapeUntil(const std::string& name, double least) {
    const absl::Time give_up = absl::Now() + absl::Seconds(20);
    Values values = Scrape();
    while (values[name] < least && absl::Now() < give_up) {
      absl::SleepFor(absl::Milliseconds(5));
      values = Scrape();
    }
    EXPECT_GE(values[name], least) << name;
    return values;
  }
  void SetPolicy(const std::string& text) {
    v1::SetPolicyRequest request;
    request.set_text(text);
    request.set_any_base(true);
    v1::SetPolicyResponse done;
    ASSERT_TRUE(admin_->Try(&v1::Admin::Stub::SetPolicy, request, &done).ok());
  }

  std::string folder_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TestAdmin> admin_;
};

TEST_F(ServerMetricsTest, AllThatIsPromisedIsThereFromTheStart) {
  const Values values = Scrape();
  for (const char* name :
       {"warren_control_build_info{version=\"0.1.0\"}",
        "warren_control_tailnets",
        "warren_control_nodes",
        "warren_control_online_nodes",
        "warren_control_publications_total",
        "warren_control_push_duration_seconds_bucket{le=\"0.05\"}",
        "warren_control_push_duration_seconds_count",
        "warren_control_connections_total",
        "warren_control_connections_refused_total{reason=\"full\"}",
        "warren_control_connections_refused_total{reason=\"busy\"}",
        "warren_control_connections_refused_total{reason=\"stranger\"}",
        "warren_control_handshakes_waiting",
        "warren_control_channels",
        "warren_control_channels_total",
        "warren_control_registrations_total{result=\"ok\"}",
        "warren_control_registrations_total{result=\"waiting\"}",
        "warren_control_registrations_total{result=\"refused\"}",
        "warren_control_logins_total{result=\"ok\"}",
        "warren_control_logins_total{result=\"refused\"}",
        "warren_control_rate_limited_total{what=\"node\"}",
        "warren_control_rate_limited_total{what=\"api\"}",
        "warren_control_rate_limited_total{what=\"login\"}",
        "warren_control_api_refused_total{reason=\"credentials\"}",
        "warren_control_api_refused_total{reason=\"permission\"}",
        "warren_control_http_requests_total",
        "warren_control_http_refused_total{reason=\"malformed\"}",
        "warren_control_store_transactions_total{result=\"ok\"}",
        "warren_control_store_transactions_total{result=\"failed\"}",
        "warren_control_store_refused_writes_total",
        "warren_control_store_commit_duration_seconds_count",
        "warren_control_commands_waiting",
        "warren_control_commands_total",
        "warren_control_commands_refused_total",
        "warren_control_policy_changes_total",
        "warren_control_audit_entries_total{action=\"user.create\"}",
        "warren_control_webhook_attempts_total{result=\"ok\"}",
        "warren_control_webhook_attempts_total{result=\"failed\"}",
        "warren_control_webhook_waiting",
        "process_resident_memory_bytes"}) {
    EXPECT_TRUE(values.contains(name)) << name;
  }
}

TEST_F(ServerMetricsTest, NodesMoveThem) {
  TestNode node(*server_);
  EXPECT_FALSE(node.Register("wkey-no-such-key").ok());
  ASSERT_TRUE(node.Register(admin_->CreateKey("alice", false)).ok());
  const auto stream = node.Watch();
  ASSERT_TRUE(stream->ReadUntilPeers(0));
  const Values values =
      ScrapeUntil("warren_control_push_duration_seconds_count", 1);
  EXPECT_EQ(values.at("warren_control_nodes"), 1);
  EXPECT_EQ(values.at("warren_control_online_nodes"), 1);
  EXPECT_EQ(values.at("warren_control_channels"), 1);
  EXPECT_EQ(values.at("warren_control_registrations_total{result=\"ok\"}"), 1);
  EXPECT_EQ(values.at("warren_control_registrations_total{result=\"refused\"}"),
            1);
  EXPECT_EQ(
      values.at("warren_control_audit_entries_total{action=\"node.register\"}"),
      1);
}

TEST_F(ServerMetricsTest, ChangesMoveThem) {
  const Values before = Scrape();
  SetPolicy("{\"acls\": []} // one");
  v1::CreateUserRequest again;
  again.set_login("alice");
  v1::User user;
  EXPECT_FALSE(admin_->Try(&v1::Admin::Stub::CreateUser, again, &user).ok());
  const Values after = Scrape();
  EXPECT_EQ(after.at("warren_control_policy_changes_total"), 1);
  for (const char* name :
       {"warren_control_store_transactions_total{result=\"ok\"}",
        "warren_control_store_commit_duration_seconds_count",
        "warren_control_commands_total", "warren_control_publications_total"}) {
    EXPECT_GT(after.at(name), before.at(name)) << name;
  }
}

TEST_F(ServerMetricsTest, StrangersMoveThem) {
  const std::string refused = Ask(server_->local(), "/api/v1/whoami",
                                  "Authorization: Bearer wapi-x-y\r\n");
  EXPECT_NE(refused.find(" 401 "), std::string::npos) << refused;
  const Values values = ScrapeUntil("warren_control_http_requests_total", 1);
  EXPECT_EQ(
      values.at("warren_control_api_refused_total{reason=\"credentials\"}"), 1);
}

TEST_F(ServerMetricsTest, AWebhookThatNobodyAnswersIsCountedAndWaits) {
  v1::PutWebhookRequest request;
  request.set_ref("deaf");
  request.mutable_webhook()->set_name("deaf");
  request.mutable_webhook()->set_enabled(true);
  // Nobody listens at port 1 of this machine.
  request.mutable_webhook()->set_url("http://127.0.0.1:1/");
  request.mutable_webhook()->add_events("user.");
  v1::PutWebhookResponse made;
  const grpc::Status put =
      admin_->Try(&v1::Admin::Stub::PutWebhook, request, &made);
  ASSERT_TRUE(put.ok()) << put.error_message();
  admin_->CreateUser("bob");
  ScrapeUntil("warren_control_webhook_attempts_total{result=\"failed\"}", 1);
  ScrapeUntil("warren_control_webhook_waiting", 1);
}

}  // namespace
}  // namespace warren::control
