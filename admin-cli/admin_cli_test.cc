// The real warren-admin against a server with known contents.

#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/cli/run_tool.h"
#include "io/unix_frontend.h"
#include "warren/v1/admin.grpc.pb.h"

namespace warren::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

int64_t MsFromNow(absl::Duration d) {
  return absl::ToUnixMillis(absl::Now() + d);
}

// Knows one tailnet with one of each thing, and keeps the last request.
class FakeAdmin final : public v1::Admin::Service {
 public:
  using Context = grpc::ServerContext;
  using Status = grpc::Status;

  Status GetServer(Context*, const v1::GetServerRequest*,
                   v1::ServerInfo* info) override {
    info->set_version("9.9");
    info->set_public_key(std::string(32, '\x7b'));
    info->set_num_nodes(14);
    info->set_num_online(12);
    return Status::OK;
  }
  Status ListTailnets(Context*, const v1::ListTailnetsRequest*,
                      v1::ListTailnetsResponse* all) override {
    v1::Tailnet* tailnet = all->add_tailnets();
    tailnet->set_id(11);
    tailnet->set_name("home");
    tailnet->set_created_ms(MsFromNow(-absl::Hours(50)));
    tailnet->set_num_users(2);
    tailnet->set_num_nodes(3);
    return Status::OK;
  }
  Status ListUsers(Context*, const v1::ListRequest* request,
                   v1::ListUsersResponse* all) override {
    Keep(*request);
    if (request->tailnet() == "empty") return Status::OK;
    v1::User* user = all->add_users();
    user->set_id(21);
    user->set_login("alice");
    user->set_display_name("Alice \x1b[31m");
    user->set_num_nodes(1);
    return Status::OK;
  }
  Status CreateUser(Context*, const v1::CreateUserRequest* request,
                    v1::User* user) override {
    Keep(*request);
    if (request->login() == "alice") {
      return Status(grpc::StatusCode::ALREADY_EXISTS,
                    "there is a user alice already");
    }
    user->set_id(22);
    user->set_login(request->login());
    return Status::OK;
  }
  Status ListNodes(Context*, const v1::ListRequest* request,
                   v1::ListNodesResponse* all) override {
    Keep(*request);
    *all->add_nodes() = Bob();
    return Status::OK;
  }
  Status GetNode(Context*, const v1::GetRequest* request,
                 v1::AdminNode* node) override {
    Keep(*request);
    if (request->ref() != "bob") {
      return Status(grpc::StatusCode::NOT_FOUND,
                    "no node \"rob\"; there are: bob");
    }
    *node = Bob();
    return Status::OK;
  }
  Status SetNodeExpiry(Context*, const v1::SetNodeExpiryRequest* request,
                       v1::AdminNode* node) override {
    Keep(*request);
    *node = Bob();
    node->mutable_node()->set_key_expiry_ms(request->key_expiry_ms());
    return Status::OK;
  }
  Status DeleteNode(Context*, const v1::DeleteRequest* request,
                    v1::DeleteResponse* response) override {
    Keep(*request);
    response->set_deleted(request->ref());
    return Status::OK;
  }
  Status CreateAuthKey(Context*, const v1::CreateAuthKeyRequest* request,
                       v1::CreateAuthKeyResponse* response) override {
    Keep(*request);
    response->set_secret("wkey-abc-SECRET");
    response->mutable_key()->set_id(41);
    response->mutable_key()->set_prefix("wkey-abc");
    return Status::OK;
  }
  Status ListAuthKeys(Context*, const v1::ListRequest*,
                      v1::ListAuthKeysResponse* all) override {
    const auto add = [&](int64_t id, const char* prefix) {
      v1::AuthKey* key = all->add_keys();
      key->set_id(id);
      key->set_prefix(prefix);
      key->set_user_login("alice");
      key->set_expires_ms(MsFromNow(absl::Hours(72) + absl::Minutes(1)));
      return key;
    };
    add(41, "wkey-abc");
    add(42, "wkey-def")->set_num_uses(1);
    add(43, "wkey-ghi")->set_revoked_ms(MsFromNow(-absl::Minutes(5)));
    v1::AuthKey* old = add(44, "wkey-jkl");
    old->set_reusable(true);
    old->set_expires_ms(MsFromNow(-absl::Hours(3)));
    return Status::OK;
  }
  Status ListRelays(Context*, const v1::ListRequest*,
                    v1::ListRelaysResponse* all) override {
    v1::RelayRegion* region = all->add_regions();
    region->set_id(7);
    region->set_code("fra");
    region->set_name("Frankfurt");
    region->add_nodes()->set_hostname("fra.example");
    return Status::OK;
  }
  Status PutRelay(Context*, const v1::PutRelayRequest* request,
                  v1::RelayRegion* region) override {
    Keep(*request);
    *region = request->region();
    return Status::OK;
  }
  Status ListAudit(Context*, const v1::ListAuditRequest* request,
                   v1::ListAuditResponse* all) override {
    Keep(*request);
    v1::AuditEntry* entry = all->add_entries();
    entry->set_time_ms(MsFromNow(-absl::Minutes(2)));
    entry->set_actor("uid 0");
    entry->set_action("node.rename");
    entry->set_target("bob");
    entry->set_before("rob");
    entry->set_after("bob");
    return Status::OK;
  }

