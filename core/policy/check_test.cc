#include <string>

#include "absl/strings/str_cat.h"
#include "core/policy/policy_text.h"
#include "gtest/gtest.h"

// The rules of the language, one row each: what is in order, and what the
// first problem of the rest says.
namespace warren::policy {
namespace {

struct Row {
  const char* text;  // entries of the section
  const char* problem;
};

// A policy of the names that rows use, and one section more.
std::string Policy(absl::string_view section, absl::string_view entries) {
  return absl::StrCat(
      R"({"groups": {"group:ops": ["alice@example.com"]},
          "tagOwners": {"tag:web": [], "tag:db": []},
          "hosts": {"srv": "10.0.0.9", "lab": "10.1.0.0/16"},
          "ipsets": {"ipset:prod": ["10.0.0.0/8"]},
          "postures": {"posture:ok": ["node:os IS SET"]},
          ")",
      section, "\": ", entries, "}");
}

std::string First(absl::string_view text, const CheckOptions& options = {}) {
  const ParsedPolicy parsed = ParsePolicy(text, options);
  return parsed.ok() ? "" : parsed.problems[0].message;
}

template <size_t kSize>
void Expect(absl::string_view section, const Row (&rows)[kSize]) {
  for (const Row& row : rows) {
    EXPECT_EQ(First(Policy(section, absl::StrCat("[", row.text, "]"))),
              row.problem)
        << row.text;
  }
}

std::string Acl(absl::string_view src, absl::string_view dst,
                absl::string_view more = "") {
  return Policy("acls",
                absl::StrCat(R"([{"action": "accept", "src": [")", src,
                             R"("], "dst": [")", dst, "\"]", more, "}]"));
}

TEST(CheckTest, AclSources) {
  for (const char* src :
       {"*", "alice@example.com", "user:*@example.com", "group:ops", "tag:web",
        "srv", "10.0.0.1", "10.0.0.0/8", "fd7a::/48", "ipset:prod",
        "autogroup:member", "autogroup:members", "autogroup:tagged",
        "autogroup:shared", "autogroup:danger-all", "autogroup:admin",
        "group:from-idp@example.com", " tag:web "}) {
    EXPECT_EQ(First(Acl(src, "tag:web:22")), "") << src;
  }
  const Row rows[] = {
      {"group:x", "src=group not found: \"group:x\""},
      {"tag:x", "src=tag not found: \"tag:x\""},
      {"ipset:x", "src=ipset not found: \"ipset:x\""},
      {"other", "src=\"other\": invalid address"},
      {"%bogus%", "src=\"%bogus%\": invalid address"},
      {"autogroup:self",
       "\"autogroup:self\" not valid on the src side of a rule"},
      {"autogroup:internet",
       "\"autogroup:internet\" not valid on the src side of a rule"},
      {"autogroup:nonroot",
       "\"autogroup:nonroot\" not valid on the src side of a rule"},
      {"svc:db", "\"svc:db\" not valid on the src side of a rule"},
      {"autogroup:bogus", "src=unknown autogroup \"autogroup:bogus\""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(First(Acl(row.text, "tag:web:22")), row.problem);
  }
}

TEST(CheckTest, AclDestinations) {
  for (const char* dst :
       {"*:*", "tag:web:80,443", "srv:1-9", "[fd7a::1]:22", "fd7a::/48:*",
        "autogroup:internet:*", "autogroup:tagged:22", "svc:db:443",
        "ipset:prod:1", "alice@example.com:22", "group:ops:*"}) {
    EXPECT_EQ(First(Acl("*", dst)), "") << dst;
  }
  const Row rows[] = {
      {"tag:x:22", "dst=\"tag:x\": tag not found: \"tag:x\""},
      {"other:22", "dst=\"other\": \"other\": invalid address"},
      {"tag:web", "dst=\"tag:web\": port range \"web\": invalid first integer"},
      {"srv", "dst=\"srv\": hostport must contain a colon (\":\")"},
      {"tag:web:icmp",
       "dst=\"tag:web:icmp\": port range \"icmp\": invalid first integer"},
      {"tag:web:9-1",
       "dst=\"tag:web:9-1\": port range \"9-1\": invalid port range: first "
       "port "
       "is greater than last port"},
      {"autogroup:danger-all:*", "cannot use autogroup:danger-all as a dst"},
      {"autogroup:shared:*",
       "\"autogroup:shared\" not valid on the dst side of a rule"},
      {"0.0.0.0/0:*",
       "dst \"0.0.0.0/0\": to allow all IP addresses, use \"*\" or "
       "\"autogroup:internet\""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(First(Acl("*", row.text)), row.problem);
  }
}

TEST(CheckTest, AutogroupSelfNeedsPeople) {
  const char kRefused[] =
      "autogroup:self can only be used with users, groups, or supported "
      "autogroups";
  for (const char* src : {"*", "alice@example.com", "group:ops",
                          "autogroup:member", "autogroup:admin"}) {
    EXPECT_EQ(First(Acl(src, "autogroup:self:*")), "") << src;
  }
  for (const char* src : {"tag:web", "srv", "10.0.0.1", "autogroup:tagged"}) {
    EXPECT_EQ(First(Acl(src, "autogroup:self:*")), kRefused) << src;
  }
  const auto grant = [](absl::string_view src) {
    return Policy("grants",
                  absl::StrCat(R"([{"dst": ["autogroup:self"], "ip": ["*"],
                                    "src": [")",
                               src, "\"]}]"));
  };
  EXPECT_EQ(First(grant("*")), kRefused);
  EXPECT_EQ(First(grant("autogroup:member")), "");
}

TEST(CheckTest, AclProtocols) {
  const Row rows[] = {
      {"tcp", ""},
      {"6", ""},
      {"UDP", ""},
      {"", ""},
      {"*",
       "proto name \"*\" not known; use protocol number 0-255 or protocol "
       "name (icmp, tcp, udp, etc.)"},
      {"06", "leading 0 not permitted in protocol number: \"06\""},
      {"icmp",
       "protocol does not support specific ports: \"icmp\", only "
       "\"*\" is allowed"},
      {"47",
       "protocol does not support specific ports: \"gre\", only "
       "\"*\" is allowed"},
  };
  for (const Row& row : rows) {
    const std::string proto = absl::StrCat(", \"proto\": \"", row.text, "\"");
    EXPECT_EQ(First(Acl("*", "tag:web:22", proto)), row.problem) << row.text;
  }
  EXPECT_EQ(First(Acl("*", "tag:web:*", ", \"proto\": \"icmp\"")), "");
}

TEST(CheckTest, Grants) {
  const Row rows[] = {
      {R"({"src": ["*"], "dst": ["*"], "ip": ["*", "tcp:443", "icmp:*"]})", ""},
      {R"({"src": [], "dst": [], "ip": ["22"]})", ""},
      {R"({"src": ["*"], "dst": ["*"]})", "ip and app can not both be empty"},
      {R"({"src": ["*"], "dst": ["*"], "app": {}})",
       "ip and app can not both be empty"},
      {R"({"src": ["*"], "dst": ["tag:web"], "ip": ["icmp"]})",
       "port range \"icmp\": invalid first integer"},
      {R"({"src": ["*"], "dst": ["tag:web"], "ip": ["icmp:8"]})",
       "protocol does not support specific ports: \"icmp\", only \"*\" is "
       "allowed"},
      {R"({"src": ["*"], "dst": ["*"], "ip": ["*"], "via": ["tag:x"]})",
       "tag \"tag:x\" not found"},
      {R"({"src": ["*"], "dst": ["*"], "ip": ["*"], "via": ["group:ops"]})",
       "via can only be a tag"},
      {R"({"src": ["*"], "dst": ["::/0"], "ip": ["*"]})",
       "dst \"::/0\": to allow all IP addresses, use \"*\" or "
       "\"autogroup:internet\""},
      {R"({"src": ["*"], "dst": ["*"], "app": {"example.com/cap/x": [{}]}})",
       ""},
      {R"({"src": ["*"], "dst": ["*"],
           "app": {"tailscale.com/cap/drive": [{}]}})",
       ""},
      {R"({"src": ["*"], "dst": ["*"],
           "app": {"tailscale.com/cap/ingress": [{}]}})",
       "capability name must not be in the tailscale.com domain"},
      {R"({"src": ["*"], "dst": ["*"],
           "app": {"https://tailscale.com/cap/x": [{}]}})",
       "capability name must have the form {domain}/{path}"},
      {R"({"src": ["*"], "dst": ["*"], "app": {"plain": [{}]}})",
       "capability name must have the form {domain}/{path}"},
      {R"({"src": ["*"], "dst": ["autogroup:internet"],
           "app": {"example.com/cap/x": [{}]}})",
       "cannot use app grants with autogroup:internet"},
  };
  Expect("grants", rows);
}

