// The admin API on the server's own port, over gRPC, as programs elsewhere use
// it.

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "control/api/method_access.h"
#include "control/server.h"
#include "io/cli/unix_channel.h"
#include "io/fd.h"
#include "io/tcp.h"
#include "io/wire_channel.h"
#include "warren/v1/admin.grpc.pb.h"
#include "warren/v1/reflection.pb.h"

namespace warren::control {
namespace {

class RemoteAdminTest : public testing::Test {
 protected:
  RemoteAdminTest() {
    // Short, because a socket's name must be.
    char name[] = "/tmp/warren-remote-XXXXXX";
    folder_ = mkdtemp(name);
    ServerOptions options;
    options.state_folder = folder_;
    options.admin_socket = folder_ + "/admin.sock";
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
    auto started = Server::Start(options);
    EXPECT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
    auto local = cli::ConnectToUnix(options.admin_socket);
    EXPECT_TRUE(local.ok()) << local.status();
    operator_ = v1::Admin::NewStub(*local);
    io::ControlUrl url;
    url.https = false;
    url.host = "127.0.0.1";
    url.port = server_->local().port();
    auto remote = io::WireChannel::Dial(url, nullptr, absl::Seconds(10));
    EXPECT_TRUE(remote.ok()) << remote.status();
    channel_ = *std::move(remote);
    remote_ = v1::Admin::NewStub(channel_->grpc());
    v1::CreateUserRequest alice;
    alice.set_login("alice");
    grpc::ClientContext call;
    v1::User made;
    EXPECT_TRUE(operator_->CreateUser(&call, alice, &made).ok());
  }
  ~RemoteAdminTest() override {
    remote_.reset();
    channel_.reset();
    operator_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }

  std::string MakeKey(const std::string& scope) {
    v1::CreateApiKeyRequest request;
    request.set_user("alice");
    request.add_scopes(scope);
    grpc::ClientContext call;
    v1::CreateApiKeyResponse made;
    const grpc::Status status = operator_->CreateApiKey(&call, request, &made);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return made.secret();
  }
  grpc::Status WhoAmI(const std::string& authorization,
                      v1::WhoAmIResponse* who) {
    grpc::ClientContext call;
    if (!authorization.empty()) {
      call.AddMetadata("authorization", authorization);
    }
    return remote_->WhoAmI(&call, v1::WhoAmIRequest(), who);
  }