  std::string last_request_;

 private:
  static v1::AdminNode Bob() {
    v1::AdminNode admin;
    admin.set_approved(true);
    v1::Node& node = *admin.mutable_node();
    node.set_id(31);
    node.set_name("bob");
    node.add_addresses("100.64.0.2");
    node.add_addresses("fd7a:115c:a1e0::2");
    node.set_user_login("alice");
    node.set_os("linux");
    node.set_last_seen_ms(MsFromNow(-absl::Seconds(125)));
    node.set_key_expiry_ms(MsFromNow(absl::Hours(24 * 90)));
    node.set_node_key(std::string(32, '\x01'));
    admin.set_machine_key(std::string(32, '\x02'));
    admin.set_client_version("0.1.0");
    admin.set_created_ms(1'700'000'000'000);
    return admin;
  }
  void Keep(const google::protobuf::Message& request) {
    last_request_ = request.ShortDebugString();
  }
};

class AdminCliTest : public ::testing::Test {
 protected:
  AdminCliTest() {
    char folder[] = "/tmp/warren-admin-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    server_ = grpc::ServerBuilder().RegisterService(&admin_).BuildAndStart();
    io::UnixFrontendOptions options;
    options.path = folder_ + "/s";
    frontend_ = *io::UnixFrontend::Start(options, *server_, nullptr, peers_);
  }
  ~AdminCliTest() override {
    frontend_.reset();
    server_->Shutdown(std::chrono::system_clock::now());
    rmdir(folder_.c_str());
  }
  cli::ToolResult Run(std::vector<std::string> words) {
    words.insert(words.begin(), {"--socket", folder_ + "/s"});
    return cli::RunTool("admin-cli/warren-admin", std::move(words));
  }
  // What it prints when all is well.
  std::string Out(std::vector<std::string> words) {
    const cli::ToolResult result = Run(std::move(words));
    EXPECT_EQ(result.exit_code, 0) << result.err;
    EXPECT_EQ(result.err, "");
    return result.out;
  }

  std::string folder_;
  io::UnixPeers peers_;
  FakeAdmin admin_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<io::UnixFrontend> frontend_;
};

TEST_F(AdminCliTest, ShowsTheServer) {
  EXPECT_EQ(Out({"server", "show"}),
            absl::StrCat("version:  9.9\n"
                         "key:      mkey:",
                         absl::StrJoin(std::vector<std::string>(32, "7b"), ""),
                         "\n"
                         "nodes:    14, 12 online\n"));
}

TEST_F(AdminCliTest, ListsTailnets) {
  EXPECT_EQ(Out({"tailnet", "list"}),
            "ID  NAME  USERS  NODES  CREATED\n"
            "11  home  2      3      2 days ago\n");
}

TEST_F(AdminCliTest, ListsNodesForPeople) {
  EXPECT_EQ(
      Out({"node", "list"}),
      "ID  NAME  ADDRESS     OWNER  SEEN       KEY EXPIRES  OS     CLIENT\n"
      "31  bob   100.64.0.2  alice  2 min ago  in 90 days   linux  0.1.0\n");
}

