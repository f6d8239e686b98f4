#include "admin-cli/policy_case.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/net/ip.h"
#include "core/policy/hujson.h"
#include "core/policy/policy_text.h"
#include "core/policy/topology_text.h"

namespace warren::admin {
namespace {

using policy::JsonKind;
using policy::JsonMember;
using policy::JsonValue;
using policy::Node;
using policy::Role;
using policy::User;

absl::Status Wrong(const JsonValue& at, absl::string_view what) {
  return absl::InvalidArgumentError(
      policy::Describe({{at.place, std::string(what), ""}}));
}

// A user without an address is the one that the policy calls NAME@something.
std::string AddressInPolicy(absl::string_view policy, const std::string& name) {
  const std::string start = absl::StrCat("\"", name, "@");
  const size_t at = policy.find(start);
  if (at == absl::string_view::npos) return name;
  const size_t end = policy.find('"', at + 1);
  return std::string(policy.substr(at + 1, end - at - 1));
}

void CompleteUsers(PolicyCase& c) {
  std::vector<User>& users = c.topology.users;
  for (User& user : users) {
    if (absl::StrContains(user.login, '@')) continue;
    const std::string name = user.login;
    user.login = AddressInPolicy(c.policy_text, name);
    if (user.login != name) user.emails.push_back(name);
  }
  const bool roles = std::ranges::any_of(users, [](const User& user) {
    return user.role != Role::kMember && user.role != Role::kOwner;
  });
  for (User& user : users) {
    if (!roles && user.role == Role::kMember) user.role = Role::kAdmin;
    if (user.role == Role::kOwner) c.owner = user.login;
  }
}

// Nodes that have ids are in their order already: the oldest first.
void OrderRouters(const JsonValue& topology, std::vector<Node>& nodes) {
  const JsonMember* given = topology.Find("nodes");
  if (given != nullptr &&
      std::ranges::any_of(given->value.members, [](const JsonMember& node) {
        return node.value.Find("id") != nullptr;
      })) {
    return;
  }
  std::vector<Node*> by_seniority;
  for (Node& node : nodes) by_seniority.push_back(&node);
  std::ranges::sort(by_seniority, {}, [](const Node* node) {
    return std::tuple(-static_cast<int64_t>(node->routable_ips.size()),
                      node->name.size(), node->name);
  });
  uint64_t rank = 0;
  for (Node* node : by_seniority) node->route_seniority = ++rank;
}

// See PolicyCase::auto_update_off.
bool IsOfLate(const JsonValue& topology, const std::vector<Node>& nodes) {
  const JsonMember* users = topology.Find("users");
  if (users != nullptr) {
    for (const JsonValue& user : users->value.items) {
      const JsonMember* id = user.Find("id");
      if (id == nullptr || id->value.text == "0") return true;
    }
  }
  const net::IpPrefix start(net::IpAddress::V4(0x64400000), 24);
  return !nodes.empty() && std::ranges::all_of(nodes, [&](const Node& node) {
    return node.ipv4.has_value() && start.Contains(*node.ipv4);
  });
}

}  // namespace

absl::StatusOr<PolicyCase> ReadPolicyCase(absl::string_view json) {
  const policy::ParsedJson parsed = policy::ParseJson(json);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(policy::Describe(parsed.problems));
  }
  const JsonValue& root = parsed.root;
  if (root.kind != JsonKind::kObject) {
    return Wrong(root, "a case must be an object");
  }
  PolicyCase c;
  const JsonMember* policy = root.Find("policy");
  if (policy == nullptr) return Wrong(root, "a case needs \"policy\"");
  if (policy->value.kind == JsonKind::kString) {
    c.policy_text = policy->value.text;
  } else if (policy->value.kind == JsonKind::kObject) {
    c.policy_text = policy::ToJson(policy->value);
  } else {
    return Wrong(policy->value,
                 "\"policy\" must be the text of a policy, or an object");
  }
  const JsonMember* topology = root.Find("topology");
  if (topology == nullptr) return Wrong(root, "a case needs \"topology\"");
  auto read = policy::TopologyOf(topology->value);
  if (!read.ok()) return read.status();
  c.topology = *std::move(read);
  c.auto_update_off = IsOfLate(topology->value, c.topology.nodes);
  CompleteUsers(c);
  OrderRouters(topology->value, c.topology.nodes);
  return c;
}

}  // namespace warren::admin
