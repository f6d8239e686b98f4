// `warren-admin policy`: on files alone, and against a server that keeps what
// it is asked.

#include <grpcpp/server_builder.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "io/cli/run_tool.h"
#include "io/unix_frontend.h"
#include "warren/v1/admin.grpc.pb.h"

namespace warren::admin {
namespace {

using ::testing::HasSubstr;

constexpr char kPolicy[] = R"(// ours
{
  "groups": {"group:ops": ["alice@x.org"]},
  "tagOwners": {"tag:web": []},
  "acls": [
    {"action":"accept","src":["group:ops"],"dst":["tag:web:22"]}, // ops
  ],
  "tests": [{"src": "alice@x.org", "accept": ["tag:web:22"]}],
}
)";

constexpr char kTopology[] = R"({
  "users": [{"name": "alice", "email": "alice@x.org"}, {"name": "bob"}],
  "nodes": {"laptop": {"user": "alice", "ipv4": "100.64.0.1"},
            "desk": {"user": "bob", "ipv4": "100.64.0.3"},
            "web": {"tags": ["tag:web"], "ipv4": "100.64.0.11"}}})";

class FakeAdmin final : public v1::Admin::Service {
 public:
  using Context = grpc::ServerContext;
  using Status = grpc::Status;

  Status GetPolicy(Context*, const v1::GetPolicyRequest* request,
                   v1::PolicyVersion* version) override {
    version->set_version(request->version() == 0 ? 7 : request->version());
    version->set_text(kPolicy);
    return Status::OK;
  }
  Status SetPolicy(Context*, const v1::SetPolicyRequest* request,
                   v1::SetPolicyResponse* response) override {
    set_ = *request;
    if (request->text().empty()) {
      return Status(grpc::StatusCode::INVALID_ARGUMENT,
                    "line 1, column 2: first\nline 3, column 4: second\n");
    }
    response->mutable_version()->set_version(8);
    return Status::OK;
  }
  Status CheckPolicy(Context*, const v1::CheckPolicyRequest*,
                     v1::CheckPolicyResponse* response) override {
    response->set_locks_out(true);
    return Status::OK;
  }
  Status ListPolicyVersions(Context*, const v1::ListPolicyVersionsRequest*,
                            v1::ListPolicyVersionsResponse* all) override {
    v1::PolicyVersion* version = all->add_versions();
    version->set_version(7);
    version->set_author("alice");
    version->set_note("for the audit");
    return Status::OK;
  }
  Status RollbackPolicy(Context*, const v1::RollbackPolicyRequest* request,
                        v1::SetPolicyResponse* response) override {
    rolled_back_to_ = request->version();
    response->mutable_version()->set_version(9);
    return Status::OK;
  }
  Status GetTopology(Context*, const v1::GetTopologyRequest*,
                     v1::Topology* topology) override {
    v1::TopologyUser* user = topology->add_users();
    user->set_id(1);
    user->set_login("alice@x.org");
    v1::TopologyNode* laptop = topology->add_nodes();
    laptop->set_id(1);
    laptop->set_name("laptop");
    laptop->set_user_id(1);
    laptop->set_ipv4("100.64.0.1");
    v1::TopologyNode* web = topology->add_nodes();
    web->set_id(2);
    web->set_name("web");
    web->set_ipv4("100.64.0.2");
    web->add_tags("tag:web");
    return Status::OK;
  }

  v1::SetPolicyRequest set_;
  uint64_t rolled_back_to_ = 0;
};

class PolicyCliTest : public ::testing::Test {
 protected:
  PolicyCliTest() {
    char folder[] = "/tmp/warren-policy-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    policy_ = Write("p.hujson", kPolicy);
    topology_ = Write("t.json", kTopology);
    server_ = grpc::ServerBuilder().RegisterService(&admin_).BuildAndStart();
    io::UnixFrontendOptions options;
    options.path = folder_ + "/s";
    frontend_ = *io::UnixFrontend::Start(options, *server_, nullptr, peers_);
  }
  ~PolicyCliTest() override {
    frontend_.reset();
    server_->Shutdown(std::chrono::system_clock::now());
    std::filesystem::remove_all(folder_);
  }
  std::string Write(const std::string& name, const std::string& text) {
    const std::string path = folder_ + "/" + name;
    std::ofstream(path) << text;
    return path;
  }
  static std::string Read(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  cli::ToolResult Run(std::vector<std::string> words, bool online = false) {
    words.insert(words.begin(), "policy");
    const std::string socket = online ? folder_ + "/s" : "/nonexistent";
    words.insert(words.begin(), {"--socket", socket});
    return cli::RunTool("admin-cli/warren-admin", std::move(words));
  }
  std::string Out(std::vector<std::string> words, bool online = false) {
    const cli::ToolResult result = Run(std::move(words), online);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  }

  std::string folder_, policy_, topology_;
  io::UnixPeers peers_;
  FakeAdmin admin_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<io::UnixFrontend> frontend_;
};

TEST_F(PolicyCliTest, AFolderIsNoFile) {
  for (const char* verb : {"compile", "check"}) {
    const cli::ToolResult result = Run({verb, folder_});
    EXPECT_EQ(result.exit_code, 1) << verb;
    EXPECT_THAT(result.err, HasSubstr("cannot read " + folder_)) << verb;
  }
}

TEST_F(PolicyCliTest, ChecksAFileWithoutAServer) {
  EXPECT_EQ(Out({"check", policy_}), "sound\n");
  const std::string bad = Write("bad", "{\n  \"alcs\": []\n}");
  const cli::ToolResult result = Run({"check", bad});
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err,
            bad + ":2:3: unknown field \"alcs\" (did you mean \"acls\"?)\n" +
                "warren-admin: " + bad + " has 1 problem\n");
  const cli::ToolResult json = Run({"check", bad, "--json"});
  EXPECT_EQ(json.exit_code, 1);
  EXPECT_THAT(json.out, HasSubstr("\"line\": 2"));
}