TEST_F(AdminCliTest, ListsNodesForScripts) {
  const std::string json = Out({"node", "list", "--json"});
  EXPECT_THAT(json,
              StartsWith("[\n  {\n    \"id\": 31,\n    \"name\": \"bob\""));
  EXPECT_THAT(json, HasSubstr("\"created\": \"2023-11-14T22:13:20Z\""));
  EXPECT_THAT(json, HasSubstr("\"addresses\": [\n      \"100.64.0.2\""));
}

TEST_F(AdminCliTest, PassesTheTailnetAndTheFilterOn) {
  Out({"--tailnet", "home", "node", "list", "--user", "alice"});
  EXPECT_EQ(admin_.last_request_, "tailnet: \"home\" user: \"alice\"");
}

TEST_F(AdminCliTest, DisarmsWhatTheServerSays) {
  EXPECT_THAT(Out({"user", "list"}), HasSubstr("Alice ?[31m"));
}

TEST_F(AdminCliTest, SaysWhatToDoWhenThereIsNothing) {
  EXPECT_EQ(Out({"--tailnet", "empty", "user", "list"}),
            "no users yet: `warren-admin server owner-link` makes a link for "
            "the owner, `warren-admin user create LOGIN` a user\n");
  EXPECT_EQ(Out({"--json", "--tailnet", "empty", "user", "list"}), "[]\n");
}

TEST_F(AdminCliTest, CreatesAUser) {
  EXPECT_EQ(Out({"user", "create", "bob", "--display-name", "Bob"}),
            "created user bob (id 22)\n");
  EXPECT_EQ(admin_.last_request_, "login: \"bob\" display_name: \"Bob\"");
}

TEST_F(AdminCliTest, TellsARefusalInOneLine) {
  const cli::ToolResult exists = Run({"user", "create", "alice"});
  EXPECT_EQ(exists.exit_code, 1);
  EXPECT_EQ(exists.out, "");
  EXPECT_EQ(exists.err, "warren-admin: there is a user alice already\n");
  const cli::ToolResult unknown = Run({"node", "show", "rob"});
  EXPECT_EQ(unknown.err, "warren-admin: no node \"rob\"; there are: bob\n");
  const cli::ToolResult nobody = Run({"user", "show", "carol"});
  EXPECT_EQ(nobody.err, "warren-admin: no user \"carol\"; there are: alice\n");
}

