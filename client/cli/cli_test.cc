// The real `warren` against a daemon with known contents.

#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/cli/run_tool.h"
#include "io/unix_frontend.h"
#include "warren/v1/local.grpc.pb.h"

namespace warren::client {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

void SetNode(v1::Node& node, int64_t id, const char* name) {
  node.set_id(id);
  node.set_name(name);
  node.add_addresses(absl::StrCat("100.64.0.", id));
  node.add_addresses(absl::StrCat("fd7a:115c:a1e0::", id));
  node.set_user_login("demo");
  node.set_os("linux");
  node.set_node_key(std::string(32, static_cast<char>(id)));
}

v1::Path Direct(double rtt) {
  v1::Path path;
  path.set_kind(v1::Path::DIRECT);
  path.set_endpoint("203.0.113.20:41641");
  path.set_rtt_seconds(rtt);
  return path;
}

v1::Path Relayed(double rtt) {
  v1::Path path;
  path.set_kind(v1::Path::RELAYED);
  path.set_relay_id(900);
  path.set_relay_code("fra");
  path.set_rtt_seconds(rtt);
  return path;
}

class FakeDaemon final : public v1::Local::Service {
 public:
  using Context = grpc::ServerContext;
  using Status = grpc::Status;

  Status Up(Context*, const v1::UpRequest* request,
            grpc::ServerWriter<v1::UpProgress>* writer) override {
    up_ = *request;
    v1::UpProgress progress;
    progress.set_message("connecting");
    writer->Write(progress);
    if (request->auth_key() == "used") {
      return Status(grpc::StatusCode::PERMISSION_DENIED,
                    "this auth key has been used up");
    }
    if (!auth_url_.empty()) {
      progress.set_auth_url(auth_url_);
      writer->Write(progress);
    }
    progress.set_state(v1::RUNNING);
    *progress.mutable_status() = Now();
    writer->Write(progress);
    return Status::OK;
  }
  Status Down(Context*, const v1::DownRequest*, v1::DownResponse*) override {
    return Status(grpc::StatusCode::PERMISSION_DENIED, "only root may do this");
  }
  Status Logout(Context*, const v1::LocalLogoutRequest*,
                v1::LocalLogoutResponse*) override {
    return Status::OK;
  }
  Status GetStatus(Context*, const v1::GetStatusRequest*,
                   v1::Status* status) override {
    *status = Now();
    return Status::OK;
  }
  Status Ping(Context*, const v1::PingRequest* request,
              grpc::ServerWriter<v1::PingReply>* writer) override {
    ping_ = *request;
    v1::PingReply reply;
    if (request->peer() == "nobody") {
      return Status(grpc::StatusCode::NOT_FOUND, "no peer \"nobody\"");
    }
    reply.set_peer_name(request->peer());
    if (request->peer() == "dave") {
      reply.set_error("no answer");
      writer->Write(reply);
      return Status::OK;
    }
    reply.set_peer_address("100.64.0.2");
    *reply.mutable_path() = Relayed(0.0123);
    writer->Write(reply);
    if (request->count() > 1 && request->peer() == "bob") {
      *reply.mutable_path() = Direct(0.0031);
      writer->Write(reply);
    }
    return Status::OK;
  }
  Status Netcheck(Context*, const v1::NetcheckRequest*,
                  v1::NetcheckReport* report) override {
    report->set_udp_v4(true);
    report->set_global_v4("203.0.113.9:41641");
    report->mutable_nat()->set_mapping(v1::NatBehavior::ENDPOINT_INDEPENDENT);
    report->set_home_relay(900);
    v1::RelayLatency* relay = report->add_relay_latencies();
    relay->set_relay_id(900);
    relay->set_relay_code("fra");
    relay->set_seconds(0.0123);
    return Status::OK;
  }

