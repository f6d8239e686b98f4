// The admin API on the server's own port, over gRPC, as programs elsewhere use
// it.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>

#include "control/server.h"
#include "io/cli/unix_channel.h"
#include "io/wire_channel.h"
#include "warren/v1/admin.grpc.pb.h"

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

  std::string folder_;
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

}  // namespace
}  // namespace warren::control
