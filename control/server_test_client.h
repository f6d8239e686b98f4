#ifndef WARREN_CONTROL_SERVER_TEST_CLIENT_H_
#define WARREN_CONTROL_SERVER_TEST_CLIENT_H_

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "control/server.h"
#include "core/base/check.h"
#include "core/crypto/system_rng.h"
#include "core/netmap/netmap.h"
#include "io/noise_dial.h"
#include "proto/convert/netmap.h"
#include "warren/v1/admin.grpc.pb.h"
#include "warren/v1/coordination.grpc.pb.h"

// Test only: what nodes and administrators do to a running server.
namespace warren::control {

inline void SetDeadline(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::seconds(30));
}

// One netmap stream, folded.
class TestStream {
 public:
  TestStream(v1::Coordination::Stub& stub, const io::NoiseChannel& channel,
             const crypto::NodeKey& key) {
    SetDeadline(context_);
    channel.Authenticate(context_);
    v1::WatchNetmapRequest request;
    request.set_node_key(convert::KeyToProto(key));
    reader_ = stub.WatchNetmap(&context_, request);
  }
  ~TestStream() { context_.TryCancel(); }

  // Reads until the netmap is as `wanted` says; false when the stream ends.
  bool ReadUntil(const std::function<bool(const netmap::Netmap&)>& wanted) {
    v1::NetmapUpdate update;
    while (!(has_netmap_ && wanted(netmap_))) {
      if (!reader_->Read(&update)) return false;
      Fold(update);
    }
    return true;
  }
  bool ReadUntilPeers(size_t n) {
    return ReadUntil([n](const auto& m) { return m.peers.size() == n; });
  }
  // Reads to the end: the status of the call.
  grpc::Status End() {
    v1::NetmapUpdate update;
    while (reader_->Read(&update)) Fold(update);
    return reader_->Finish();
  }
  const netmap::Netmap& netmap() const { return netmap_; }

 private:
  void Fold(const v1::NetmapUpdate& update) {
    WARREN_CHECK(update.server_time_ms() > 1'700'000'000'000);
    if (update.has_full()) {
      netmap_ = *convert::FromProto(update.full());
      has_netmap_ = true;
    } else if (update.has_diff()) {
      WARREN_CHECK(
          netmap::Apply(*convert::FromProto(update.diff()), netmap_).ok());
    }
  }

  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientReader<v1::NetmapUpdate>> reader_;
  netmap::Netmap netmap_;
  bool has_netmap_ = false;
};

// A machine with its channel to the server.
class TestNode {
 public:
  explicit TestNode(const Server& server) { Dial(server); }
  void Dial(const Server& server) {
    io::NoiseDialOptions options;
    options.url = {false, "127.0.0.1", server.local().port()};
    auto dialled = io::NoiseChannel::Dial(options, machine_,
                                          server.public_key(), rng_, cancel_);
    WARREN_CHECK(dialled.ok());
    channel_ = *std::move(dialled);
    stub_ = v1::Coordination::NewStub(channel_->grpc());
  }

  // One call of `method` with the channel's token.
  template <class Request, class Response>
  grpc::Status Call(grpc::Status (v1::Coordination::Stub::*method)(
                        grpc::ClientContext*, const Request&, Response*),
                    const Request& request, Response* response,
                    bool with_token = true) {
    grpc::ClientContext context;
    SetDeadline(context);
    if (with_token) channel_->Authenticate(context);
    return (stub_.get()->*method)(&context, request, response);
  }
  grpc::Status Register(const std::string& auth_key) {
    v1::RegisterRequest request;
    request.set_node_key(convert::KeyToProto(key()));
    request.set_auth_key(auth_key);
    request.mutable_host_info()->set_hostname("laptop");
    return Call(&v1::Coordination::Stub::Register, request, &registered_);
  }
  std::unique_ptr<TestStream> Watch() { return Watch(key()); }
  std::unique_ptr<TestStream> Watch(const crypto::NodeKey& node_key) {
    return std::make_unique<TestStream>(*stub_, *channel_, node_key);
  }
  const v1::RegisterResponse& registered() const { return registered_; }
  const crypto::NodeKey& key() const { return node_.public_key(); }

 private:
  crypto::SystemRng rng_;
  crypto::MachinePrivateKey machine_ =
      crypto::MachinePrivateKey::Generate(rng_);
  crypto::NodePrivateKey node_ = crypto::NodePrivateKey::Generate(rng_);
  io::Cancel cancel_;
  std::unique_ptr<io::NoiseChannel> channel_;
  std::unique_ptr<v1::Coordination::Stub> stub_;
  v1::RegisterResponse registered_;
};

// An administrator at the Unix socket. A call that fails ends the test.
class TestAdmin {
 public:
  explicit TestAdmin(const std::string& socket)
      : stub_(v1::Admin::NewStub(grpc::CreateChannel(
            "unix:" + socket, grpc::InsecureChannelCredentials()))) {}

  template <class Request, class Response>
  grpc::Status Try(grpc::Status (v1::Admin::Stub::*method)(grpc::ClientContext*,
                                                           const Request&,
                                                           Response*),
                   const Request& request, Response* response) {
    grpc::ClientContext context;
    SetDeadline(context);
    context.set_wait_for_ready(true);
    return (stub_.get()->*method)(&context, request, response);
  }
  void CreateUser(const std::string& login) {
    v1::CreateUserRequest request;
    request.set_login(login);
    v1::User user;
    WARREN_CHECK(Try(&v1::Admin::Stub::CreateUser, request, &user).ok());
  }
  // `max_uses` 0: no limit of a reusable one.
  std::string CreateKey(const std::string& user, bool reusable,
                        uint64_t max_uses = 0) {
    v1::CreateAuthKeyRequest request;
    request.set_user(user);
    request.set_reusable(reusable);
    request.set_max_uses(max_uses);
    v1::CreateAuthKeyResponse made;
    WARREN_CHECK(Try(&v1::Admin::Stub::CreateAuthKey, request, &made).ok());
    return made.secret();
  }
  v1::ListNodesResponse Nodes() {
    v1::ListNodesResponse nodes;
    WARREN_CHECK(
        Try(&v1::Admin::Stub::ListNodes, v1::ListRequest(), &nodes).ok());
    return nodes;
  }
  void ExpireNode(const std::string& ref) {
    v1::ExpireRequest request;
    request.set_ref(ref);
    v1::AdminNode node;
    WARREN_CHECK(Try(&v1::Admin::Stub::ExpireNode, request, &node).ok());
  }
  void DeleteNode(const std::string& ref) {
    v1::DeleteRequest request;
    request.set_ref(ref);
    v1::DeleteResponse gone;
    WARREN_CHECK(Try(&v1::Admin::Stub::DeleteNode, request, &gone).ok());
  }

 private:
  std::unique_ptr<v1::Admin::Stub> stub_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_SERVER_TEST_CLIENT_H_
