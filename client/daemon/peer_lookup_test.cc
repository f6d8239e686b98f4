#include "client/daemon/peer_lookup.h"

#include <map>
#include <string>

#include "gtest/gtest.h"

namespace warren::client {
namespace {

netmap::Node Named(int64_t id, const std::string& name,
                   const std::string& domain = "") {
  netmap::Node node;
  node.id = NodeId(id);
  node.name = name;
  node.domain = domain;
  return node;
}

TEST(NodeNamed, MeansOurOwnBeforeOthersUnlessTheWholeNameIsGiven) {
  netmap::Netmap netmap;
  netmap.domain = "calm-heron.example";
  netmap.self = Named(1, "laptop");
  for (const netmap::Node& peer :
       {Named(2, "web"), Named(3, "web", "quiet-otter.example"),
        Named(4, "laptop", "quiet-otter.example"),
        Named(5, "nas", "quiet-otter.example")}) {
    netmap.peers.emplace(peer.id, peer);
  }
  const std::map<std::string, int64_t> wanted = {
      {"laptop", 1},
      {"web", 2},
      {"WEB.calm-heron.example", 2},
      {"web.quiet-otter.example", 3},
      {"laptop.quiet-otter.example", 4},
      {"nas", 5},
      {"5", 5},
      {"nas.calm-heron.example", 0},
      {"web.", 0},
      {"", 0},
  };
  for (const auto& [text, id] : wanted) {
    EXPECT_EQ(NodeNamed(netmap, text).value_or(NodeId(0)), NodeId(id)) << text;
  }
}

}  // namespace
}  // namespace warren::client