std::string Ssh(absl::string_view fields) {
  return Policy("ssh", absl::StrCat("[{", fields, "}]"));
}

std::string SshFromTo(absl::string_view src, absl::string_view dst) {
  return Ssh(absl::StrCat(R"("action": "accept", "users": ["root"], "src": [")",
                          src, R"("], "dst": [")", dst, "\"]"));
}

TEST(CheckTest, SshEnds) {
  const struct {
    const char *src, *dst, *problem;
  } rows[] = {
      {"autogroup:member", "tag:web", ""},
      {"user:*@example.com", "tag:web", ""},
      {"group:ops", "autogroup:self", ""},
      {"tag:db", "tag:web", ""},
      {"alice@example.com", "alice@example.com", ""},
      {"autogroup:member", "autogroup:tagged", ""},
      {"*", "tag:web", "invalid src \"*\": \"*\" is not allowed in src"},
      {"srv", "tag:web", "invalid src \"srv\": \"srv\" is not allowed in src"},
      {"10.0.0.1", "tag:web",
       "invalid src \"10.0.0.1\": \"10.0.0.1\" is not allowed in src"},
      {"group:ops", "*", "invalid dst \"*\": \"*\" is not allowed in dst"},
      {"group:ops", "srv",
       "invalid dst \"srv\": \"srv\" is not allowed in dst"},
      {"group:ops", "10.0.0.9",
       "invalid dst \"10.0.0.9\": \"10.0.0.9\" is not allowed in dst"},
      {"group:ops", "group:ops",
       "invalid dst \"group:ops\": \"group:ops\" is not allowed in dst"},
      {"group:ops", "tag:web:22",
       "dst=\"tag:web:22\": tag not found: \"tag:web:22\""},
      {"group:x", "tag:web", "src=group not found: \"group:x\""},
      {"bob@example.com", "alice@example.com",
       "users in dst are only allowed from the same user"},
      {"tag:web", "alice@example.com",
       "users in dst are only allowed from the same user"},
      {"tag:web", "autogroup:self",
       "autogroup:self can only be used with users, groups, or supported "
       "autogroups"},
      {"autogroup:tagged", "autogroup:member",
       "tags in src cannot access autogroup:member"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(First(SshFromTo(row.src, row.dst)), row.problem)
        << row.src << " to " << row.dst;
  }
}

TEST(CheckTest, SshFields) {
  const char kEnds[] = R"("src": ["group:ops"], "dst": ["tag:web"])";
  const Row rows[] = {
      {R"("action": "", "users": ["root"])", "action must be specified"},
      {R"("users": ["root"])", "action must be specified"},
      {R"("action": "deny", "users": ["root"])",
       "\"deny\" is not a valid action"},
      {R"("action": "accept")", "users must be specified"},
      {R"("action": "accept", "users": null)", "users must be specified"},
      {R"("action": "accept", "users": [])", "users must be specified"},
      {R"("action": "accept", "users": [""])", "user \"\" is not valid"},
      {R"("action": "accept", "users": ["*"])", "user \"*\" is not valid"},
      {R"("action": "accept", "users": ["localpart:*@", "autogroup:self"])",
       ""},
      {R"("action": "accept", "users": ["root"], "acceptEnv": [""])",
       "acceptEnv values cannot be empty"},
      {R"("action": "accept", "users": ["root"], "checkPeriod": "1h")",
       "checkPeriod is only valid with action \"check\""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "168h")", ""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "0s")", ""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "always")", ""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "200h")",
       "checkPeriod 200h0m0s is above the max (168h)"},
      {R"("action": "check", "users": ["root"], "checkPeriod": "-90m")",
       "checkPeriod -1h30m0s must be a positive duration"},
      {R"("action": "check", "users": ["root"], "checkPeriod": "abc")",
       "time: invalid duration \"abc\""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "")",
       "time: invalid duration \"\""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "12")",
       "time: missing unit in duration \"12\""},
      {R"("action": "check", "users": ["root"], "checkPeriod": "2d")",
       "time: unknown unit \"d\" in duration \"2d\""},
      {R"("action": "accept", "users": ["root"], "recorder": ["group:ops"])",
       "invalid recorder \"group:ops\""},
      {R"("action": "accept", "users": ["root"], "srcPosture": ["posture:x"])",
       "posture not found: \"posture:x\""},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(First(Ssh(absl::StrCat(kEnds, ", ", row.text))), row.problem)
        << row.text;
  }
}

