#include "client/wg/uapi_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace warren::client {
namespace {

class UapiServerTest : public testing::Test {
 protected:
  UapiServerTest() {
    char pattern[] = "/tmp/uapi-XXXXXX";
    root_ = mkdtemp(pattern);
    directory_ = root_ + "/wireguard";
    loop_ = *io::EventLoop::Create();
  }
  ~UapiServerTest() override {
    server_.reset();
    EXPECT_EQ(system(("rm -rf " + root_).c_str()), 0);
  }
  std::string path() const { return directory_ + "/wt0.sock"; }

  absl::Status Listen() {
    auto server = UapiServer::Listen(
        *loop_, directory_, "wt0", [this](absl::string_view request) {
          requests_.emplace_back(request.data(), request.size());
          return "answer " + std::to_string(requests_.size()) + "\n\n";
        });
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    return absl::OkStatus();
  }
  io::Fd Connect() const {
    io::Fd fd(socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path().copy(address.sun_path, sizeof address.sun_path - 1);
    if (connect(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                sizeof address) != 0) {
      fd.Reset();
    }
    return fd;
  }
  // Sends `text`, ends, and returns all that comes back.
  static std::string Converse(const io::Fd& fd, const std::string& text) {
    // A server that does not want us may have hung up.
    (void)!send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL);
    shutdown(fd.get(), SHUT_WR);
    std::string all;
    char buffer[4096];
    ssize_t n;
    while ((n = read(fd.get(), buffer, sizeof buffer)) > 0) {
      all.append(buffer, static_cast<size_t>(n));
    }
    return all;
  }
  // Runs the loop while `client` talks to it on another thread.
  template <class Client>
  void With(Client client) {
    std::thread thread([&] {
      client();
      loop_->Stop();
    });
    loop_->Run();
    thread.join();
  }

  std::string root_, directory_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<UapiServer> server_;
  std::vector<std::string> requests_;
};

TEST_F(UapiServerTest, AnswersEachRequestOfAConnection) {
  ASSERT_TRUE(Listen().ok());
  std::string answer;
  With([&] { answer = Converse(Connect(), "get=1\n\nset=1\nx=y\n\nhalf"); });
  EXPECT_EQ(answer, "answer 1\n\nanswer 2\n\n");
  EXPECT_EQ(requests_, (std::vector<std::string>{"get=1", "set=1\nx=y"}));
}

TEST_F(UapiServerTest, PutsTogetherWhatComesInPieces) {
  ASSERT_TRUE(Listen().ok());
  std::string answer;
  With([&] {
    const io::Fd fd = Connect();
    for (const char* piece : {"g", "et=", "1\n"}) {
      EXPECT_GT(send(fd.get(), piece, strlen(piece), MSG_NOSIGNAL), 0);
      // The next piece must not join this one: wait until it was taken.
      Converse(Connect(), "other\n\n");
    }
    answer = Converse(fd, "\n");
  });
  EXPECT_EQ(answer, "answer 4\n\n");
  EXPECT_EQ(requests_.back(), "get=1");
}

TEST_F(UapiServerTest, OnlyTheOwnerMayEnter) {
  ASSERT_TRUE(Listen().ok());
  struct stat info;
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat(directory_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(UapiServerTest, ReplacesAStaleSocketButNotALiveOne) {
  ASSERT_TRUE(Listen().ok());
  auto first = std::move(server_);
  EXPECT_TRUE(absl::IsAlreadyExists(Listen()));
  // As after a crash: the file stays, nobody listens.
  ASSERT_EQ(rename(path().c_str(), (path() + ".old").c_str()), 0);
  first.reset();
  ASSERT_EQ(rename((path() + ".old").c_str(), path().c_str()), 0);
  EXPECT_FALSE(Connect().ok());
  EXPECT_TRUE(Listen().ok());
}

TEST_F(UapiServerTest, RemovesItsSocketAtTheEndAndNoticesItsRemoval) {
  ASSERT_TRUE(Listen().ok());
  EXPECT_FALSE(server_->WasRemoved());
  ASSERT_EQ(unlink(path().c_str()), 0);
  EXPECT_TRUE(server_->WasRemoved());
  server_.reset();
  ASSERT_TRUE(Listen().ok());
  server_.reset();
  EXPECT_NE(access(path().c_str(), F_OK), 0);
}

TEST_F(UapiServerTest, ManyClientsThatSayNothingHarmOnlyTheLate) {
  ASSERT_TRUE(Listen().ok());
  With([&] {
    std::vector<io::Fd> silent;
    for (size_t i = 0; i < UapiServer::kMaxClients; ++i) {
      silent.push_back(Connect());
    }
    EXPECT_EQ(Converse(Connect(), ""), "");
    silent.pop_back();
    std::string answer;
    // The server sees the hang-up a turn later at most.
    for (int i = 0; i < 1000 && answer.empty(); ++i) {
      const io::Fd fd = Connect();
      if (fd.ok()) answer = Converse(fd, "get=1\n\n");
    }
    EXPECT_EQ(answer, "answer 1\n\n");
  });
}

TEST_F(UapiServerTest, AnEndlessRequestIsCutOff) {
  ASSERT_TRUE(Listen().ok());
  With([&] {
    const io::Fd fd = Connect();
    const std::string piece(1 << 20, 'x');
    size_t sent = 0;
    while (sent <= 2 * UapiServer::kMaxRequest &&
           send(fd.get(), piece.data(), piece.size(), MSG_NOSIGNAL) > 0) {
      sent += piece.size();
    }
    EXPECT_LT(sent, UapiServer::kMaxRequest + (8 << 20));
  });
  EXPECT_TRUE(requests_.empty());
}

}  // namespace
}  // namespace warren::client