TEST_F(PolicyCliTest, RunsTests) {
  EXPECT_EQ(Out({"test", policy_, "--topology", topology_}), "1 test holds\n");
  std::string text = kPolicy;
  text.replace(text.find("\"accept\": [\"tag:web:22\"]"), 8, "\"deny\"");
  const cli::ToolResult failed =
      Run({"test", Write("f", text), "--topology", topology_});
  EXPECT_EQ(failed.exit_code, 1);
  EXPECT_THAT(failed.err, HasSubstr("test(s) failed"));
}

TEST_F(PolicyCliTest, AnswersWhoMayByWhichLine) {
  const std::vector<std::string> files = {"--file", policy_, "--topology",
                                          topology_};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), files.begin(), files.end());
    return words;
  };
  const char kRule[] =
      "line 6: {\"action\":\"accept\",\"src\":[\"group:ops\"],"
      "\"dst\":[\"tag:web:22\"]}, // ops";
  EXPECT_EQ(Out(with({"can", "alice", "web:22"})),
            std::string("laptop -> web: yes, by ") + kRule + "\n");
  const cli::ToolResult no = Run(with({"can", "bob", "web:22/tcp"}));
  EXPECT_EQ(no.exit_code, 1);
  EXPECT_EQ(no.out, "desk -> web: no\n");
  EXPECT_EQ(no.err, "warren-admin: no: bob may not reach web:22/tcp\n");
  EXPECT_EQ(Out(with({"who", "tag:web"})),
            std::string("FROM    TO   BY\nlaptop  web  ") + kRule + "\n");
  EXPECT_EQ(Out(with({"who", "laptop"})), "nobody\n");
  EXPECT_EQ(Run(with({"can", "nobody", "web"})).err,
            "warren-admin: no device is \"nobody\"\n");
}

TEST_F(PolicyCliTest, TellsWhatChanges) {
  const std::string closed =
      Write("c", R"({"acls": [], "tagOwners": {"tag:web": []}})");
  EXPECT_EQ(Out({"diff", policy_, closed, "--topology", topology_}),
            "opens:  alice@x.org (laptop) -> tag:web (web): 22\n");
  EXPECT_EQ(Out({"diff", policy_, policy_, "--topology", topology_}),
            "nothing changes for any device\n");
  EXPECT_EQ(Out({"diff", closed}, true),
            "closes: alice@x.org (laptop) -> tag:web (web): 22\n");
}

TEST_F(PolicyCliTest, FormatsAndKeepsComments) {
  const std::string out = Out({"fmt", policy_});
  EXPECT_THAT(out, HasSubstr("// ours\n{\n\t\"groups\""));
  EXPECT_THAT(out, HasSubstr("\"dst\": [\"tag:web:22\"]}, // ops\n"));
  EXPECT_EQ(Read(policy_), kPolicy);
  EXPECT_EQ(Out({"fmt", "--write", policy_}), "");
  EXPECT_EQ(Read(policy_), out);
}

TEST_F(PolicyCliTest, GetsSetsAndRollsBackAtTheServer) {
  EXPECT_EQ(Out({"get"}, true), kPolicy);
  EXPECT_EQ(Out({"set", policy_, "--base", "7", "--note", "why"}, true),
            "policy version 8 is in force\n");
  EXPECT_EQ(admin_.set_.text(), kPolicy);
  EXPECT_EQ(admin_.set_.base_version(), 7u);
  EXPECT_FALSE(admin_.set_.any_base());
  EXPECT_FALSE(admin_.set_.force());
  Out({"set", policy_, "--force"}, true);
  EXPECT_TRUE(admin_.set_.any_base() && admin_.set_.force());
  EXPECT_EQ(Out({"history"}, true),
            "VERSION  WHEN  BY     NOTE\n"
            "7        -     alice  for the audit\n");
  EXPECT_EQ(Out({"rollback", "3", "--yes"}, true),
            "policy version 9 is in force\n");
  EXPECT_EQ(admin_.rolled_back_to_, 3u);
  EXPECT_THAT(Out({"check", policy_, "--online"}, true),
              HasSubstr("lock you out"));
}

TEST_F(PolicyCliTest, TellsARefusalAProblemALine) {
  const std::string empty = Write("e", "");
  const cli::ToolResult result = Run({"set", empty}, true);
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_EQ(result.err,
            empty + ": line 1, column 2: first\n" + empty +
                ": line 3, column 4: second\nwarren-admin: " + empty +
                " was refused; the policy in force is as it was\n");
}

TEST_F(PolicyCliTest, SaysWhatIsWrongWithTheCommand) {
  EXPECT_EQ(Run({"set"}).exit_code, 2);
  EXPECT_EQ(Run({"rollback", "x", "--yes"}, true).exit_code, 2);
  EXPECT_EQ(Run({"set", policy_, "--base", "new"}, true).exit_code, 2);
  EXPECT_EQ(Run({"rollback", "3"}, true).exit_code, 2) << "nobody to ask";
  EXPECT_EQ(Run({"check", folder_ + "/none"}).exit_code, 1);
  EXPECT_EQ(Run({"diff", policy_, "--topology", policy_}).exit_code, 1);
}

}  // namespace
}  // namespace warren::admin