TEST(CheckTest, Definitions) {
  const struct {
    const char *text, *problem;
  } rows[] = {
      {R"({"groups": {"ops": []}})",
       "groups[\"ops\"]: names must start with 'group:'"},
      {R"({"groups": {"group:a": ["alice"]}})",
       "groups[\"group:a\"]: \"alice\": group members must be users"},
      {R"({"groups": {"group:a": ["10.0.0.1"]}})",
       "groups[\"group:a\"]: \"10.0.0.1\": group members must be users"},
      {R"({"groups": {"group:a": ["group:b"], "group:b": ["group:a"]}})",
       "groups[\"group:a\"]: the group is a member of itself"},
      {R"({"groups": {"group:a": ["group:a"]}})",
       "groups[\"group:a\"]: the group is a member of itself"},
      {R"({"groups": {"group:a": ["group:x"]}})",
       "groups[\"group:a\"]: group not found: \"group:x\""},
      {R"({"hosts": {"a:b": "10.0.0.1"}})",
       "hosts[\"a:b\"]: host name must not contain colon (:)"},
      {R"({"hosts": {"*": "10.0.0.1"}})",
       "hosts[\"*\"]: host name must not be empty, \"*\", an address or a "
       "user"},
      {R"({"hosts": {"10.0.0.1": "10.0.0.1"}})",
       "hosts[\"10.0.0.1\"]: host name must not be empty, \"*\", an address "
       "or a user"},
      {R"({"hosts": {"a": "b"}})", "hosts[\"a\"]: \"b\": invalid address"},
      {R"({"hosts": {"a": "10.0.0.1/8"}})",
       "hosts[\"a\"]: \"10.0.0.1/8\": invalid address"},
      {R"({"tagOwners": {"tag:1a": []}})",
       "tagOwners[\"tag:1a\"]: tag names must start with a letter, after "
       "'tag:'"},
      {R"({"tagOwners": {"tag:a b": []}})",
       "tagOwners[\"tag:a b\"]: tag names can only contain numbers, letters, "
       "or dashes"},
      {R"({"tagOwners": {"tag:a_b": []}})",
       "tagOwners[\"tag:a_b\"]: tag names can only contain numbers, letters, "
       "or dashes"},
      {R"({"tagOwners": {"tag:": []}})",
       "tagOwners[\"tag:\"]: tag names must not be empty"},
      {R"({"tagOwners": {"web": []}})",
       "tagOwners[\"web\"]: tags must start with 'tag:'"},
      {R"({"tagOwners": {"tag:a": ["tag:b"], "tag:b": ["tag:a"]}})", ""},
      {R"({"tagOwners": {"tag:a": ["group:x"]}})",
       "tagOwners[\"tag:a\"]: group not found: \"group:x\""},
      {R"({"tagOwners": {"tag:a": ["*"]}})",
       "tagOwners[\"tag:a\"]: invalid owner \"*\""},
      {R"({"ipsets": {"ipset:a": ["add ipset:b"], "ipset:b": ["ipset:a"]}})",
       "ipsets[\"ipset:a\"]: the ipset contains itself"},
      {R"({"ipsets": {"ipset:a": ["add alice@example.com"]}})",
       "ipsets[\"ipset:a\"]: \"add alice@example.com\": an ipset takes "
       "addresses, hosts, ipsets and autogroup:internet"},
      {R"({"autoApprovers": {"routes": {"10.0.0.0/33": []}}})",
       "autoApprovers.routes[\"10.0.0.0/33\"]: \"10.0.0.0/33\" has a bad "
       "prefix length"},
      {R"({"autoApprovers": {"exitNode": ["tag:x"]}})",
       "autoApprovers.exitNode: tag not found: \"tag:x\""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(First(row.text), row.problem) << row.text;
  }
}

TEST(CheckTest, AttributesAndPostures) {
  const Row rows[] = {
      {R"({"nodeAttrs": [{"target": ["%bogus%"]}]})",
       "\"%bogus%\": invalid address"},
      {R"({"nodeAttrs": [{"target": ["autogroup:self"]}]})",
       "nodeAttrs target \"autogroup:self\" is not valid"},
      {R"({"nodeAttrs": [{"target": ["autogroup:admin"], "attr": ["x"]}]})",
       ""},
      {R"({"nodeAttrs": [{"target": ["*"], "ipPool": ["10.0.0.0/8"]}]})",
       "ipPool \"10.0.0.0/8\" must be within 100.64.0.0/10"},
      {R"({"nodeAttrs": [{"target": ["*"], "ipPool": ["100.100.0.0/16"]}]})",
       "ipPool \"100.100.0.0/16\" overlaps 100.100.100.0/24, which is "
       "reserved"},
      {R"({"postures": {"fresh": []}})",
       "postures[\"fresh\"]: names must start with 'posture:'"},
      {R"({"defaultSrcPosture": ["posture:x"]})",
       "posture not found: \"posture:x\""},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(First(row.text), row.problem) << row.text;
  }
}

TEST(CheckTest, RefusesLookAlikes) {
  const struct {
    const char *member, *fault;
  } rows[] = {
      {"alice@example.com", ""},
      {"Андрей@example.com", ""},
      {"jos\xC3\xA9@example.com", ""},
      {"\xD0\xB0lice@example.com", "it mixes letters of Cyrillic and Latin"},
      {"jose\xCC\x81@example.com",
       "it has an accent as a character of its own; write the letter with its "
       "accent as one (Unicode NFC)"},
      {"al\xE2\x80\x8Bice@example.com", "it has a character that is not seen"},
  };
  for (const auto& row : rows) {
    const std::string problem = First(
        absl::StrCat("{\"groups\": {\"group:a\": [\"", row.member, "\"]}}"));
    const std::string want =
        absl::StrCat("groups[\"group:a\"]: \"", row.member,
                     "\" could be taken for another: ", row.fault);
    EXPECT_EQ(problem, *row.fault == '\0' ? "" : want);
  }
}

TEST(CheckTest, DeepGroupsAreNoTrouble) {
  std::string text = "{\"groups\": {";
  for (int i = 0; i < 1000; ++i) {
    absl::StrAppend(&text, "\"group:", i, "\": [\"group:", i + 1, "\"],");
  }
  EXPECT_EQ(First(text + "\"group:1000\": []}}"), "");
}

TEST(CheckTest, OptionsOfTheHostedService) {
  CheckOptions options;
  options.nested_groups = false;
  options.domains = {"example.com"};
  EXPECT_EQ(First(R"({"groups": {"group:a": ["group:b"], "group:c": [],
                      "group:b": ["group:c"]}})",
                  options),
            "groups[\"group:b\"]: \"group:c\": group members cannot be "
            "recursive");
  const char kRefused[] =
      "domain \"example.org\" is not associated with this tailnet and cannot "
      "be used in user:*@<domain> expressions";
  EXPECT_EQ(First(SshFromTo("user:*@example.org", "tag:web"), options),
            kRefused);
  EXPECT_EQ(First(SshFromTo("user:*@Example.com", "tag:web"), options), "");
  EXPECT_EQ(First(Ssh(R"("action": "accept", "dst": ["tag:web"],
                         "users": ["localpart:*@example.org"])"),
                  options),
            kRefused);
  options.ssh_to_autogroups = false;
  EXPECT_EQ(First(SshFromTo("group:ops", "autogroup:tagged"), options),
            "invalid dst \"autogroup:tagged\": \"autogroup:tagged\" is not "
            "allowed in dst");
  options.tests_of_many = false;
  EXPECT_EQ(First(Policy("tests", R"([{"src": "autogroup:member",
                                       "deny": ["srv:22"]}])"),
                  options),
            "test(s) failed");
  EXPECT_EQ(First(Policy("sshTests", R"([{"src": "*", "dst": ["tag:web"],
                                          "deny": ["root"]}])"),
                  options),
            "SSH tests src contains disallowed element \"*\"");
  options.provider_groups = {"staff"};
  EXPECT_EQ(First(SshFromTo("group:staff", "tag:web"), options), "");
  for (const char* domain : {"passkey", "gmail.com", "x.org.github"}) {
    EXPECT_EQ(
        First(SshFromTo(absl::StrCat("user:*@", domain), "tag:web"), options),
        absl::StrCat(domain,
                     " is a shared domain and cannot be used in "
                     "user:*@<domain> expressions"));
  }
}