  Status Why(Context*, const v1::WhyRequest* request,
             v1::WhyReport* report) override {
    if (request->peer() != "bob") {
      return Status(grpc::StatusCode::NOT_FOUND,
                    "no peer \"eve\"; there are bob, carol, dave");
    }
    report->mutable_local()->set_name("alice");
    report->mutable_remote()->set_name("bob");
    *report->mutable_local()->mutable_path() = Relayed(0.0123);
    report->mutable_diagnosis()->set_verdict("relayed");
    report->mutable_diagnosis()->mutable_cause()->set_text("no UDP");
    report->mutable_diagnosis()->set_suggestion("let UDP out");
    return Status::OK;
  }
  Status DebugPaths(Context* context, const v1::DebugPathsRequest* request,
                    v1::DebugPathsReport* report) override {
    debug_peer_ = request->peer();
    v1::WhyRequest why;
    why.set_peer("bob");
    return Why(context, &why, report->add_peers());
  }

  v1::State state_ = v1::RUNNING;
  std::string auth_url_;  // asks for a person
  bool waits_for_approval_ = false;
  v1::UpRequest up_;
  v1::PingRequest ping_;
  std::string debug_peer_;

 private:
  v1::Status Now() const {
    v1::Status status;
    status.set_version("0.9");
    status.set_state(state_);
    status.set_auth_url(auth_url_);
    status.set_waits_for_approval(waits_for_approval_);
    if (state_ == v1::NEEDS_LOGIN) return status;
    status.set_control_url("https://ctl.example");
    status.set_tailnet("home");
    status.set_domain("home.warren.example");
    status.set_user_login("demo");
    status.set_interface("warren0");
    status.set_netmap_version(31);
    status.add_health("no relay can be reached");
    SetNode(*status.mutable_self()->mutable_node(), 1, "alice");
    status.mutable_self()->mutable_node()->set_key_expiry_ms(4'102'444'800'000);
    status.mutable_self()->set_nat_class(v1::NAT_HARD);
    v1::PeerStatus* bob = status.add_peers();
    bob->set_nat_class(v1::NAT_EASY);
    bob->mutable_nat()->set_translates(true);
    SetNode(*bob->mutable_node(), 2, "bob");
    bob->mutable_node()->set_online(true);
    *bob->mutable_path() = Direct(0.0031);
    bob->set_active(true);
    bob->set_rx_bytes(1'234'567);
    bob->set_tx_bytes(999);
    v1::PeerStatus* carol = status.add_peers();
    SetNode(*carol->mutable_node(), 3, "carol");
    carol->mutable_node()->set_online(true);
    *carol->mutable_path() = Relayed(0.0123);
    carol->set_active(true);
    v1::PeerStatus* dave = status.add_peers();
    SetNode(*dave->mutable_node(), 4, "dave");
    dave->mutable_node()->add_tags("tag:server");
    dave->mutable_node()->set_last_seen_ms(
        absl::ToUnixMillis(absl::Now() - absl::Minutes(2)));
    return status;
  }
};

class CliTest : public ::testing::Test {
 protected:
  CliTest() {
    char folder[] = "/tmp/warren-cli-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    server_ = grpc::ServerBuilder().RegisterService(&daemon_).BuildAndStart();
    io::UnixFrontendOptions options;
    options.path = folder_ + "/s";
    frontend_ = *io::UnixFrontend::Start(options, *server_, nullptr, peers_);
  }
  ~CliTest() override {
    frontend_.reset();
    server_->Shutdown(std::chrono::system_clock::now());
    unlink((folder_ + "/key").c_str());
    rmdir(folder_.c_str());
  }
  cli::ToolResult Run(std::vector<std::string> words,
                      std::vector<std::string> environment = {}) {
    words.insert(words.begin(), {"--socket", folder_ + "/s"});
    return cli::RunTool("client/cli/warren", std::move(words),
                        std::move(environment));
  }
  // What it prints when all is well.
  std::string Out(std::vector<std::string> words,
                  std::vector<std::string> environment = {}) {
    const auto result = Run(std::move(words), std::move(environment));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  std::string folder_;
  io::UnixPeers peers_;
  FakeDaemon daemon_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<io::UnixFrontend> frontend_;
};

TEST_F(CliTest, ShowsTheStatusForPeople) {
  EXPECT_EQ(
      Out({"status"}),
      "demo in home.warren.example, the key expires 2100-01-01\n"
      "NAME   ADDRESS     OWNER       OS     WAY                        RTT"
      "     NAT   RX      TX     SEEN\n"
      "alice  100.64.0.1  demo        linux  this device                      "
      "  hard\n"
      "bob    100.64.0.2  demo        linux  direct 203.0.113.20:41641  3.1 ms"
      "  easy  1.2 MB  999 B  online\n"
      "carol  100.64.0.3  demo        linux  relay fra                  12 ms"
      "   ?                    online\n"
      "dave   100.64.0.4  tag:server  linux  idle                             "
      "  ?                    2 min ago\n"
      "problem: no relay can be reached\n");
}

TEST_F(CliTest, ShowsTheStatusForScripts) {
  const std::string json = Out({"status", "--json"});
  EXPECT_THAT(json, StartsWith("{\n  \"version\": \"0.9\",\n"
                               "  \"state\": \"running\",\n"));
  EXPECT_THAT(json, HasSubstr("\"path\": {\n        \"kind\": \"direct\",\n"
                              "        \"via\": \"203.0.113.20:41641\",\n"
                              "        \"rtt_ms\": 3.1\n      }"));
  EXPECT_THAT(json, HasSubstr("\"kind\": \"relayed\",\n        \"via\": "
                              "\"fra\""));
  EXPECT_THAT(json, HasSubstr("\"kind\": \"none\""));
  EXPECT_THAT(json, HasSubstr("\"nat_class\": \"easy\",\n      \"nat\": {\n"
                              "        \"translates\": true"));
}

TEST_F(CliTest, SaysWhatToDoWhenLoggedOut) {
  daemon_.state_ = v1::NEEDS_LOGIN;
  EXPECT_EQ(Out({"status"}),
            "logged out; `warren up --login-server URL` joins a network\n");
  daemon_.auth_url_ = "https://ctl.example/login/abc";
  EXPECT_EQ(Out({"status"}),
            "waiting for you to sign in: open "
            "https://ctl.example/login/abc\n");
  const std::string json = Out({"status", "--json"});
  EXPECT_THAT(json,
              HasSubstr("\"auth_url\": \"https://ctl.example/login/abc\""));
  EXPECT_THAT(json, HasSubstr("\"state\": \"needs-login\""));
  EXPECT_THAT(json, HasSubstr("\"self\": null,\n  \"peers\": []"));
  const cli::ToolResult ip = Run({"ip"});
  EXPECT_EQ(ip.exit_code, 1);
  EXPECT_THAT(ip.err, HasSubstr("`warren status`"));
}

TEST_F(CliTest, SaysWhoHasToApproveTheDevice) {
  daemon_.waits_for_approval_ = true;
  const std::string advice =
      "waiting for an administrator's approval: until then this device has no "
      "peers\nask one to run `warren-admin node approve alice`\n";
  EXPECT_THAT(Out({"status"}),
              StartsWith(advice + "demo in home.warren.example"));
  EXPECT_THAT(Out({"status", "--json"}),
              HasSubstr("\"waits_for_approval\": true"));
  EXPECT_EQ(Out({"up", "--login-server", "https://ctl.example"}),
            "connected to home as alice (100.64.0.1)\n" + advice);
}

TEST_F(CliTest, ComesUp) {
  EXPECT_EQ(Out({"up", "--login-server", "https://ctl.example", "--auth-key",
                 "wkey-1", "--hostname", "a", "--hostname", "alice",
                 "--control-key", "mkey:00", "--ephemeral"}),
            "connected to home as alice (100.64.0.1)\n");
  EXPECT_EQ(daemon_.up_.ShortDebugString(),
            "control_url: \"https://ctl.example\" auth_key: \"wkey-1\" "
            "hostname: \"alice\" control_key: \"mkey:00\" ephemeral: true");
}

TEST_F(CliTest, SaysWhereToSignIn) {
  daemon_.auth_url_ = "https://ctl.example/login/abc";
  // Not a terminal: no QR code.
  EXPECT_EQ(Out({"up", "--advertise-tags", "tag:a,tag:b", "--advertise-tags",
                 "tag:c", "--tailnet", "home", "--force-reauth"}),
            "\nTo sign in, open:\n\n  https://ctl.example/login/abc\n\n"
            "connected to home as alice (100.64.0.1)\n");
  EXPECT_EQ(daemon_.up_.ShortDebugString(),
            "advertise_tags: \"tag:a\" advertise_tags: \"tag:b\" "
            "advertise_tags: \"tag:c\" tailnet: \"home\" "
            "force_reauth: true");
  EXPECT_EQ(Out({"up", "--json", "--qr=false"}),
            "{\"auth_url\":\"https://ctl.example/login/abc\"}\n"
            "{\"tailnet\":\"home\",\"name\":\"alice\",\"addresses\":"
            "[\"100.64.0.1\",\"fd7a:115c:a1e0::1\"],"
            "\"waits_for_approval\":false}\n");
  EXPECT_EQ(Run({"up", "--force-reauth", "--auth-key", "k"}).exit_code, 2);
}

TEST_F(CliTest, TakesTheAuthKeyFromTheEnvironmentOrAFile) {
  Out({"up"}, {"WARREN_AUTH_KEY=from-environment"});
  EXPECT_EQ(daemon_.up_.auth_key(), "from-environment");
  std::ofstream(folder_ + "/key") << "from-file\n";
  Out({"up", "--auth-key", absl::StrCat("file:", folder_, "/key")},
      {"WARREN_AUTH_KEY=from-environment"});
  EXPECT_EQ(daemon_.up_.auth_key(), "from-file");
  const cli::ToolResult missing = Run({"up", "--auth-key", "file:/nowhere"});
  EXPECT_EQ(missing.exit_code, 1);
  EXPECT_EQ(missing.err, "warren: cannot read the auth key from /nowhere\n");
}

TEST_F(CliTest, TellsARefusalInOneLineWithoutTheKey) {
  const cli::ToolResult result = Run({"up", "--auth-key", "used"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_EQ(result.err, "warren: this auth key has been used up\n");
  EXPECT_EQ(Run({"down"}).err, "warren: only root may do this\n");
}

TEST_F(CliTest, NeverEchoesAMisspeltSecret) {
  EXPECT_EQ(Run({"up", "wkey-secret"}).exit_code, 2);
  const auto said = [&](std::vector<std::string> words) {
    return Run(std::move(words)).err;
  };
  EXPECT_EQ(said({"up", "wkey-secret"}),
            "warren: there are more words than this command takes (see warren "
            "up --help)\n");
  EXPECT_EQ(said({"up", "--auth-kye", "wkey-secret"}),
            "warren: no option --auth-kye (see warren up --help)\n");
  EXPECT_EQ(said({"up", "--auth-kye=wkey-secret"}),
            "warren: no option --auth-kye (see warren up --help)\n");
}

TEST_F(CliTest, SaysByWhichWayAPongCame) {
  EXPECT_EQ(Out({"ping", "bob"}),
            "pong from bob (100.64.0.2) via relay fra in 12 ms\n");
  EXPECT_EQ(Out({"ping", "--until-direct", "bob"}),
            "pong from bob (100.64.0.2) via relay fra in 12 ms\n"
            "pong from bob (100.64.0.2) via direct 203.0.113.20:41641 in 3.1 "
            "ms\n");
  EXPECT_TRUE(daemon_.ping_.until_direct());
  EXPECT_EQ(daemon_.ping_.count(), 10u);
}

TEST_F(CliTest, TellsThatAPingFailed) {
  const cli::ToolResult silent = Run({"ping", "-c", "1", "dave"});
  EXPECT_EQ(silent.exit_code, 1);
  EXPECT_EQ(silent.out, "no pong from dave: no answer\n");
  EXPECT_EQ(silent.err, "warren: dave did not answer\n");
  const cli::ToolResult indirect = Run({"ping", "--until-direct", "carol"});
  EXPECT_EQ(indirect.exit_code, 1);
  EXPECT_EQ(indirect.err,
            "warren: no direct way to carol was found; `warren why carol` says "
            "why\n");
  EXPECT_EQ(Run({"ping", "nobody"}).err, "warren: no peer \"nobody\"\n");
  EXPECT_EQ(Run({"ping"}).exit_code, 2);
}

TEST_F(CliTest, PrintsAddresses) {
  EXPECT_EQ(Out({"ip"}), "100.64.0.1\nfd7a:115c:a1e0::1\n");
  EXPECT_EQ(Out({"ip", "-4"}), "100.64.0.1\n");
  EXPECT_EQ(Out({"ip", "-6", "bob"}), "fd7a:115c:a1e0::2\n");
  EXPECT_EQ(Run({"ip", "eve"}).err,
            "warren: no peer \"eve\"; there are: bob, carol, dave\n");
}

TEST_F(CliTest, ShowsTheNetwork) {
  EXPECT_THAT(Out({"netcheck"}), HasSubstr("works over IPv4\n"));
  EXPECT_THAT(Out({"netcheck", "--json"}),
              HasSubstr("\"mapping_varies_by_destination\": false"));
}

TEST_F(CliTest, SaysWhyAPeerIsRelayed) {
  const std::string screen = Out({"why", "bob"});
  EXPECT_THAT(screen,
              StartsWith("bob is reached by relay fra, 12 ms: no UDP\n"));
  EXPECT_THAT(screen, EndsWith("\nTo do: let UDP out\n"));
  EXPECT_THAT(Out({"why", "bob", "--json"}),
              StartsWith("{\n  \"verdict\": \"relayed\",\n"));
  EXPECT_EQ(Run({"why", "eve"}).err,
            "warren: no peer \"eve\"; there are bob, carol, dave\n");
  EXPECT_EQ(Run({"why"}).exit_code, 2);
}

TEST_F(CliTest, TellsScriptsAllAboutPaths) {
  EXPECT_THAT(Out({"debug", "paths", "--json"}),
              StartsWith("{\n  \"peers\": [\n    {\n      \"verdict\""));
  EXPECT_EQ(daemon_.debug_peer_, "");
  EXPECT_EQ(Out({"debug", "paths", "bob"}), "no addresses to try\n");
  EXPECT_EQ(daemon_.debug_peer_, "bob");
  EXPECT_EQ(Run({"debug"}).exit_code, 2);
}

TEST_F(CliTest, LogsOut) { EXPECT_EQ(Out({"logout"}), "logged out\n"); }

TEST_F(CliTest, TellsBothVersions) {
  EXPECT_THAT(Out({"version"}), HasSubstr("warrend 0.9\n"));
  frontend_.reset();
  EXPECT_THAT(Out({"version"}), HasSubstr("warrend does not answer\n"));
}

TEST_F(CliTest, SaysThatTheDaemonIsNotRunning) {
  frontend_.reset();
  for (const char* verb : {"status", "up", "down", "netcheck"}) {
    const cli::ToolResult result = Run({verb});
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_THAT(result.err, StartsWith("warren: warrend is not running: "));
    EXPECT_THAT(result.err, HasSubstr(folder_ + "/s"));
    EXPECT_EQ(result.err.find('\n'), result.err.size() - 1);
  }
}

}  // namespace
}  // namespace warren::client
