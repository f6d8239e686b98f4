#include "proto/convert/netmap.h"

#include "core/base/rng.h"
#include "gtest/gtest.h"

namespace warren::convert {
namespace {

// Every field set, and to something that is not its default.
netmap::Node ExampleNode(Rng& rng, int64_t id) {
  netmap::Node node;
  node.id = NodeId(id);
  node.name = "laptop";
  node.node_key = crypto::NodePrivateKey::Generate(rng).public_key();
  node.disco_key = crypto::DiscoPrivateKey::Generate(rng).public_key();
  node.addresses = {*net::IpAddress::Parse("100.64.0.1"),
                    *net::IpAddress::Parse("fd7a:115c:a1e0::1")};
  node.allowed_ips = {*net::IpPrefix::Parse("100.64.0.1/32"),
                      *net::IpPrefix::Parse("10.0.0.0/8")};
  node.endpoints = {*net::Endpoint::Parse("192.0.2.1:41641"),
                    *net::Endpoint::Parse("[2001:db8::1]:5")};
  node.home_relay = RelayId(900);
  node.online = true;
  node.user = UserId(7);
  node.user_login = "alice@example.com";
  node.tags = {"tag:server"};
  node.os = "linux";
  node.key_expiry = absl::Milliseconds(1700000000123);
  node.last_seen = absl::Milliseconds(1600000000456);
  node.ephemeral = true;
  node.primary_routes = {node.allowed_ips[1]};
  node.domain = "other.example.com";
  return node;
}

filter::Rule ExampleRule() {
  filter::Rule rule;
  rule.protocols = {filter::kTcp, 47};
  rule.sources = {*net::IpPrefix::Parse("100.64.0.0/10")};
  rule.destinations = {{*net::IpPrefix::Parse("::/0"), 22, 443}};
  return rule;
}

netmap::CapGrant ExampleGrant() {
  return {{*net::IpPrefix::Parse("100.64.0.2/32")},
          {*net::IpPrefix::Parse("100.64.0.1/32")},
          {{"example.com/cap/x", {"{\"a\":1}", "2"}}, {"cap/null", {}}}};
}

netmap::SshRule ExampleSsh() {
  netmap::SshRule rule;
  rule.principals = {*net::IpAddress::Parse("100.64.0.2")};
  rule.users = {{"*", "="}, {"root", ""}};
  rule.accept = true;
  rule.check_period = "12h";
  rule.accept_env = {"GIT_*"};
  rule.recorders = {"100.64.0.3:80"};
  rule.enforce_recorder = true;
  return rule;
}

derp::RelayMap ExampleRelays() {
  derp::RelayRegion region;
  region.id = RelayId(900);
  region.code = "fra";
  region.name = "Frankfurt";
  derp::RelayNode node;
  node.name = "900a";
  node.hostname = "relay.example.com";
  node.ipv4 = "192.0.2.9";
  node.ipv6 = "none";
  node.stun_port = -1;
  node.derp_port = 8443;
  node.cert_name = "other.example.com";
  node.plain_http = true;
  node.stun_only = true;
  node.insecure_for_tests = true;
  region.no_measure_no_home = true;
  region.nodes = {node};
  return derp::RelayMap{.regions = {region}};
}

TEST(ConvertNetmap, ANetmapSurvivesTheRoundTrip) {
  SeededRng rng(1);
  netmap::Netmap netmap;
  netmap.version = 31;
  netmap.tailnet = "warm-burrow";
  netmap.self = ExampleNode(rng, 1);
  netmap.peers[NodeId(2)] = ExampleNode(rng, 2);
  netmap.peers[NodeId(3)] = ExampleNode(rng, 3);
  netmap.filter = {ExampleRule()};
  netmap.relay_map = ExampleRelays();
  netmap.domain = "warm-burrow.example.com";
  netmap.cap_grants = {ExampleGrant()};
  netmap.cap_map = ExampleGrant().capabilities;
  netmap.ssh = {ExampleSsh()};
  netmap.policy_version = 4;
  netmap.waits_for_approval = true;
  const auto back = FromProto(ToProto(netmap));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, netmap);
}

TEST(ConvertNetmap, ADiffKeepsWhatIsSetAndWhatIsNot) {
  SeededRng rng(2);
  netmap::NetmapDiff diff;
  diff.from_version = 5;
  diff.to_version = 9;
  EXPECT_EQ(*FromProto(ToProto(diff)), diff);
  diff.tailnet = "warm-burrow";
  diff.self = ExampleNode(rng, 1);
  diff.removed_peers = {NodeId(4), NodeId(5)};
  diff.upserted_peers = {ExampleNode(rng, 2)};
  diff.filter = std::vector<filter::Rule>();  // "no rule" is not "as before"
  diff.relay_map = ExampleRelays();
  diff.domain = "";
  diff.cap_grants = {ExampleGrant()};
  diff.cap_map = netmap::CapMap();  // "none" is not "as before" here, too
  diff.ssh = std::vector{ExampleSsh()};
  diff.policy_version = 0;
  diff.waits_for_approval = false;
  const auto back = FromProto(ToProto(diff));
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(*back, diff);
}

TEST(ConvertNetmap, RefusesWhatDoesNotFitAndNamesTheField) {
  SeededRng rng(3);
  const v1::Node good = ToProto(ExampleNode(rng, 1));
  const auto refusal = [](const v1::Node& message) {
    return std::string(FromProto(message).status().message());
  };
  v1::Node bad = good;
  bad.set_node_key("short");
  EXPECT_EQ(refusal(bad), "node_key: a key of 5 bytes, it must be 32");
  bad = good;
  bad.add_addresses("100.64.0.256");
  EXPECT_EQ(refusal(bad), "addresses: \"100.64.0.256\" is not an IP address");
  bad = good;
  bad.set_home_relay(65536);
  EXPECT_EQ(refusal(bad), "home_relay: 65536 is more than 65535");
  bad = good;
  for (int i = 0; i < kMaxPerNode; ++i) bad.add_endpoints("192.0.2.1:1");
  EXPECT_EQ(refusal(bad), "endpoints: 1026 entries, at most 1024");
}

TEST(ConvertNetmap, RefusesAPeerThatIsThereTwice) {
  SeededRng rng(4);
  v1::Netmap message;
  *message.mutable_self() = ToProto(ExampleNode(rng, 1));
  *message.add_peers() = ToProto(ExampleNode(rng, 2));
  *message.add_peers() = ToProto(ExampleNode(rng, 2));
  EXPECT_FALSE(FromProto(message).ok());
}

}  // namespace
}  // namespace warren::convert