TEST(CheckTest, Tests) {
  const Row rows[] = {
      {R"({"src": "alice@example.com", "accept": ["tag:web:22"]})", ""},
      {R"({"src": "tag:web", "deny": ["srv:22"], "proto": "udp"})", ""},
      {R"({"src": "tag:web", "deny": ["srv:0"], "proto": "icmp"})", ""},
      {R"({"src": "alice@example.com"})", "test(s) failed"},
      {R"({"src": "", "accept": ["tag:web:22"]})", "test(s) failed"},
      {R"({"src": "tag:web", "accept": ["tag:web:*"]})", "test(s) failed"},
      {R"({"src": "tag:web", "accept": ["tag:web:1-2"]})", "test(s) failed"},
      {R"({"src": "tag:web", "accept": ["tag:web:1,2"]})", "test(s) failed"},
      {R"({"src": "tag:web", "accept": ["10.0.0.0/8:1"]})", "test(s) failed"},
      {R"({"src": "tag:web", "accept": ["10.0.0.9/32:1"]})", "test(s) failed"},
      {R"({"src": "tag:web", "accept": ["lab:1"]})", "test(s) failed"},
      {R"({"src": "lab", "accept": ["srv:1"]})", "test(s) failed"},
      {R"({"src": "10.0.0.0/8", "deny": ["srv:1"]})", "test(s) failed"},
      {R"({"src": "tag:web", "deny": ["autogroup:internet:1"]})",
       "test(s) failed"},
      {R"({"src": "tag:web", "deny": ["srv:22"], "proto": "icmp"})",
       "test(s) failed"},
      {R"({"src": "tag:web", "deny": ["srv:22"], "proto": "gre"})",
       "test(s) failed"},
  };
  Expect("tests", rows);
  const Row ssh_rows[] = {
      {R"({"src": "tag:db", "dst": ["tag:web", "srv"], "deny": ["root"]})", ""},
      {R"({"src": "tag:db", "dst": ["10.0.0.9"], "deny": ["root"]})", ""},
      {R"({"src": "tag:db", "dst": ["tag:web"]})", "test(s) failed"},
      {R"({"dst": ["tag:web"], "deny": ["root"]})",
       "SSH tests entry must have a non-empty src"},
      {R"({"src": "autogroup:admin", "dst": ["tag:web"], "deny": ["root"]})",
       ""},
      {R"({"src": "10.0.0.0/8", "dst": ["tag:web"], "deny": ["root"]})",
       "SSH tests src contains disallowed element \"10.0.0.0/8\""},
      {R"({"src": "tag:x", "dst": ["tag:web"], "deny": ["root"]})",
       "SSH tests src contains unknown tag \"tag:x\""},
      {R"({"src": "tag:db", "deny": ["root"]})",
       "SSH tests entry must have at least one dst"},
      {R"({"src": "tag:db", "dst": ["tag:x"], "deny": ["root"]})",
       "SSH tests dst contains unknown tag \"tag:x\""},
      {R"({"src": "tag:db", "dst": ["lab"], "deny": ["root"]})",
       "SSH tests dst contains disallowed element \"lab\""},
      {R"({"src": "tag:db", "dst": ["*"], "deny": ["root"]})",
       "SSH tests dst contains disallowed element \"*\""},
      {R"({"src": "tag:db", "dst": ["group:ops"], "deny": ["root"]})",
       "SSH tests dst contains disallowed element \"group:ops\""},
      {R"({"src": "tag:db", "dst": ["autogroup:internet"], "deny": ["root"]})",
       "SSH tests dst contains disallowed element \"autogroup:internet\""},
  };
  Expect("sshTests", ssh_rows);
}

}  // namespace
}  // namespace warren::policy
