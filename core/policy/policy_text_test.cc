#include "core/policy/policy_text.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace warren::policy {
namespace {

struct Row {
  const char* name;
  const char* text;
  const char* problem;  // "" if it is in order
};

// The first problem as "LINE:COLUMN MESSAGE".
std::string First(absl::string_view text, const CheckOptions& options = {}) {
  const ParsedPolicy parsed = ParsePolicy(text, options);
  if (parsed.ok()) return "";
  const Problem& problem = parsed.problems[0];
  return absl::StrCat(problem.place.line, ":", problem.place.column, " ",
                      problem.message);
}

TEST(ParsePolicyTest, ReadsEverySection) {
  const ParsedPolicy parsed = ParsePolicy(R"({
    // who
    "groups": {"group:ops": ["alice@example.com", "group:night"],
               "group:night": ["bob@"]},
    "tagOwners": {"tag:web": ["group:ops", "autogroup:admin"], "tag:db": []},
    "Hosts": {"printer": "10.0.0.9", "lab": "10.1.0.0/16"},
    "ipsets": {"ipset:prod": ["add 10.0.0.0/8", "remove lab", "printer"]},
    "autoApprovers": {"routes": {"10.0.0.0/8": ["tag:web"]},
                      "exitNode": ["group:ops"]},
    "postures": {"posture:fresh": ["node:os == 'linux'"]},
    "defaultSrcPosture": ["posture:fresh"],
    "ACLs": [{"#ha-meta": {"x": 1}, "Action": "accept",
              "Users": [" group:ops "], "Ports": ["tag:web:80,443"]},
             {"action": "accept", "src": ["*"], "dst": ["*:*"],
              "proto": "icmp", "srcPosture": ["posture:fresh"]}],
    "grants": [{"src": ["group:ops"], "dst": ["ipset:prod"],
                "ip": ["tcp:443", "*"], "via": ["tag:web"],
                "app": {"example.com/cap/x": [{"a": [1, null]}],
                        "example.com/cap/y": null}}],
    "ssh": [{"action": "check", "src": ["group:ops"], "dst": ["tag:web"],
             "users": ["root", "localpart:*@example.com"],
             "checkPeriod": "12h", "acceptEnv": ["LANG"],
             "recorder": ["tag:db"], "enforceRecorder": true}],
    "nodeAttrs": [{"target": ["*"], "attr": ["custom:x"],
                   "ipPool": ["100.81.0.0/16"]}],
    "tests": [{"user": "alice@example.com", "allow": ["tag:web:80"],
               "srcPostureAttrs": {"node:os": "linux"}}],
    "sshTests": [{"src": "alice@example.com", "dst": ["tag:web"],
                  "check": ["root"]}],
    "derpMap": {"OmitDefaultRegions": true},
    "disableIPv4": true, "randomizeClientPort": true,
    "OneCGNATRoute": "mac-always",
  })");
  EXPECT_EQ(Describe(parsed.problems), "");
  const Policy& policy = parsed.policy;
  ASSERT_TRUE(policy.acls && policy.grants);
  EXPECT_EQ((*policy.acls)[0].src[0].text, "group:ops");
  EXPECT_EQ((*policy.acls)[0].dst[0].place, (Place{13, 51}));
  EXPECT_EQ((*policy.acls)[1].proto.text, "icmp");
  const Grant& grant = (*policy.grants)[0];
  EXPECT_EQ(grant.app[0].values[0], "{\"a\":[1,null]}");
  EXPECT_TRUE(grant.app[1].values.empty());
  EXPECT_EQ(policy.groups[0].members[1].text, "group:night");
  EXPECT_EQ(policy.hosts[1].address.text, "10.1.0.0/16");
  EXPECT_EQ(policy.ssh[0].check_period->text, "12h");
  EXPECT_TRUE(policy.ssh[0].enforce_recorder && policy.ssh[0].users_given);
  EXPECT_EQ(policy.tests[0].src_posture_attributes.at("node:os"), "linux");
  EXPECT_EQ(policy.derp_map, "{\"OmitDefaultRegions\":true}");
  EXPECT_TRUE(policy.disable_ipv4 && policy.randomize_client_port);
  EXPECT_EQ(policy.one_cgnat_route, "mac-always");
}

