// A server, its state folder, and what goes wrong with them.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "control/server_test_client.h"
#include "control/store/backup.h"
#include "control/store/database_file.h"
#include "control/store/schema.h"
#include "io/cli/run_tool.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;
constexpr char kProgram[] = "control/warren-control";

class UpkeepTest : public testing::Test {
 protected:
  UpkeepTest() {
    char name[] = "/tmp/warren-upkeep-test-XXXXXX";
    folder_ = mkdtemp(name);
    state_ = folder_ + "/state";
    backup_ = folder_ + "/backup.db";
  }
  ~UpkeepTest() override {
    Stop();
    fs::remove_all(folder_);
  }
  ServerOptions Options() const {
    ServerOptions options;
    options.state_folder = state_;
    options.admin_socket = folder_ + "/admin.sock";
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
    return options;
  }
  void Start() {
    auto started = Server::Start(Options());
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    admin_ = std::make_unique<TestAdmin>(Options().admin_socket);
  }
  void Stop() {
    admin_.reset();
    server_.reset();
  }
  // Why it does not start.
  std::string Refusal() {
    const auto started = Server::Start(Options());
    EXPECT_EQ(started.status().code(), absl::StatusCode::kFailedPrecondition);
    return std::string(started.status().message());
  }
  std::string Database() const { return DatabasePath(state_); }
  void LoseTheDatabase() {
    for (const char* suffix : {"", "-wal", "-shm"}) {
      fs::remove(Database() + suffix);
    }
  }
  grpc::Status Backup(const std::string& path) {
    v1::BackupServerRequest request;
    request.set_path(path);
    v1::BackupServerResponse made;
    const auto status =
        admin_->Try(&v1::Admin::Stub::BackupServer, request, &made);
    if (status.ok()) {
      EXPECT_EQ(made.size_bytes(), fs::file_size(path));
    }
    return status;
  }
  cli::ToolResult Run(std::vector<std::string> words) {
    words.insert(words.begin() + 1, {"--state-dir", state_});
    return cli::RunTool(kProgram, std::move(words));
  }

  std::string folder_, state_, backup_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TestAdmin> admin_;
};

