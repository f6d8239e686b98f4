#include "control/server.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "control/api/hostile_texts.h"
#include "control/coordinator/names.h"
#include "control/server_test_client.h"

namespace warren::control {
namespace {

using Stub = v1::Coordination::Stub;

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    // Short, because a socket's name must be.
    char name[] = "/tmp/warren-control-test-XXXXXX";
    folder_ = mkdtemp(name);
    Start();
    admin_ = std::make_unique<TestAdmin>(Socket());
    admin_->CreateUser("alice");
  }
  ~ServerTest() override {
    admin_.reset();
    server_.reset();
    std::filesystem::remove_all(folder_);
  }
  std::string Socket() const { return folder_ + "/admin.sock"; }
  ServerOptions Options() const {
    ServerOptions options;
    options.state_folder = folder_;
    options.admin_socket = Socket();
    options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
    options.metrics_listen = options.listen;
    return options;
  }
  void Start() {
    auto started = Server::Start(Options());
    ASSERT_TRUE(started.ok()) << started.status();
    server_ = *std::move(started);
  }
  // A machine that has joined.
  std::unique_ptr<TestNode> Joined(const std::string& user = "alice") {
    auto node = std::make_unique<TestNode>(*server_);
    const grpc::Status status = node->Register(admin_->CreateKey(user, false));
    EXPECT_TRUE(status.ok()) << status.error_message();
    return node;
  }

  std::string folder_;
  std::unique_ptr<Server> server_;
  std::unique_ptr<TestAdmin> admin_;
};

TEST_F(ServerTest, NodesHearOfEachOtherAndOfNobodyElse) {
  const auto a = Joined();
  const auto stream = a->Watch();
  ASSERT_TRUE(stream->ReadUntilPeers(0));
  const auto b = Joined();
  ASSERT_TRUE(stream->ReadUntilPeers(1));
  const netmap::Node peer = stream->netmap().peers.begin()->second;
  EXPECT_EQ(peer.node_key, b->key());
  EXPECT_EQ(peer.name, "laptop-1");
  EXPECT_FALSE(peer.online);
  admin_->CreateUser("bob");
  const auto foreign = Joined("bob");
  const auto other = b->Watch();
  ASSERT_TRUE(stream->ReadUntil(
      [](const auto& m) { return m.peers.begin()->second.online; }));
  EXPECT_EQ(stream->netmap().peers.size(), 1u);
  ASSERT_TRUE(foreign->Watch()->ReadUntilPeers(0));
}

