#include "core/policy/diff.h"

#include <memory>
#include <string>

#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

constexpr char kTopology[] = R"({
  "users": [{"name": "alice", "email": "alice@x.org"},
            {"name": "bob", "email": "bob@x.org"}],
  "nodes": {
    "laptop": {"user": "alice", "ipv4": "100.64.0.1", "ipv6": "fd7a::1"},
    "phone": {"user": "alice", "ipv4": "100.64.0.2"},
    "desk": {"user": "bob", "ipv4": "100.64.0.3"},
    "web-1": {"tags": ["tag:web"], "ipv4": "100.64.0.11"},
    "web-2": {"tags": ["tag:web"], "ipv4": "100.64.0.12"},
    "router": {"tags": ["tag:router"], "ipv4": "100.64.0.20",
               "routable_ips": ["10.0.0.0/8"],
               "approved_routes": ["10.0.0.0/8"]}}})";

std::string Policy(const std::string& sections) {
  return R"({"tagOwners": {"tag:web": [], "tag:router": []}, )" + sections +
         "}";
}

std::string Diff(const std::string& before, const std::string& after) {
  const auto topology = std::make_shared<Topology>(*ParseTopology(kTopology));
  const auto compile = [&](const std::string& sections) {
    ParsedPolicy parsed = ParsePolicy(Policy(sections));
    EXPECT_EQ(Describe(parsed.problems), "");
    return Compiled::Make(
        std::make_shared<warren::policy::Policy>(std::move(parsed.policy)),
        topology);
  };
  return DescribeDiff(
      DiffPolicies(*compile(before), *compile(after), *topology));
}

std::string Acls(const std::string& rules) {
  return "\"acls\": [" + rules + "]";
}

constexpr char kAliceWeb[] =
    R"({"action": "accept", "src": ["alice@x.org"], "dst": ["tag:web:22"]},)";

TEST(DiffPoliciesTest, NamesWhatOpensAndCloses) {
  EXPECT_EQ(Diff(Acls(""), Acls(kAliceWeb)),
            "opens:  alice@x.org (2 devices) -> tag:web (2 devices): 22\n");
  EXPECT_EQ(Diff(Acls(kAliceWeb), Acls("")),
            "closes: alice@x.org (2 devices) -> tag:web (2 devices): 22\n");
  EXPECT_EQ(Diff(Acls(kAliceWeb), Acls(kAliceWeb)), "");
}

TEST(DiffPoliciesTest, TellsOnlyThePortsThatChange) {
  EXPECT_EQ(
      Diff(Acls(kAliceWeb), Acls(R"({"action": "accept", "src": ["alice@x.org"],
                    "dst": ["tag:web:20-30,80"]})")),
      "opens:  alice@x.org (2 devices) -> tag:web (2 devices): 20-21, 23-30, "
      "80\n");
}

TEST(DiffPoliciesTest, NamesSingleDevicesAndNetworks) {
  EXPECT_EQ(Diff(Acls(""), Acls(R"({"action": "accept", "src": ["100.64.0.1"],
                          "dst": ["web-2:443", "10.0.0.0/8:*"],
                          "proto": "tcp"})") +
                               R"(, "hosts": {"web-2": "100.64.0.12"})"),
            "opens:  alice@x.org (only laptop) -> 10.0.0.0/8: tcp all ports\n"
            "opens:  alice@x.org (only laptop) -> tag:web (only web-2): tcp "
            "443\n");
  EXPECT_EQ(Diff(Acls(""), Acls(R"({"action": "accept", "src": ["*"],
                                    "dst": ["tag:router:53"]})")),
            "opens:  alice@x.org (2 devices), bob@x.org (desk), tag:web (2 "
            "devices) -> tag:router (router): 53\n");
}

TEST(DiffPoliciesTest, ARewriteThatMeansTheSameIsNoChange) {
  EXPECT_EQ(Diff(Acls(kAliceWeb),
                 R"("acls": [], "groups": {"group:a": ["alice@x.org"]},
                    "grants": [{"src": ["group:a"], "dst": ["tag:web"],
                                "ip": ["22"]}])"),
            "");
}

TEST(DiffPoliciesTest, MentionsTheRest) {
  EXPECT_EQ(Diff(Acls(""),
                 Acls("") + R"(, "ssh": [{"action": "accept", "users": ["root"],
              "src": ["alice@x.org"], "dst": ["tag:router"]}],
              "nodeAttrs": [{"target": ["bob@x.org"], "attr": ["funnel"]}])"),
            "SSH rules change on router\nattributes change on desk\n");
}

}  // namespace
}  // namespace warren::policy
