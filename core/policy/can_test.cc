#include "core/policy/can.h"

#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
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

constexpr char kPolicy[] = R"({
  "groups": {"group:ops": ["alice@x.org"]},
  "tagOwners": {"tag:web": [], "tag:router": []},
  "hosts": {"printer": "10.0.0.9"},
  "acls": [
    {"action": "accept", "src": ["bob@x.org"], "dst": ["tag:web:443"]},
    {"action": "accept", "src": ["group:ops"], "dst": ["tag:web:22,80"]},
    {"action": "accept", "src": ["laptop-v4"], "dst": ["printer:631"]},
  ],
  "grants": [
    {"src": ["group:ops"], "dst": ["tag:web"], "ip": ["udp:53", "icmp:*"]},
  ],
})";

Oracle MakeOracle() {
  std::string text = kPolicy;
  text.replace(text.find("laptop-v4"), 9, "100.64.0.1");
  ParsedPolicy parsed = ParsePolicy(text);
  EXPECT_EQ(Describe(parsed.problems), "");
  return Oracle(std::make_shared<Policy>(std::move(parsed.policy)),
                std::make_shared<Topology>(*ParseTopology(kTopology)));
}

// "laptop>web-1 yes 7" for each answer; the number is the line.
std::string Ask(const char* source, const char* target) {
  const auto answers = MakeOracle().Can(source, *ParseTarget(target));
  if (!answers.ok()) return std::string(answers.status().message());
  std::string text;
  for (const Answer& answer : *answers) {
    absl::StrAppend(&text, text.empty() ? "" : ", ", answer.source.name, ">",
                    answer.destination.name,
                    answer.allowed ? absl::StrCat(" ", answer.rule.line) : "");
  }
  return text;
}

TEST(OracleTest, SaysWhoMayByWhichRule) {
  const struct {
    const char *source, *target, *answer;
  } rows[] = {
      {"desk", "web-1:443", "desk>web-1 6"},
      {"desk", "web-1:80", "desk>web-1"},
      {"desk", "web-1", "desk>web-1 6"},
      {"alice@x.org", "tag:web:22",
       "laptop>web-1 7, laptop>web-2 7, phone>web-1 7, phone>web-2 7"},
      {"bob", "web-1:443", "desk>web-1 6"},
      {"group:ops", "web-2:53/udp", "laptop>web-2 11, phone>web-2 11"},
      {"group:ops", "web-2:53", "laptop>web-2, phone>web-2"},
      {"laptop", "web-2/icmp", "laptop>web-2 11"},
      {"desk", "100.64.0.11:443", "desk>web-1 6"},
      {"laptop", "printer:631", "laptop>10.0.0.9 8"},
      {"laptop", "10.0.0.9:80", "laptop>10.0.0.9"},
      {"phone", "10.0.0.9:631", "phone>10.0.0.9"},
      {"web-1", "laptop", "web-1>laptop"},
      {"laptop", "web-3", "no device is \"web-3\"; did you mean \"web-1\"?"},
      {"alice@x.org", "carol@x.org",
       "\"carol@x.org\" has no device: ask again "
       "when one has joined, or ask about a device or an address"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(Ask(row.source, row.target), row.answer)
        << row.source << " " << row.target;
  }
}

TEST(OracleTest, ListsWhoMay) {
  const auto who = [](const char* target) {
    std::string names;
    const auto answers = MakeOracle().Who(*ParseTarget(target));
    if (!answers.ok()) return std::string(answers.status().message());
    for (const Answer& answer : *answers) {
      absl::StrAppend(&names, answer.source.name, " ");
    }
    return names;
  };
  EXPECT_EQ(who("tag:web:443"), "desk ");
  EXPECT_EQ(who("web-1"), "desk laptop phone ");
  EXPECT_EQ(who("printer:631"), "laptop ");
  EXPECT_EQ(who("laptop"), "");
}

TEST(ParseTargetTest, TellsNamesFromPorts) {
  const struct {
    const char *text, *name;
    int port;
    int protocol;
  } rows[] = {
      {"web", "web", -1, 6},
      {"tag:web", "tag:web", -1, 6},
      {"tag:web:80", "tag:web", 80, 6},
      {"tag:web:*", "tag:web", -1, 6},
      {"[fd7a::1]:22/udp", "[fd7a::1]", 22, 17},
      {"fd7a::1", "fd7a::1", -1, 6},
      {"web/icmp", "web", -1, 1},
  };
  for (const auto& row : rows) {
    const auto target = ParseTarget(row.text);
    ASSERT_TRUE(target.ok()) << row.text;
    EXPECT_EQ(target->name, row.name);
    EXPECT_EQ(target->port ? *target->port : -1, row.port) << row.text;
    EXPECT_EQ(target->protocol, row.protocol);
  }
  EXPECT_FALSE(ParseTarget("web:1-2").ok());
  EXPECT_FALSE(ParseTarget("web/bogus").ok());
}

}  // namespace
}  // namespace warren::policy
