#include "core/policy/tests.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kTailnet[] = R"({
  "users": [{"name": "ann", "email": "ann@lab.test"},
            {"name": "bob", "email": "bob@lab.test"},
            {"name": "new", "email": "new@lab.test"}],
  "nodes": {
    "desk": {"user": "ann", "ipv4": "100.70.0.1", "ipv6": "fd7a:115c:a1e0::1"},
    "sofa": {"user": "bob", "ipv4": "100.70.0.3"},
    "db": {"tags": ["tag:db"], "ipv4": "100.70.1.1"},
    "gw": {"tags": ["tag:gw"], "ipv4": "100.70.1.2",
           "routable_ips": ["10.8.0.0/16"], "approved_routes": ["10.8.0.0/16"]}
  }
})";

constexpr char kRules[] = R"(
  "tagOwners": {"tag:db": [], "tag:gw": [], "tag:soon": []},
  "groups": {"group:both": ["ann@lab.test", "bob@lab.test"],
             "group:none": []},
  "hosts": {"printer": "10.8.0.9"},
  "postures": {"posture:l": ["node:os == 'linux'"]},
  "acls": [
    {"action": "accept", "src": ["ann@lab.test"], "dst": ["tag:db:22"]},
    {"action": "accept", "src": ["group:both"], "dst": ["tag:db:443"],
     "proto": "tcp"},
    {"action": "accept", "src": ["autogroup:member"],
     "dst": ["autogroup:self:*", "tag:soon:80"]}],
  "grants": [
    {"src": ["bob@lab.test"], "dst": ["printer"], "ip": ["631"]},
    {"src": ["bob@lab.test"], "dst": ["tag:db"], "ip": ["5432"],
     "srcPosture": ["posture:l"]}],
  "ssh": [
    {"action": "accept", "src": ["ann@lab.test"], "dst": ["tag:db"],
     "users": ["www"]},
    {"action": "check", "src": ["ann@lab.test"], "dst": ["tag:db"],
     "users": ["root"]}])";

std::vector<std::string> Failures(const std::string& section) {
  const auto parsed =
      ParsePolicy(absl::StrCat("{", kRules, ", ", section, "}"));
  EXPECT_TRUE(parsed.ok()) << Describe(parsed.problems);
  std::vector<std::string> failures;
  for (const Problem& problem :
       RunTests(parsed.policy, ParseTopology(kTailnet).value())) {
    failures.push_back(problem.message);
  }
  return failures;
}

struct Row {
  const char* name;
  const char* test;
  const char* failure;  // nullptr: it passes
};

void Check(const std::string& section, const std::vector<Row>& rows) {
  for (const Row& row : rows) {
    SCOPED_TRACE(row.name);
    const auto failures =
        Failures(absl::StrCat("\"", section, "\": [", row.test, "]"));
    if (row.failure == nullptr) {
      EXPECT_THAT(failures, IsEmpty());
    } else {
      EXPECT_THAT(failures,
                  ElementsAre(::testing::AllOf(HasSubstr("test(s) failed"),
                                               HasSubstr(row.failure))));
    }
  }
}