TEST_F(UpkeepTest, AfterARestoreEverybodyIsThereWithoutALogin) {
  Start();
  admin_->CreateUser("alice");
  const std::string used = admin_->CreateKey("alice", false);
  const std::string unused = admin_->CreateKey("alice", false);
  std::vector<std::unique_ptr<TestNode>> nodes;
  for (int n = 0; n < 4; ++n) {
    nodes.push_back(std::make_unique<TestNode>(*server_));
    const std::string key = n == 0 ? used : admin_->CreateKey("alice", false);
    ASSERT_TRUE(nodes.back()->Register(key).ok());
  }
  EXPECT_FALSE(Backup("relative").ok());
  ASSERT_TRUE(Backup(backup_).ok());
  EXPECT_EQ(Backup(backup_).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  const std::string before = admin_->Nodes().SerializeAsString();
  admin_->DeleteNode("laptop");
  Stop();
  LoseTheDatabase();

  EXPECT_NE(Refusal().find("restore --from"), std::string::npos);
  EXPECT_FALSE(fs::exists(Database()));
  ASSERT_EQ(Run({"restore", "--from", backup_}).exit_code, 0);
  Start();
  EXPECT_EQ(admin_->Nodes().SerializeAsString(), before);
  for (const auto& node : nodes) {
    const auto address = node->registered().node().addresses(0);
    node->Dial(*server_);
    ASSERT_TRUE(node->Register("").ok());
    EXPECT_EQ(node->registered().node().addresses(0), address);
    EXPECT_TRUE(node->Watch()->ReadUntilPeers(3));
  }
  // A key that was used up stays so, one that was not is as good as before.
  TestNode late(*server_);
  EXPECT_FALSE(late.Register(used).ok());
  EXPECT_TRUE(late.Register(unused).ok());
}

TEST_F(UpkeepTest, TheDatabaseOfAnotherServerIsRefused) {
  Start();
  ASSERT_TRUE(Backup(backup_).ok());
  Stop();
  state_ = folder_ + "/other";
  Start();
  Stop();
  ASSERT_TRUE(RestoreDatabase(state_, backup_, "now").ok());
  EXPECT_NE(Refusal().find("control.key is not the one"), std::string::npos);
  const auto told = Run({"doctor"});
  EXPECT_EQ(told.exit_code, 1);
  EXPECT_NE(told.out.find("control.key is not the one"), std::string::npos);
}

TEST_F(UpkeepTest, BeginsAnewOnlyWhenTold) {
  Start();
  admin_->CreateUser("alice");
  const crypto::MachineKey key = server_->public_key();
  Stop();
  LoseTheDatabase();
  EXPECT_NE(Refusal().find("--begin-anew"), std::string::npos);
  ServerOptions options = Options();
  options.begin_anew = true;
  const auto started = Server::Start(options);
  ASSERT_TRUE(started.ok()) << started.status();
  EXPECT_EQ((*started)->public_key(), key);
}

TEST_F(UpkeepTest, TheDoctorFindsWhatIsWrongAlsoBesideAServer) {
  EXPECT_NE(Run({"doctor"}).out.find("no state folder"), std::string::npos);
  Start();
  const auto well = Run({"doctor"});
  EXPECT_EQ(well.exit_code, 0) << well.out;
  EXPECT_NE(well.out.find("a server is running"), std::string::npos);
  EXPECT_NE(well.out.find("control.db is sound"), std::string::npos);
  EXPECT_NE(well.out.find("has no active owner"), std::string::npos);
  Stop();
  fs::permissions(state_ + "/control.key", fs::perms(0644));
  std::fstream(Database(), std::ios::in | std::ios::out).seekp(4096)
      << std::string(4096, 'x');
  const auto ill = Run({"doctor"});
  EXPECT_EQ(ill.exit_code, 1);
  EXPECT_NE(ill.out.find("no server is running"), std::string::npos);
  EXPECT_NE(ill.out.find("BAD  other users may open control.key"),
            std::string::npos)
      << ill.out;
  EXPECT_NE(ill.out.find("restore --from"), std::string::npos);
}

TEST_F(UpkeepTest, GoesBackAndForthBetweenSchemas) {
  Start();
  admin_->CreateUser("alice");
  admin_->CreateKey("alice", true);
  const auto running = Run({"downgrade", "--to-schema", "1"});
  EXPECT_EQ(running.exit_code, 1);
  EXPECT_NE(running.err.find("is running"), std::string::npos);
  Stop();
  EXPECT_EQ(Run({"upgrade", "--check"}).exit_code, 0);
  {
    auto database =
        *SqlConnection::Open(Database(), SqlConnection::Mode::kWrite);
    ASSERT_TRUE(database.Run("UPDATE users SET role = 4").ok());
  }
  const auto refused = Run({"downgrade", "--to-schema", "1"});
  EXPECT_EQ(refused.exit_code, 1);
  EXPECT_NE(refused.err.find("1 roles of users"), std::string::npos)
      << refused.err;
  const auto forced = Run({"downgrade", "--to-schema", "1", "--force"});
  EXPECT_EQ(forced.exit_code, 0) << forced.err;
  const auto plan = Run({"upgrade", "--check"});
  EXPECT_EQ(plan.exit_code, 0);
  EXPECT_NE(plan.out.find("schema 2: roles"), std::string::npos) << plan.out;
  // What was lost is in the copy.
  const std::string copy = Database() + ".schema2-before-1";
  EXPECT_EQ(Run({"restore", "--from", copy}).exit_code, 0);
  auto database = *SqlConnection::Open(Database(), SqlConnection::Mode::kRead);
  EXPECT_EQ(*database.QueryInt("SELECT role FROM users"), 4);
}

TEST_F(UpkeepTest, ALockedDatabaseIsSaidToBeLockedAndNothingIsLost) {
  Start();
  admin_->CreateUser("alice");
  {
    auto other = *SqlConnection::Open(Database(), SqlConnection::Mode::kWrite);
    const auto held = SqlTransaction::Begin(other);
    ASSERT_TRUE(held.ok());
    v1::CreateUserRequest request;
    request.set_login("bob");
    v1::User user;
    const auto status =
        admin_->Try(&v1::Admin::Stub::CreateUser, request, &user);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_NE(status.error_message().find("locked"), std::string::npos);
    admin_->Nodes();
  }
  admin_->CreateUser("bob");
}

}  // namespace
}  // namespace warren::control