TEST_F(ServerTest, OfManyThatRaceForAKeyAsManyGetInAsItSays) {
  size_t num_nodes = 0;
  for (const int most : {1, 7}) {
    SCOPED_TRACE(most);
    const std::string key = most == 1 ? admin_->CreateKey("alice", false)
                                      : admin_->CreateKey("alice", true, 7);
    std::atomic<int> num_in = 0, num_told = 0;
    std::vector<std::thread> threads;
    for (int t = 0; t < 10; ++t) {
      threads.emplace_back([&] {
        for (int i = 0; i < 20; ++i) {
          TestNode node(*server_);
          const auto code = node.Register(key).error_code();
          num_in += code == grpc::StatusCode::OK ? 1 : 0;
          num_told += code == grpc::StatusCode::PERMISSION_DENIED ? 1 : 0;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(num_in, most);
    EXPECT_EQ(num_told, 200 - most);
    num_nodes += static_cast<size_t>(most);
    EXPECT_EQ(admin_->Nodes().nodes_size(), static_cast<int>(num_nodes));
  }
}

TEST_F(ServerTest, ExpiryReachesBothEndsAtOnce) {
  const auto a = Joined();
  const auto b = Joined();
  const auto of_a = a->Watch();
  const auto of_b = b->Watch();
  ASSERT_TRUE(of_a->ReadUntilPeers(1));
  ASSERT_TRUE(of_b->ReadUntilPeers(1));
  admin_->ExpireNode("laptop");
  EXPECT_TRUE(of_b->ReadUntilPeers(0));
  EXPECT_TRUE(of_a->ReadUntilPeers(0));
  EXPECT_NE(of_a->netmap().self.key_expiry, absl::ZeroDuration());
  // Nothing of the other's is let in any more.
  const auto& own = of_b->netmap().self.allowed_ips;
  for (const filter::Rule& rule : of_b->netmap().filter) {
    EXPECT_EQ(rule.sources, own);
  }
}

TEST_F(ServerTest, TheStreamOfADeletedNodeEnds) {
  const auto a = Joined();
  const auto stream = a->Watch();
  ASSERT_TRUE(stream->ReadUntilPeers(0));
  admin_->DeleteNode("laptop");
  EXPECT_EQ(stream->End().error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(a->Watch()->End().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(ServerTest, ANewStreamTakesOverAndTheNodeStaysOnline) {
  const auto a = Joined();
  const auto b = Joined();
  const auto watcher = b->Watch();
  const auto first = a->Watch();
  ASSERT_TRUE(first->ReadUntilPeers(1));
  const auto second = a->Watch();
  EXPECT_EQ(first->End().error_code(), grpc::StatusCode::ABORTED);
  ASSERT_TRUE(second->ReadUntilPeers(1));
  // What comes after the end of the first one: it is not "offline".
  const auto c = Joined();
  ASSERT_TRUE(watcher->ReadUntilPeers(2));
  EXPECT_TRUE(watcher->netmap().peers.at(second->netmap().self.id).online);
}

TEST_F(ServerTest, AConnectionThatBreaksMakesTheNodeOffline) {
  const auto b = Joined();
  auto a = Joined();
  const NodeId id(a->registered().node().id());
  const auto watcher = b->Watch();
  const auto online = [id](bool want) {
    return [id, want](const netmap::Netmap& m) {
      return m.peers.contains(id) && m.peers.at(id).online == want;
    };
  };
  auto stream = a->Watch();
  ASSERT_TRUE(watcher->ReadUntil(online(true)));
  stream.reset();
  a.reset();
  ASSERT_TRUE(watcher->ReadUntil(online(false)));
  EXPECT_NE(watcher->netmap().peers.at(id).last_seen, absl::ZeroDuration());
}

TEST_F(ServerTest, ARestartEndsStreamsAtOnceAndForgetsNothing) {
  const auto a = Joined();
  const auto b = Joined();
  const auto stream = a->Watch();
  ASSERT_TRUE(stream->ReadUntilPeers(1));
  const auto key = server_->public_key();
  server_.reset();
  EXPECT_EQ(stream->End().error_code(), grpc::StatusCode::UNAVAILABLE);
  Start();
  EXPECT_EQ(server_->public_key(), key);
  a->Dial(*server_);
  const auto again = a->Watch();
  ASSERT_TRUE(again->ReadUntilPeers(1));
  EXPECT_EQ(again->netmap().self.addresses, stream->netmap().self.addresses);
}

TEST_F(ServerTest, WithoutTheChannelsTokenEveryCallIsRefused) {
  const auto a = Joined();
  const auto code_of = [&](const auto& method, auto request, auto response) {
    request.set_node_key(convert::KeyToProto(a->key()));
    return a->Call(method, request, &response, false).error_code();
  };
  EXPECT_EQ(
      code_of(&Stub::Register, v1::RegisterRequest(), v1::RegisterResponse()),
      grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(code_of(&Stub::Report, v1::ReportRequest(), v1::ReportResponse()),
            grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(code_of(&Stub::Logout, v1::LogoutRequest(), v1::LogoutResponse()),
            grpc::StatusCode::UNAUTHENTICATED);
  const TestNode stranger(*server_);
  EXPECT_EQ(a->Watch()->ReadUntilPeers(0), true);
}

TEST_F(ServerTest, ANodeActsForItselfAlone) {
  const auto a = Joined();
  const auto b = Joined();
  v1::ReportRequest report;
  report.set_node_key(convert::KeyToProto(a->key()));
  v1::ReportResponse reported;
  EXPECT_EQ(b->Call(&Stub::Report, report, &reported).error_code(),
            grpc::StatusCode::NOT_FOUND);
  v1::LogoutRequest logout;
  logout.set_node_key(convert::KeyToProto(a->key()));
  v1::LogoutResponse out;
  EXPECT_EQ(b->Call(&Stub::Logout, logout, &out).error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(b->Watch(a->key())->End().error_code(),
            grpc::StatusCode::NOT_FOUND);
  EXPECT_TRUE(a->Call(&Stub::Report, report, &reported).ok());
}

TEST_F(ServerTest, MalformedFieldsAreRefusedByName) {
  TestNode node(*server_);
  v1::RegisterRequest request;
  v1::RegisterResponse response;
  EXPECT_EQ(node.Call(&Stub::Register, request, &response).error_message(),
            "node_key: a key is needed");
  request.set_node_key("short");
  EXPECT_EQ(node.Call(&Stub::Register, request, &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  v1::ReportRequest report;
  report.set_node_key(std::string(32, 'k'));
  for (int i = 0; i < 65; ++i) report.add_endpoints("192.0.2.1:1");
  v1::ReportResponse reported;
  EXPECT_EQ(node.Call(&Stub::Report, report, &reported).error_message(),
            "endpoints: 65, at most 64");
  report.clear_endpoints();
  report.add_endpoints("nonsense");
  EXPECT_EQ(node.Call(&Stub::Report, report, &reported).error_message(),
            "endpoints: \"nonsense\" is none");
}

// What a machine says of itself, in every field that holds text or bytes.
TEST_F(ServerTest, NothingThatANodeSaysDoesHarm) {
  const std::string key = admin_->CreateKey("alice", true);
  v1::RegisterRequest good;
  good.set_auth_key(key);
  good.add_wanted_tags("tag:web");
  good.add_advertised_routes("10.0.0.0/8");
  good.mutable_host_info()->set_hostname("laptop");
  std::vector<Place> places;
  AppendPlaces(good, {}, places);
  int num_refused = 0;
  for (const Place& place : places) {
    const auto* field = place.back().first;
    if (field->cpp_type() != field->CPPTYPE_STRING) continue;
    for (const std::string& text : HostileTexts()) {
      if (text.size() > 100'000) continue;
      SCOPED_TRACE(ToString(place) + ": " + text.substr(0, 60));
      TestNode node(*server_);
      v1::RegisterRequest request = good;
      request.clear_wanted_tags();
      request.add_wanted_tags("");
      request.set_node_key(convert::KeyToProto(node.key()));
      SetText(request, place, text);
      if (request.wanted_tags(0).empty()) request.clear_wanted_tags();
      v1::RegisterResponse response;
      const grpc::Status status =
          node.Call(&Stub::Register, request, &response);
      EXPECT_NE(status.error_code(), grpc::StatusCode::INTERNAL);
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNKNOWN);
      EXPECT_NE(status.error_code(), grpc::StatusCode::UNAVAILABLE);
      EXPECT_LT(status.error_message().size(), 1000u);
      num_refused += status.ok() ? 0 : 1;
    }
  }
  EXPECT_GT(num_refused, 50);
  const v1::ListNodesResponse nodes = admin_->Nodes();
  for (const v1::AdminNode& node : nodes.nodes()) {
    for (const std::string& text :
         {node.node().name(), node.hostname(), node.node().os(),
          node.os_version(), node.client_version()}) {
      EXPECT_EQ(text, Printable(text));
    }
  }
}

TEST_F(ServerTest, AMegabyteOfTextIsRefused) {
  TestNode node(*server_);
  v1::RegisterRequest request;
  request.set_node_key(convert::KeyToProto(node.key()));
  request.mutable_host_info()->set_hostname(std::string(1 << 20, 'a'));
  v1::RegisterResponse response;
  EXPECT_FALSE(node.Call(&Stub::Register, request, &response).ok());
  const auto other = Joined();
  EXPECT_TRUE(other->Watch()->ReadUntilPeers(0));
}

TEST_F(ServerTest, ASecondServerOnTheSameStateOrPortIsRefusedInOneLine) {
  const auto same_state = Server::Start(Options());
  EXPECT_NE(same_state.status().message().find("another warren-control"),
            absl::string_view::npos);
  ServerOptions options = Options();
  options.state_folder += "/second";
  options.admin_socket = folder_ + "/second.sock";
  options.listen = server_->local();
  const auto same_port = Server::Start(options);
  EXPECT_NE(same_port.status().message().find("in use"),
            absl::string_view::npos)
      << same_port.status();
}

}  // namespace
}  // namespace warren::control
