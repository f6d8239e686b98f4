// The real warren-control: how it starts, refuses to start, and ends.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "control/server_test_client.h"
#include "io/cli/run_tool.h"
#include "io/fd.h"

namespace warren::control {
namespace {

namespace fs = std::filesystem;
constexpr char kProgram[] = "control/warren-control";
constexpr int kPatienceMs = 20'000;

// One run of `warren-control serve` on a free port.
class ServeProcess {
 public:
  explicit ServeProcess(const std::string& folder) {
    std::vector<std::string> words = {
        kProgram,   "serve",       "--state-dir",    folder,
        "--listen", "127.0.0.1:0", "--admin-socket", folder + "/admin.sock"};
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    int ends[2];
    WARREN_CHECK(pipe2(ends, O_CLOEXEC) == 0);
    log_fd_.Reset(ends[0]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
    WARREN_CHECK(posix_spawn(&pid_, kProgram, &actions, nullptr, argv.data(),
                             environ) == 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    ReadLogUntil("info started");
  }
  ~ServeProcess() {
    if (pid_ > 0) End(SIGKILL);
  }
  // The exit code, or -1 when the signal ended it.
  int End(int signal) {
    kill(pid_, signal);
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    ReadLogUntil("nothing that is ever written");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  const std::string& log() const { return log_; }
  // Its files may not grow beyond `bytes` from here on.
  void LimitFiles(rlim_t bytes) {
    const rlimit limit{bytes, RLIM_INFINITY};
    WARREN_CHECK(prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr) == 0);
  }

 private:
  void ReadLogUntil(const std::string& text) {
    std::array<char, 4096> buffer;
    while (log_.find(text) == std::string::npos) {
      pollfd ready{log_fd_.get(), POLLIN, 0};
      if (poll(&ready, 1, kPatienceMs) <= 0) return;
      const ssize_t n = read(log_fd_.get(), buffer.data(), buffer.size());
      if (n <= 0) return;
      log_.append(buffer.data(), static_cast<size_t>(n));
    }
  }

  pid_t pid_ = -1;
  io::Fd log_fd_;
  std::string log_;
};

class ControlProcessTest : public testing::Test {
 protected:
  ControlProcessTest() {
    char name[] = "/tmp/warren-control-test-XXXXXX";
    folder_ = mkdtemp(name);
    state_ = folder_ + "/state";
  }
  ~ControlProcessTest() override { fs::remove_all(folder_); }

  cli::ToolResult Run(std::vector<std::string> words) {
    return cli::RunTool(kProgram, std::move(words));
  }
  cli::ToolResult Serve(const std::string& listen = "127.0.0.1:0") {
    return Run({"serve", "--state-dir", state_, "--listen", listen,
                "--admin-socket", folder_ + "/admin.sock"});
  }
  // Refused with exit code 1 and one line that has `part`.
  static void ExpectRefused(const cli::ToolResult& result,
                            const std::string& part) {
    EXPECT_EQ(result.exit_code, 1);
    EXPECT_EQ(std::count(result.err.begin(), result.err.end(), '\n'), 1)
        << result.err;
    EXPECT_EQ(result.err.rfind("warren-control: ", 0), 0u) << result.err;
    EXPECT_NE(result.err.find(part), std::string::npos) << result.err;
  }

  std::string folder_;
  std::string state_;
};

TEST_F(ControlProcessTest, TellsItsVersionAndHelp) {
  EXPECT_EQ(Run({"--version"}).exit_code, 0);
  const auto help = Run({"serve", "--help"});
  EXPECT_EQ(help.exit_code, 0);
  EXPECT_NE(help.out.find("--state-dir"), std::string::npos);
  EXPECT_NE(Run({}).exit_code, 0);
}

TEST_F(ControlProcessTest, StartsServesAndEndsOnSigterm) {
  ServeProcess server(state_);
  TestAdmin admin(state_ + "/admin.sock");
  admin.CreateUser("alice");
  EXPECT_EQ(server.End(SIGTERM), 0);
  EXPECT_FALSE(fs::exists(state_ + "/admin.sock"));
  EXPECT_EQ(Run({"doctor", "--state-dir", state_}).exit_code, 0);
}

TEST_F(ControlProcessTest, NeverLogsAKey) {
  ServeProcess server(state_);
  TestAdmin admin(state_ + "/admin.sock");
  admin.CreateUser("alice");
  const std::string key = admin.CreateKey("alice", false);
  server.End(SIGTERM);
  EXPECT_EQ(server.log().find(key.substr(17)), std::string::npos);
  std::string secret;
  std::ifstream(state_ + "/control.key") >> secret;
  EXPECT_EQ(server.log().find(secret.substr(8)), std::string::npos);
}

TEST_F(ControlProcessTest, RefusesWhatItCannotUseInOneLine) {
  ExpectRefused(Serve("nonsense"), "--listen \"nonsense\"");
  ExpectRefused(Serve("192.0.2.1:80"), "192.0.2.1:80");
  fs::remove_all(state_);
  std::ofstream(state_) << "a file";
  ExpectRefused(Serve(), state_);
  fs::remove(state_);
  state_ += "/not/there";
  ExpectRefused(Serve(), state_);
  ExpectRefused(Run({"serve", "--ephemeral-timeout", "soon"}),
                "--ephemeral-timeout soon");
  ExpectRefused(
      Run({"serve", "--state-dir", folder_ + "/s", "--admin-socket",
           folder_ + "/a", "--listen", "127.0.0.1:0", "--tls-cert", "/none"}),
      "--tls-key");
}

TEST_F(ControlProcessTest, RefusesASecondServer) {
  const ServeProcess first(state_);
  ExpectRefused(Serve(), "another warren-control");
}

TEST_F(ControlProcessTest, RefusesDamagedFilesAndLeavesThemAlone) {
  { ServeProcess first(state_); }
  const std::string database = state_ + "/control.db";
  const std::string key = state_ + "/control.key";
  fs::copy(database, folder_ + "/db");
  fs::resize_file(database, 5000);
  ExpectRefused(Serve(), "cannot use " + database);
  const auto told = Run({"doctor", "--state-dir", state_});
  EXPECT_EQ(told.exit_code, 1);
  EXPECT_NE(told.out.find("BAD  cannot use " + database), std::string::npos)
      << told.out;
  EXPECT_EQ(fs::file_size(database), 5000u);
  fs::copy(folder_ + "/db", database, fs::copy_options::overwrite_existing);

  fs::permissions(key, fs::perms::others_read, fs::perm_options::add);
  ExpectRefused(Serve(), "others may read it");
  fs::permissions(key, fs::perms::others_read, fs::perm_options::remove);
  std::ofstream(key) << "privkey:12";
  ExpectRefused(Serve(), "does not hold a private key");
  fs::remove(key);
  ExpectRefused(Serve(), "it is missing, but there is a database");
  EXPECT_FALSE(fs::exists(key));
}

// As on a disk that is full, or beyond a quota.
TEST_F(ControlProcessTest, WithoutRoomItReadsOnAndSaysWhatIsMissing) {
  ServeProcess server(state_);
  TestAdmin admin(state_ + "/admin.sock");
  admin.CreateUser("alice");
  server.LimitFiles(0);
  v1::CreateUserRequest request;
  v1::User user;
  for (const char* login : {"bob", "carol"}) {
    request.set_login(login);
    const grpc::Status refused =
        admin.Try(&v1::Admin::Stub::CreateUser, request, &user);
    EXPECT_NE(refused.error_message().find("disk I/O error"), std::string::npos)
        << refused.error_message();
    v1::ListUsersResponse users;
    const grpc::Status read =
        admin.Try(&v1::Admin::Stub::ListUsers, v1::ListRequest(), &users);
    EXPECT_TRUE(read.ok()) << read.error_message();
    EXPECT_EQ(users.users_size(), 1);
  }
  server.LimitFiles(RLIM_INFINITY);
  admin.CreateUser("bob");
  v1::ListUsersResponse users;
  ASSERT_TRUE(
      admin.Try(&v1::Admin::Stub::ListUsers, v1::ListRequest(), &users).ok());
  EXPECT_EQ(users.users_size(), 2);
  EXPECT_EQ(server.End(SIGTERM), 0);
  EXPECT_EQ(Run({"doctor", "--state-dir", state_}).exit_code, 0);
}

// Users are created as fast as it goes while the server is killed: each one
// that was acknowledged is there afterwards.
TEST_F(ControlProcessTest, AKillLosesNothingThatWasAcknowledged) {
  int next = 0;
  for (int round = 0; round < 4; ++round) {
    SCOPED_TRACE(round);
    std::atomic<int> acknowledged = next;
    ServeProcess server(state_);
    std::thread writer([&] {
      TestAdmin admin(state_ + "/admin.sock");
      v1::CreateUserRequest request;
      v1::User user;
      for (int n = next;; ++n) {
        request.set_login("user" + std::to_string(n));
        const auto status =
            admin.Try(&v1::Admin::Stub::CreateUser, request, &user);
        if (!status.ok()) return;
        acknowledged = n + 1;
      }
    });
    while (acknowledged < next + 20 * (round + 1)) std::this_thread::yield();
    EXPECT_EQ(server.End(SIGKILL), -1);
    writer.join();
    ServeProcess again(state_);
    TestAdmin admin(state_ + "/admin.sock");
    v1::ListUsersResponse users;
    ASSERT_TRUE(
        admin.Try(&v1::Admin::Stub::ListUsers, v1::ListRequest(), &users).ok());
    EXPECT_GE(users.users_size(), acknowledged);
    EXPECT_LE(users.users_size(), acknowledged + 1);
    next = users.users_size();
  }
}

}  // namespace
}  // namespace warren::control
