#include "core/policy/topology_text.h"

#include "gtest/gtest.h"

namespace warren::policy {
namespace {

TEST(ParseTopologyTest, ReadsUsersAndNodes) {
  const auto topology = ParseTopology(R"({"topology": {
    "nodes": {
      "web": {"hostname": "web", "tags": ["tag:web"], "ipv4": "100.64.0.2",
              "user": "bob", "routable_ips": ["10.0.0.0/8"],
              "approved_routes": [], "shared_to": ["eve@x.org"]},
      "laptop": {"user": "alice", "ipv4": "100.64.0.1", "ipv6": "fd7a::1",
                 "attributes": {"node:os": "linux", "custom:n": 7},
                 "online": false},
    },
    "users": [{"id": 4, "name": "alice", "email": "alice@x.org"},
              {"name": "bob"}, {"email": "eve@x.org", "guest": true}],
  }})");
  ASSERT_TRUE(topology.ok()) << topology.status();
  ASSERT_EQ(topology->users.size(), 3u);
  EXPECT_EQ(topology->users[0].login, "alice@x.org");
  EXPECT_EQ(topology->users[0].role, Role::kOwner);
  EXPECT_EQ(topology->users[1].login, "bob");
  EXPECT_EQ(topology->users[1].role, Role::kMember);
  ASSERT_EQ(topology->nodes.size(), 2u);
  const Node& laptop = topology->nodes[0];
  EXPECT_EQ(laptop.id, NodeId(1));
  EXPECT_EQ(laptop.user, UserId(4));
  EXPECT_EQ(laptop.attributes.at("custom:n"), "7");
  EXPECT_FALSE(laptop.online);
  const Node& web = topology->nodes[1];
  EXPECT_EQ(web.user, UserId()) << "a tagged node is nobody's";
  EXPECT_EQ(web.routable_ips[0].ToString(), "10.0.0.0/8");
  EXPECT_EQ(web.shared_to[0], UserId(3));
}

TEST(ParseTopologyTest, NamesTheFault) {
  const struct {
    const char *text, *message;
  } rows[] = {
      {"[", "line 1, column 2: the text ends where a value is wanted\n"},
      {"{\"nodez\": {}}",
       "line 1, column 2: unknown field \"nodez\" (did you mean "
       "\"nodes\"?)\n"},
      {R"({"nodes": {"a": {"user": "x"}}})",
       "line 1, column 26: there is no user \"x\"\n"},
      {R"({"nodes": {"a": {"ipv4": "100.64.0"}}})",
       "line 1, column 26: \"100.64.0\" is not an IP address\n"},
      {R"({"users": [{"name": "a", "role": "king"}]})",
       "line 1, column 34: there is no role \"king\"\n"},
      {R"({"users": [{"name": "a", "id": 1}, {"name": "b", "id": 1}]})",
       "line 1, column 36: two users have this id\n"},
      {R"({"nodes": {"a": {"id": 2}, "b": {"id": 2}}})",
       "two nodes have the id of b\n"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(ParseTopology(row.text).status().message(), row.message);
  }
}

}  // namespace
}  // namespace warren::policy
