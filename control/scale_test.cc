// Many nodes of one user at once: each hears of all others. With a number as
// argument, that many nodes; prints how long it took.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "control/server_test_client.h"

namespace warren::control {
namespace {

size_t num_nodes = 40;

double Seconds(std::chrono::steady_clock::time_point since) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - since)
      .count();
}

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         1e-6 * static_cast<double>(usage.ru_utime.tv_usec +
                                    usage.ru_stime.tv_usec);
}

TEST(Scale, EveryNodeHearsOfEveryOther) {
  char name[] = "/tmp/warren-control-test-XXXXXX";
  ServerOptions options;
  options.state_folder = mkdtemp(name);
  options.admin_socket = options.state_folder + "/admin.sock";
  options.listen = net::Endpoint(net::IpAddress::V4(0x7f000001), 0);
  {
    const auto server = *Server::Start(options);
    TestAdmin admin(options.admin_socket);
    admin.CreateUser("alice");
    const std::string key = admin.CreateKey("alice", true);

    auto begin = std::chrono::steady_clock::now();
    std::vector<std::unique_ptr<TestNode>> nodes;
    std::vector<std::unique_ptr<TestStream>> streams;
    for (size_t i = 0; i < num_nodes; ++i) {
      nodes.push_back(std::make_unique<TestNode>(*server));
      const grpc::Status joined = nodes.back()->Register(key);
      ASSERT_TRUE(joined.ok()) << joined.error_message();
      streams.push_back(nodes.back()->Watch());
    }
    std::printf("%zu nodes joined in %.2f s\n", num_nodes, Seconds(begin));
    const auto all_online = [](const netmap::Netmap& m) {
      if (m.peers.size() != num_nodes - 1) return false;
      for (const auto& [id, peer] : m.peers) {
        if (!peer.online) return false;
      }
      return true;
    };
    for (const auto& stream : streams) {
      ASSERT_TRUE(stream->ReadUntil(all_online));
    }
    std::printf("all online everywhere after %.2f s\n", Seconds(begin));

    begin = std::chrono::steady_clock::now();
    const double cpu = CpuSeconds();
    admin.ExpireNode("laptop");
    for (const auto& stream : streams) {
      if (stream == streams[0]) continue;
      ASSERT_TRUE(stream->ReadUntilPeers(num_nodes - 2));
    }
    std::printf("expiry known everywhere after %.3f s, %.3f s of CPU\n",
                Seconds(begin), CpuSeconds() - cpu);
  }
  std::filesystem::remove_all(options.state_folder);
}

}  // namespace
}  // namespace warren::control

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc > 1 && !absl::SimpleAtoi(argv[1], &warren::control::num_nodes)) {
    return 2;
  }
  return RUN_ALL_TESTS();
}