TEST_F(AdminCliTest, TellsAMisuseInOneLine) {
  const cli::ToolResult result = Run({"node", "rename", "bob"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("see warren-admin node rename --help"));
  EXPECT_EQ(result.err.find('\n'), result.err.size() - 1);
}

TEST_F(AdminCliTest, FindsThingsByNameAndById) {
  EXPECT_THAT(Out({"user", "show", "alice"}), HasSubstr("login:       alice"));
  EXPECT_THAT(Out({"user", "show", "21"}), HasSubstr("login:       alice"));
  EXPECT_THAT(Out({"key", "show", "wkey-abc"}), HasSubstr("id:           41"));
}

TEST_F(AdminCliTest, PrintsANewSecretAloneAndOnce) {
  EXPECT_EQ(Out({"key", "create", "--user", "alice", "--reusable", "--tag",
                 "tag:a", "--tag", "tag:b", "--expires", "1h"}),
            "wkey-abc-SECRET\n");
  EXPECT_EQ(admin_.last_request_,
            "user: \"alice\" reusable: true tags: \"tag:a\" tags: \"tag:b\" "
            "lifetime_ms: 3600000");
  EXPECT_THAT(Out({"--json", "key", "create", "--user", "alice"}),
              StartsWith("{\n  \"secret\": \"wkey-abc-SECRET\",\n  \"key\": "
                         "{\n    \"id\": 41,"));
}

TEST_F(AdminCliTest, SaysWhichKeysStillWork) {
  EXPECT_EQ(
      Out({"key", "list"}),
      "ID  KEY          USER   KIND        TAGS  STATE                USES  "
      "DESCRIPTION\n"
      "41  wkey-abc...  alice  single use        expires in 3 days    0\n"
      "42  wkey-def...  alice  single use        used                 1\n"
      "43  wkey-ghi...  alice  single use        revoked 5 min ago    0\n"
      "44  wkey-jkl...  alice  reusable          expired 3 hours ago  0\n");
}

TEST_F(AdminCliTest, DeletesOnlyWhenAgreed) {
  const cli::ToolResult unasked = Run({"node", "delete", "bob"});
  EXPECT_EQ(unasked.exit_code, 2);
  EXPECT_THAT(unasked.err, HasSubstr("--yes"));
  EXPECT_EQ(admin_.last_request_, "");
  EXPECT_EQ(Out({"node", "delete", "bob", "--yes"}), "deleted node bob\n");
  EXPECT_EQ(admin_.last_request_, "ref: \"bob\"");
}

TEST_F(AdminCliTest, SetsWhenANodeExpires) {
  EXPECT_EQ(Out({"node", "set-expiry", "bob", "--never"}),
            "node bob: its key expires never\n");
  EXPECT_EQ(Out({"node", "set-expiry", "bob", "--in", "30d"}),
            "node bob: its key expires in 30 days\n");
  EXPECT_EQ(Run({"node", "set-expiry", "bob"}).exit_code, 2);
  EXPECT_EQ(Run({"node", "set-expiry", "bob", "--in", "soon"}).exit_code, 2);
}

TEST_F(AdminCliTest, CreatesARelayRegion) {
  EXPECT_EQ(Out({"relay", "create", "--code", "lab", "--name", "Lab relay",
                 "--hostname", "203.0.113.3", "--ipv4", "203.0.113.3",
                 "--derp-port", "80", "--plain-http"}),
            "created relay lab (id 8)\n");
  EXPECT_EQ(admin_.last_request_,
            "region { id: 8 code: \"lab\" name: \"Lab relay\" nodes { name: "
            "\"81\" hostname: \"203.0.113.3\" ipv4: \"203.0.113.3\" "
            "derp_port: 80 plain_http: true } }");
}

TEST_F(AdminCliTest, DoesNotReplaceARelayByAccident) {
  const cli::ToolResult result =
      Run({"relay", "create", "--id", "7", "--code", "ams", "--hostname", "a"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("there is a relay fra (id 7) already"));
}

TEST_F(AdminCliTest, ListsTheAudit) {
  EXPECT_EQ(Out({"audit", "list", "-n", "5"}),
            "WHEN       WHO    FROM  DID          TO   BEFORE  AFTER\n"
            "2 min ago  uid 0        node.rename  bob  rob     bob\n");
  EXPECT_EQ(admin_.last_request_, "limit: 5");
}

TEST_F(AdminCliTest, SaysThatNobodyAnswers) {
  frontend_.reset();
  const cli::ToolResult result = Run({"node", "list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("warren-control does not answer"));
  EXPECT_THAT(result.err, HasSubstr(folder_ + "/s"));
}

TEST_F(AdminCliTest, CompletesWordsAndScripts) {
  EXPECT_THAT(
      cli::RunTool("admin-cli/warren-admin", {"__complete", "node"}).out,
      HasSubstr("list\n"));
  EXPECT_THAT(Out({"completion", "bash"}),
              HasSubstr("complete -o default -F _warren_admin warren-admin"));
  EXPECT_THAT(Out({"completion", "zsh"}), HasSubstr("#compdef warren-admin"));
  EXPECT_THAT(Out({"completion", "fish"}),
              HasSubstr("complete -c warren-admin"));
  EXPECT_EQ(Run({"completion", "tcsh"}).exit_code, 2);
}

TEST_F(AdminCliTest, SaysErrorsAsJson) {
  frontend_.reset();
  const cli::ToolResult result = Run({"--json", "node", "list"});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.out, "");
  EXPECT_THAT(result.err, HasSubstr("\"code\": \"UNAVAILABLE\""));
}

TEST_F(AdminCliTest, WantsASecretOutOfSight) {
  const std::string secret = "wapi-0123456789-secret";
  const cli::ToolResult result =
      Run({"--server", "https://127.0.0.1:1", "--api-key", secret, "whoami"});
  EXPECT_EQ(result.exit_code, 2);
  EXPECT_THAT(result.err, HasSubstr("file:PATH"));
  EXPECT_EQ(result.err.find(secret), std::string::npos);
  const cli::ToolResult none =
      Run({"--server", "https://127.0.0.1:1", "whoami"});
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("WARREN_API_KEY"));
  const cli::ToolResult clear =
      Run({"--server", "http://192.0.2.1", "--api-key", "env:PATH", "whoami"});
  EXPECT_EQ(clear.exit_code, 2);
}

}  // namespace
}  // namespace warren::admin