TEST(ParsePolicyTest, TellsAbsentFromEmpty) {
  EXPECT_FALSE(ParsePolicy("{}").policy.acls.has_value());
  EXPECT_TRUE(ParsePolicy(R"({"acls": []})").policy.acls.has_value());
  EXPECT_FALSE(ParsePolicy(R"({"acls": null})").policy.acls.has_value());
  EXPECT_TRUE(ParsePolicy("").ok());
}

const Row kShapes[] = {
    {"syntax", "{\n  \"acls\": [}\n", "2:12 found '}' instead of a value"},
    {"not an object", "[]", "1:1 a policy must be an object, found a list"},
    {"unknown section", R"({"alcs": []})", "1:2 unknown field \"alcs\""},
    {"unknown field", "{\"acls\": [\n{\"action\": \"accept\", \"scr\": []}]}",
     "2:22 unknown field \"scr\""},
    {"hash only in acls", R"({"grants": [{"#x": 1}]})",
     "1:14 unknown field \"#x\""},
    {"same name in another case", R"({"acls": [], "ACLs": []})",
     "1:14 a policy has \"acls\" twice"},
    {"old and new name",
     R"({"acls": [{"action": "accept", "src": [], "users": []}]})",
     "1:43 an entry of \"acls\" has \"src\" twice"},
    {"list wanted", R"({"acls": [{"src": "*"}]})",
     "1:19 \"src\" must be a list, found a string"},
    {"string wanted", R"({"acls": [{"src": [1]}]})",
     "1:20 an element of \"src\" must be a string, found a number"},
    {"boolean wanted", R"({"disableIPv4": "yes"})",
     "1:17 \"disableIPv4\" must be a boolean, found a string"},
    {"one of few", R"({"OneCGNATRoute": "never"})",
     "1:19 OneCGNATRoute \"never\" is not valid"},
};

TEST(ParsePolicyTest, RefusesWrongShapesWithTheirPlace) {
  for (const Row& row : kShapes) {
    EXPECT_EQ(First(row.text), row.problem) << row.name;
  }
}

TEST(ParsePolicyTest, SaysWhatWasMeant) {
  EXPECT_EQ(Describe(ParsePolicy(R"({"alcs": []})").problems),
            "line 1, column 2: unknown field \"alcs\" (did you mean "
            "\"acls\"?)\n");
  EXPECT_EQ(Describe(ParsePolicy(R"({"tagOwners": {"tag:server": []},
"acls": [{"action": "accept", "src": ["tag:sever"], "dst": ["*:*"]}]})")
                         .problems),
            "line 2, column 39: src=tag not found: \"tag:sever\" (did you mean "
            "\"tag:server\"?)\n");
}

TEST(ParsePolicyTest, LimitsSizeAndRules) {
  EXPECT_EQ(First(std::string(kMaxTextSize + 1, ' ')),
            "1:1 the policy has 1048577 bytes; at most 1048576 will do");
  std::string text = "{\"acls\":[";
  for (size_t i = 0; i <= kMaxRules; ++i) text += "{},";
  EXPECT_EQ(First(text + "]}"),
            "1:1 the policy has 10001 rules; at most 10000 will do");
  EXPECT_EQ(First(std::string(10 << 20, '[')).substr(0, 14), "1:1 the policy");
}

TEST(ParsePolicyTest, ListsAllProblemsInOrder) {
  const ParsedPolicy parsed = ParsePolicy(R"({
    "acls": [{"action": "deny", "src": ["group:x"], "dst": ["*:0"]}]
  })");
  ASSERT_EQ(parsed.problems.size(), 3u);
  EXPECT_EQ(parsed.problems[0].message, "action=\"deny\" is not supported");
  EXPECT_EQ(parsed.problems[1].message, "src=group not found: \"group:x\"");
}

}  // namespace
}  // namespace warren::policy