  // One call of whatever is called `path` with whatever bytes.
  grpc::Status Call(const std::string& path, const std::string& bytes) {
    grpc::ClientContext call;
    call.AddMetadata("authorization", "Bearer " + key_);
    call.set_deadline(std::chrono::system_clock::now() +
                      std::chrono::seconds(20));
    grpc::GenericStub stub(channel_->grpc());
    grpc::CompletionQueue queue;
    const grpc::Slice slice(bytes);
    const auto reader =
        stub.PrepareUnaryCall(&call, path, grpc::ByteBuffer(&slice, 1), &queue);
    reader->StartCall();
    grpc::ByteBuffer answer;
    grpc::Status status;
    reader->Finish(&answer, &status, this);
    void* tag = nullptr;
    bool ok = false;
    EXPECT_TRUE(queue.Next(&tag, &ok));
    return status;
  }
  // Sends `bytes` to the port and reads to the end; false: it stays open.
  bool IsHungUpOn(const std::string& bytes) {
    const io::Fd fd = *io::StartConnectTcp(server_->local());
    pollfd ready{fd.get(), POLLOUT, 0};
    EXPECT_EQ(poll(&ready, 1, 20'000), 1);
    send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    std::array<char, 4096> buffer;
    ready.events = POLLIN;
    while (poll(&ready, 1, 20'000) == 1) {
      if (recv(fd.get(), buffer.data(), buffer.size(), 0) <= 0) return true;
    }
    return false;
  }

  std::string folder_, key_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<v1::Admin::Stub> operator_, remote_;
  std::unique_ptr<io::WireChannel> channel_;
};

TEST_F(RemoteAdminTest, AKeyOpensTheDoorAndNothingElseDoes) {
  v1::WhoAmIResponse who;
  const std::string key = MakeKey("devices:read");
  ASSERT_TRUE(WhoAmI("Bearer " + key, &who).ok());
  EXPECT_EQ(who.login(), "alice");
  EXPECT_EQ(who.role(), "member");
  for (const std::string& bad :
       {std::string(), std::string("Bearer x"), "Basic " + key, key}) {
    EXPECT_EQ(WhoAmI(bad, &who).error_code(), grpc::StatusCode::UNAUTHENTICATED)
        << bad;
  }
}

TEST_F(RemoteAdminTest, TheOperatorIsOnlyOnTheSocket) {
  const std::string key = MakeKey("all");
  grpc::ClientContext call;
  call.AddMetadata("authorization", "Bearer " + key);
  v1::CreateTailnetRequest request;
  request.set_name("elsewhere");
  v1::Tailnet made;
  EXPECT_EQ(remote_->CreateTailnet(&call, request, &made).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
}

TEST_F(RemoteAdminTest, ALateCallDoesNothing) {
  const std::string key = MakeKey("all");
  grpc::ClientContext call;
  call.AddMetadata("authorization", "Bearer " + key);
  call.set_deadline(std::chrono::system_clock::now() - std::chrono::seconds(1));
  v1::CreateAuthKeyResponse made;
  EXPECT_EQ(remote_->CreateAuthKey(&call, v1::CreateAuthKeyRequest(), &made)
                .error_code(),
            grpc::StatusCode::DEADLINE_EXCEEDED);
  grpc::ClientContext list;
  v1::ListAuthKeysResponse keys;
  ASSERT_TRUE(operator_->ListAuthKeys(&list, v1::ListRequest(), &keys).ok());
  EXPECT_EQ(keys.keys_size(), 0);
}

TEST_F(RemoteAdminTest, MessagesThatAreNoneAreRefused) {
  key_ = MakeKey("all");
  // Field 2 of length 2: not UTF-8. Field 1, nested in itself, too deep.
  std::string deep;
  for (int i = 0; i < 500; ++i) deep += "\x0b";
  const struct {
    const char* path;
    std::string bytes;
    grpc::StatusCode code;
  } rows[] = {
      {"/warren.v1.Admin/WhoAmI", "", grpc::StatusCode::OK},
      {"/warren.v1.Admin/GetNode", "\xff\xff\xff",
       grpc::StatusCode::INVALID_ARGUMENT},
      {"/warren.v1.Admin/GetNode", "\x12\x02\xc0\xaf",
       grpc::StatusCode::INVALID_ARGUMENT},
      {"/warren.v1.Admin/GetNode",
       "\x12\x7f"
       "a",
       grpc::StatusCode::INVALID_ARGUMENT},
      {"/warren.v1.Admin/GetNode", deep, grpc::StatusCode::INVALID_ARGUMENT},
      {"/warren.v1.Admin/GetNode", std::string(3 << 20, 'a'),
       grpc::StatusCode::RESOURCE_EXHAUSTED},
      {"/warren.v1.Admin/GetNode",
       "\x12\x03"
       "a\nb",
       grpc::StatusCode::INVALID_ARGUMENT},
      {"/warren.v1.Admin/DropTables", "", grpc::StatusCode::UNIMPLEMENTED},
      {"/warren.v1.Admin/", "", grpc::StatusCode::UNIMPLEMENTED},
      {"/warren.v1.Coordination/Report", "", grpc::StatusCode::UNIMPLEMENTED},
      {"/../../etc/passwd", "", grpc::StatusCode::UNIMPLEMENTED},
  };
  for (const auto& row : rows) {
    const grpc::Status status = Call(row.path, row.bytes);
    EXPECT_EQ(status.error_code(), row.code)
        << row.path << " " << status.error_message();
    EXPECT_LT(status.error_message().size(), 1000u);
  }
}

TEST_F(RemoteAdminTest, EmptyRequestsAreAnsweredOrRefused) {
  key_ = MakeKey("all");
  for (const AdminMethod& method : AdminMethods()) {
    const grpc::Status status = Call("/warren.v1.Admin/" + method.name, "");
    EXPECT_NE(status.error_code(), grpc::StatusCode::INTERNAL) << method.name;
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNKNOWN) << method.name;
    EXPECT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE)
        << method.name << status.error_message();
  }
}

TEST_F(RemoteAdminTest, BrokenFramesEndTheirConnectionAlone) {
  const std::string preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  const std::string settings("\0\0\0\4\0\0\0\0\0", 9);
  const std::string frames[] = {
      // A frame above 16 KiB; CONTINUATION of nothing; SETTINGS of 5 bytes;
      // garbage.
      std::string("\xff\xff\xff\0\0\0\0\0\1", 9) + std::string(70'000, 'x'),
      std::string("\0\0\1\x9\4\0\0\0\1\x82", 10),
      std::string("\0\0\5\4\0\0\0\0\0abcde", 14),
      std::string(5000, '\xa5'),
  };
  for (const std::string& frame : frames) {
    EXPECT_TRUE(IsHungUpOn(preface + settings + frame)) << frame.substr(0, 20);
  }
  EXPECT_TRUE(IsHungUpOn(preface + std::string(70'000, '\0')));
  v1::WhoAmIResponse who;
  EXPECT_TRUE(WhoAmI("Bearer " + MakeKey("all"), &who).ok());
}

TEST_F(RemoteAdminTest, ReflectionTakesWhateverIsAsked) {
  key_ = MakeKey("devices:read");
  const std::string path =
      "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
  v1::ReflectionRequest question;
  for (const std::string& name :
       {std::string(), std::string("."), std::string("warren.v1"),
        std::string("../../etc/passwd"), std::string("a\0b", 3),
        std::string(100'000, '.'), std::string("google.protobuf.Any")}) {
    question.set_file_containing_symbol(name);
    EXPECT_TRUE(Call(path, question.SerializeAsString()).ok()) << name;
    question.set_file_by_filename(name);
    EXPECT_TRUE(Call(path, question.SerializeAsString()).ok()) << name;
    question.set_all_extension_numbers_of_type(name);
    EXPECT_TRUE(Call(path, question.SerializeAsString()).ok()) << name;
    auto& extension = *question.mutable_file_containing_extension();
    extension.set_containing_type(name);
    extension.set_extension_number(-1);
    EXPECT_TRUE(Call(path, question.SerializeAsString()).ok()) << name;
  }
  EXPECT_EQ(Call(path, "\xff\xff").error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  key_ = "wapi-0000000000-x";
  EXPECT_EQ(Call(path, "").error_code(), grpc::StatusCode::UNAUTHENTICATED);
}

}  // namespace
}  // namespace warren::control
