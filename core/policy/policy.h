#ifndef WARREN_CORE_POLICY_POLICY_H_
#define WARREN_CORE_POLICY_POLICY_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

// The policy file as a tree (specs/control-ts2021.md 6). What is written where
// is kept, so that everything said of it later can name the place. Selectors
// are kept as text; selector.h reads them.
namespace warren::policy {

// Where something stands in the text. Lines and columns (of bytes) count from
// 1; line 0: it is not in the text, such as a default.
struct Place {
  uint32_t line = 0;
  uint32_t column = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

// A string of the file and where it stands. Two are equal by text alone.
struct Text {
  std::string text;
  Place place;
  friend bool operator==(const Text& a, const Text& b) {
    return a.text == b.text;
  }
};
using Texts = std::vector<Text>;

// An entry of `acls`: `dst` are "selector:ports".
struct Acl {
  Place place;
  Text action;  // "accept"
  Texts src;
  Texts dst;
  Text proto;  // empty: TCP, UDP, ICMP
  Texts src_posture;
};

// A capability and its values, each a piece of JSON as text, in order.
struct AppCapability {
  Text name;  // "example.com/cap/x"
  std::vector<std::string> values;
  bool empty_list = false;  // written as [], not as null
};

// An entry of `grants`: `ip` are "ports", "proto:ports", "*".
struct Grant {
  Place place;
  Texts src;
  Texts dst;
  Texts ip;
  std::vector<AppCapability> app;
  Texts via;
  Texts src_posture;
};

struct SshRule {
  Place place;
  Text action;  // "accept", "check"
  Texts src;
  Texts dst;
  Texts users;
  std::optional<Text> check_period;  // "12h", "always"
  Texts accept_env;
  Texts src_posture;
  Texts recorder;
  bool enforce_recorder = false;
  bool users_given = false;  // `users` stands there and is not null
};

struct NodeAttribute {
  Place place;
  Texts target;
  Texts attr;
  std::vector<AppCapability> app;
  Texts ip_pool;
};

struct Test {
  Place place;
  Text src;
  std::optional<Text> proto;
  Texts accept;  // "host:port"
  Texts deny;
  std::map<std::string, std::string> src_posture_attributes;
};

struct SshTest {
  Place place;
  Text src;
  Texts dst;
  Texts accept;  // users
  Texts deny;
  Texts check;
};

// A name and the list it stands for: groups, tagOwners, ipsets, postures,
// auto-approved routes.
struct Definition {
  Text name;
  Texts members;
};
struct HostDefinition {
  Text name;
  Text address;  // IP or CIDR
};

struct AutoApprovers {
  std::vector<Definition> routes;  // by CIDR
  Texts exit_node;
  std::vector<Definition> services;  // by "svc:x" or "tag:x"
};

// A whole policy. Lists keep the order of the file. Absent `acls` and absent
// `grants`: everything is allowed; present but empty: nothing.
struct Policy {
  std::optional<std::vector<Acl>> acls;
  std::optional<std::vector<Grant>> grants;
  std::vector<Definition> groups;      // "group:x"
  std::vector<HostDefinition> hosts;   // "x"
  std::vector<Definition> ipsets;      // "ipset:x": "add ...", "remove ..."
  std::vector<Definition> tag_owners;  // "tag:x"
  AutoApprovers auto_approvers;
  std::vector<SshRule> ssh;
  std::vector<NodeAttribute> node_attributes;
  std::vector<Definition> postures;  // "posture:x": assertions
  Texts default_src_posture;
  std::vector<Test> tests;
  std::vector<SshTest> ssh_tests;
  std::string derp_map;  // JSON as text; empty = none
  bool disable_ipv4 = false;
  bool randomize_client_port = false;
  std::string one_cgnat_route;  // "", "mac-always", "mac-never"
};

// One thing that is wrong with a policy.
struct Problem {
  Place place;
  std::string message;  // in the words of the field: which value, what rule
  std::string hint;     // what was probably meant; may be empty
  friend bool operator==(const Problem&, const Problem&) = default;
};

}  // namespace warren::policy

#endif  // WARREN_CORE_POLICY_POLICY_H_
