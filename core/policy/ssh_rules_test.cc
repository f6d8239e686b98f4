#include "core/policy/ssh_rules.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTailnet[] = R"({
  "users": [{"name": "ann", "email": "ann@lab.test"},
            {"name": "bob", "email": "bob@else.test"}],
  "nodes": {
    "desk": {"user": "ann", "ipv4": "100.70.0.9", "ipv6": "fd7a:115c:a1e0::9"},
    "lap": {"user": "ann", "ipv4": "100.70.0.10",
            "attributes": {"node:os": "linux"}},
    "sofa": {"user": "bob", "ipv4": "100.70.0.3"},
    "ci": {"tags": ["tag:ci"], "ipv4": "100.70.0.4"},
    "rec": {"tags": ["tag:rec"], "ipv4": "100.70.0.5",
            "ipv6": "fd7a:115c:a1e0::5"},
    "db": {"tags": ["tag:db"], "ipv4": "100.70.0.7"}
  }
})";

// The rules of one node, as "accept|check PERIOD: PRINCIPALS as USERS".
std::vector<std::string> RulesOf(const std::string& node,
                                 const std::string& rules) {
  const auto parsed = ParsePolicy(absl::StrCat(
      R"({"tagOwners": {"tag:ci": [], "tag:db": [], "tag:rec": []},
          "postures": {"posture:l": ["node:os == 'linux'"]}, "ssh": [)",
      rules, "]}"));
  EXPECT_TRUE(parsed.ok()) << Describe(parsed.problems);
  const Topology topology = ParseTopology(kTailnet).value();
  const Directory directory(topology);
  Resolver resolver(parsed.policy, directory);
  const SshRules ssh(resolver);
  std::vector<std::string> lines;
  for (Index i = 0; i < directory.nodes().size(); ++i) {
    if (directory.node(i).name != node) continue;
    for (const SshPolicyRule& rule : ssh.Of(i)) {
      std::vector<std::string> who;
      for (const auto& address : rule.principals) {
        who.push_back(address.ToString());
      }
      lines.push_back(absl::StrCat(
          rule.action.accept ? "accept" : "check ", rule.action.check_period,
          ": ", absl::StrJoin(who, " "), " as ",
          absl::StrJoin(rule.ssh_users, " ", absl::PairFormatter("="))));
    }
  }
  return lines;
}

TEST(SshRules, PrincipalsAreIpv4ThenIpv6InTheOrderOfTheirTexts) {
  EXPECT_THAT(RulesOf("db", R"({"action": "accept", "src": ["ann@lab.test"],
                               "dst": ["tag:db"], "users": ["root", "www"]})"),
              ElementsAre("accept: 100.70.0.10 100.70.0.9 fd7a:115c:a1e0::9 "
                          "as root=root www=www"));
}

TEST(SshRules, NonrootIsAllButRoot) {
  EXPECT_THAT(RulesOf("db", R"({"action": "accept", "src": ["tag:ci"],
                     "dst": ["tag:db"], "users": ["autogroup:nonroot"]})"),
              ElementsAre("accept: 100.70.0.4 as *== root="));
}

TEST(SshRules, ThoseThatAskComeFirst) {
  const std::string rules =
      R"({"action": "accept", "src": ["tag:ci"], "dst": ["tag:db"],
          "users": ["www"]},
         {"action": "check", "src": ["bob@else.test"], "dst": ["tag:db"],
          "users": ["root"]},
         {"action": "check", "src": ["bob@else.test"], "dst": ["tag:db"],
          "users": ["www"], "checkPeriod": "always"})";
  EXPECT_THAT(RulesOf("db", rules),
              ElementsAre("check 12h: 100.70.0.3 as root=root",
                          "check always: 100.70.0.3 as root= www=www",
                          "accept: 100.70.0.4 as root= www=www"));
  EXPECT_THAT(RulesOf("ci", rules), IsEmpty());
}

TEST(SshRules, SelfIsForTheUsersOwnDevices) {
  const std::string rule =
      R"({"action": "accept", "src": ["autogroup:member"],
          "dst": ["autogroup:self"], "users": ["root"]})";
  EXPECT_THAT(RulesOf("sofa", rule),
              ElementsAre("accept: 100.70.0.3 as root=root"));
  EXPECT_THAT(RulesOf("db", rule), IsEmpty());
}

// As the hosted service has it: a rule of each user, a second one where the
// domain fits, and the user's own devices too.
TEST(SshRules, LocalpartIsTheAccountNamedLikeTheUser) {
  const std::string rule =
      R"({"action": "accept", "src": ["autogroup:member", "tag:ci"],
          "dst": ["tag:db"], "users": ["localpart:*@lab.test"]})";
  EXPECT_THAT(
      RulesOf("db", rule),
      ElementsAre(
          "accept: 100.70.0.10 100.70.0.9 fd7a:115c:a1e0::9 as root=",
          "accept: 100.70.0.10 100.70.0.9 fd7a:115c:a1e0::9 as ann=ann",
          "accept: 100.70.0.3 as root=", "accept: 100.70.0.4 as root="));
  EXPECT_THAT(RulesOf("sofa", rule),
              ElementsAre("accept: 100.70.0.3 as root="));
  EXPECT_THAT(RulesOf("ci", rule), IsEmpty());
}

TEST(SshRules, APostureLeavesOutDevices) {
  EXPECT_THAT(RulesOf("db", R"({"action": "accept", "src": ["ann@lab.test"],
                     "dst": ["tag:db"], "users": ["root"],
                     "srcPosture": ["posture:l"]})"),
              ElementsAre("accept: 100.70.0.10 as root=root"));
}

TEST(SshRules, RecordersAreNamedByAddress) {
  const auto parsed =
      ParsePolicy(R"({"tagOwners": {"tag:db": [], "tag:rec": []},
    "ssh": [{"action": "accept", "src": ["bob@else.test"], "dst": ["tag:db"],
             "users": ["root"], "recorder": ["tag:rec"],
             "enforceRecorder": true}]})");
  ASSERT_TRUE(parsed.ok()) << Describe(parsed.problems);
  const Topology topology = ParseTopology(kTailnet).value();
  const Directory directory(topology);
  Resolver resolver(parsed.policy, directory);
  const SshRules ssh(resolver);
  const auto rules = ssh.Of(directory.WithTag("tag:db").at(0));
  ASSERT_EQ(rules.size(), 1u);
  EXPECT_THAT(rules[0].recorders,
              ElementsAre("100.70.0.5:80", "[fd7a:115c:a1e0::5]:80"));
  EXPECT_TRUE(rules[0].enforce_recorder);
}

TEST(SshRules, WhoMayLogIn) {
  const std::map<std::string, std::string> any = {{"*", "="}, {"root", ""}};
  EXPECT_TRUE(MayLogInAs(any, "www"));
  EXPECT_FALSE(MayLogInAs(any, "root"));
  EXPECT_FALSE(MayLogInAs(any, ""));
  EXPECT_FALSE(MayLogInAs({{"root", "root"}}, "www"));
}

}  // namespace
}  // namespace warren::policy
