#include "io/unix_frontend.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server_builder.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "io/unix_socket.h"
#include "warren/v1/admin.grpc.pb.h"

namespace warren::io {
namespace {

// Answers with the name it was given and the caller's uid.
class Namer : public v1::Admin::Service {
 public:
  Namer(std::string name, const UnixPeers& peers)
      : name_(std::move(name)), peers_(peers) {}
  grpc::Status GetServer(grpc::ServerContext* context,
                         const v1::GetServerRequest*,
                         v1::ServerInfo* info) override {
    const auto peer = peers_.Caller(*context);
    info->set_version(peer ? absl::StrCat(name_, " uid ", peer->uid)
                           : "nobody");
    return grpc::Status::OK;
  }

 private:
  const std::string name_;
  const UnixPeers& peers_;
};

class UnixFrontendTest : public ::testing::Test {
 protected:
  UnixFrontendTest() {
    char folder[] = "/tmp/warren-unix-XXXXXX";
    EXPECT_NE(mkdtemp(folder), nullptr);
    folder_ = folder;
    path_ = folder_ + "/sub/w.sock";
    writer_ = ServerOf(writer_service_);
    reader_ = ServerOf(reader_service_);
  }
  ~UnixFrontendTest() override {
    // The frontend must go before its servers; each test has it on its stack.
    unlink(path_.c_str());
    rmdir((folder_ + "/sub").c_str());
    rmdir(folder_.c_str());
  }

  static std::unique_ptr<grpc::Server> ServerOf(Namer& service) {
    grpc::ServerBuilder builder;
    builder.RegisterService(&service);
    return builder.BuildAndStart();
  }

  absl::StatusOr<std::unique_ptr<UnixFrontend>> Start(
      std::function<bool(const PeerCredentials&)> may_write = nullptr,
      bool with_reader = true) {
    UnixFrontendOptions options;
    options.path = path_;
    options.may_write = std::move(may_write);
    return UnixFrontend::Start(options, *writer_,
                               with_reader ? reader_.get() : nullptr, peers_);
  }

  // Which server answers, or the error.
  std::string Ask() const {
    auto stub = v1::Admin::NewStub(grpc::CreateChannel(
        "unix:" + path_, grpc::InsecureChannelCredentials()));
    grpc::ClientContext context;
    v1::ServerInfo info;
    const grpc::Status status =
        stub->GetServer(&context, v1::GetServerRequest(), &info);
    if (status.ok()) return info.version();
    return absl::StrCat("error ", status.error_code());
  }

  std::string folder_, path_;
  UnixPeers peers_;
  Namer writer_service_{"writer", peers_};
  Namer reader_service_{"reader", peers_};
  std::unique_ptr<grpc::Server> writer_, reader_;
};

TEST_F(UnixFrontendTest, TellsServicesWhoCalls) {
  auto frontend = Start();
  ASSERT_TRUE(frontend.ok()) << frontend.status();
  EXPECT_EQ(Ask(), absl::StrCat("writer uid ", geteuid()));
}

TEST_F(UnixFrontendTest, GivesOthersTheReadingServer) {
  auto frontend = Start([](const PeerCredentials&) { return false; });
  ASSERT_TRUE(frontend.ok()) << frontend.status();
  EXPECT_EQ(Ask(), absl::StrCat("reader uid ", geteuid()));
}

TEST_F(UnixFrontendTest, RefusesOthersWithoutAReadingServer) {
  auto frontend = Start([](const PeerCredentials&) { return false; }, false);
  ASSERT_TRUE(frontend.ok()) << frontend.status();
  EXPECT_EQ(Ask(), absl::StrCat("error ", grpc::StatusCode::UNAVAILABLE));
}

TEST_F(UnixFrontendTest, MakesSocketAndFolderPrivate) {
  auto frontend = Start();
  ASSERT_TRUE(frontend.ok()) << frontend.status();
  struct stat info;
  ASSERT_EQ(stat(path_.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0600u);
  ASSERT_EQ(stat((folder_ + "/sub").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777, 0700u);
}

TEST_F(UnixFrontendTest, RefusesTheSocketOfALivingProcess) {
  auto first = Start();
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = Start();
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_NE(second.status().message().find(path_), std::string::npos);
  EXPECT_EQ(Ask(), absl::StrCat("writer uid ", geteuid()));
}

TEST_F(UnixFrontendTest, ReplacesTheSocketOfADeadProcess) {
  { auto dead = ListenUnix(path_, 0600, 0700); }  // Closed, not removed.
  auto frontend = Start();
  ASSERT_TRUE(frontend.ok()) << frontend.status();
  EXPECT_EQ(Ask(), absl::StrCat("writer uid ", geteuid()));
}

TEST_F(UnixFrontendTest, RemovesItsSocketAtTheEnd) {
  { auto frontend = Start(); }
  EXPECT_NE(access(path_.c_str(), F_OK), 0);
}

TEST_F(UnixFrontendTest, LeavesAFileThatIsNotASocketAlone) {
  ASSERT_EQ(mkdir((folder_ + "/sub").c_str(), 0700), 0);
  std::ofstream(path_) << "precious";
  EXPECT_EQ(Start().status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(access(path_.c_str(), F_OK), 0);
}

TEST_F(UnixFrontendTest, RefusesAFolderThatOthersCanWrite) {
  ASSERT_EQ(mkdir((folder_ + "/sub").c_str(), 0700), 0);
  ASSERT_EQ(chmod((folder_ + "/sub").c_str(), 0777), 0);
  EXPECT_EQ(Start().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(UnixFrontendTest, RefusesAPathTooLongForASocket) {
  path_ = folder_ + "/sub/" + std::string(120, 'x');
  EXPECT_EQ(Start().status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace warren::io