TEST(PolicyTests, TellWhetherTrafficPasses) {
  const std::vector<Row> rows = {
      {"Accept", R"({"src": "ann@lab.test", "accept": ["tag:db:22"]})",
       nullptr},
      {"AcceptFails", R"({"src": "bob@lab.test", "accept": ["tag:db:22"]})",
       "bob@lab.test -> tag:db:22: expected accept, got deny"},
      {"Deny", R"({"src": "bob@lab.test", "deny": ["tag:db:22"]})", nullptr},
      {"DenyFails", R"({"src": "ann@lab.test", "deny": ["tag:db:22"]})",
       "expected deny, got accept"},
      {"AllSourcesMust", R"({"src": "group:both", "accept": ["tag:db:22"]})",
       "got deny"},
      {"AllSourcesDo", R"({"src": "group:both", "accept": ["tag:db:443"]})",
       nullptr},
      {"Protocol",
       R"({"src": "ann@lab.test", "proto": "udp", "accept": ["tag:db:443"]})",
       "(udp): expected accept, got deny"},
      {"DefaultProtocols",
       R"({"src": "ann@lab.test", "proto": "udp", "accept": ["tag:db:22"]})",
       nullptr},
      {"SctpIsNotAmongThem",
       R"({"src": "ann@lab.test", "proto": "sctp", "deny": ["tag:db:22"]})",
       nullptr},
      {"Address", R"({"src": "100.70.0.1", "accept": ["100.70.1.1:22"]})",
       nullptr},
      {"OtherFamily", R"({"src": "100.70.0.1", "deny": ["[2001:db8::1]:22"]})",
       "IPv4 and IPv6 never meet"},
      {"BehindARouter", R"({"src": "bob@lab.test", "accept": ["printer:631"]})",
       nullptr},
      {"OwnDevices", R"({"src": "ann@lab.test",
                         "accept": ["autogroup:self:80"]})",
       nullptr},
      {"UserWithoutDevices", R"({"src": "new@lab.test",
                                 "accept": ["tag:soon:80"],
                                 "deny": ["tag:db:22"]})",
       nullptr},
      {"UnknownUser", R"({"src": "who@lab.test", "deny": ["tag:db:22"]})",
       "who@lab.test"},
      {"EmptyGroup", R"({"src": "group:none", "deny": ["tag:db:22"]})",
       "group:none"},
      {"Posture", R"({"src": "bob@lab.test", "deny": ["tag:db:5432"]})",
       nullptr},
      {"PostureGiven", R"({"src": "bob@lab.test",
                           "srcPostureAttrs": {"node:os": "linux"},
                           "accept": ["tag:db:5432"]})",
       nullptr},
  };
  Check("tests", rows);
}

TEST(PolicyTests, TellWhoMayLogIn) {
  const std::vector<Row> rows = {
      {"Accept", R"({"src": "ann@lab.test", "dst": ["tag:db"],
                     "accept": ["www", "root"]})",
       nullptr},
      {"AcceptFails", R"({"src": "ann@lab.test", "dst": ["tag:db"],
                          "accept": ["ubuntu"]})",
       "ann@lab.test as ubuntu on db: expected accept, got deny"},
      {"Deny", R"({"src": "bob@lab.test", "dst": ["tag:db"],
                   "deny": ["www"]})",
       nullptr},
      {"DenyFails", R"({"src": "ann@lab.test", "dst": ["tag:db"],
                        "deny": ["root"]})",
       "expected deny, got check"},
      {"Check", R"({"src": "ann@lab.test", "dst": ["tag:db"],
                    "check": ["root"]})",
       nullptr},
      {"CheckIsNotAccept", R"({"src": "ann@lab.test", "dst": ["tag:db"],
                               "check": ["www"]})",
       "expected check, got accept"},
      {"ByAddress", R"({"src": "ann@lab.test", "dst": ["100.70.1.1"],
                        "accept": ["www"]})",
       nullptr},
  };
  Check("sshTests", rows);
}

TEST(PolicyTests, AFailureNamesThePlaceAndTheRule) {
  const auto parsed = ParsePolicy(R"({
    "acls": [{"action": "accept", "src": ["ann@lab.test"], "dst": ["*:*"]}],
    "tests": [{"src": "ann@lab.test",
               "deny": ["100.70.1.1:22"]}]})");
  ASSERT_TRUE(parsed.ok()) << Describe(parsed.problems);
  const auto failures =
      RunTests(parsed.policy, ParseTopology(kTailnet).value());
  ASSERT_EQ(failures.size(), 1u);
  EXPECT_EQ(failures[0].place.line, 4u);
  EXPECT_EQ(failures[0].hint, "allowed by the rule at line 2");
}

}  // namespace
}  // namespace warren::policy
