#include "core/policy/topology_text.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/policy/parse_shape.h"
#include "core/policy/policy_text.h"

namespace warren::policy {
namespace {

struct NamedRole {
  absl::string_view name;
  Role role;
};
constexpr std::array<NamedRole, 7> kRoles = {{
    {"member", Role::kMember},
    {"auditor", Role::kAuditor},
    {"network-admin", Role::kNetworkAdmin},
    {"admin", Role::kAdmin},
    {"owner", Role::kOwner},
    {"it-admin", Role::kItAdmin},
    {"billing-admin", Role::kBillingAdmin},
}};

// Reads the fields; what is wrong is noted at its place.
class TopologyReader {
 public:
  absl::StatusOr<Topology> Read(const JsonValue& value) {
    const JsonMember* inner = value.Find("topology");
    shape_.Object(
        inner == nullptr ? value : inner->value, "a topology",
        {{"users", [&](const JsonValue& users) { Users(users); }},
         {"nodes", [&](const JsonValue& nodes) { nodes_ = &nodes; }}});
    if (nodes_ != nullptr) Nodes(*nodes_);
    NumberNodes();
    if (!problems_.empty()) {
      return absl::InvalidArgumentError(Describe(problems_));
    }
    return std::move(topology_);
  }

 private:
  void Users(const JsonValue& users) {
    bool any_role = false;
    shape_.List(users, "\"users\"", [&](const JsonValue& value) {
      any_role |= value.Find("role") != nullptr;
      OneUser(value);
    });
    if (!any_role && !topology_.users.empty()) {
      topology_.users[0].role = Role::kOwner;
    }
  }

  void OneUser(const JsonValue& value) {
    User user;
    user.id = UserId(static_cast<int64_t>(topology_.users.size()) + 1);
    std::string name;
    std::string email;
    shape_.Object(
        value, "a user",
        {{"id",
          [&](const JsonValue& v) {
            const int64_t id = Number(v);
            if (id != 0) user.id = UserId(id);
          }},
         {"name", [&](const JsonValue& v) { name = Text(v, "\"name\""); }},
         {"email", [&](const JsonValue& v) { email = Text(v, "\"email\""); }},
         {"role", [&](const JsonValue& v) { user.role = ReadRole(v); }},
         {"groups",
          [&](const JsonValue& v) { user.groups = List(v, "\"groups\""); }},
         {"guest", [&](const JsonValue& v) {
            user.guest = shape_.Bool(v, "\"guest\"");
          }}});
    user.login = email.empty() ? name : email;
    if (user.login.empty()) {
      shape_.Note(value.place, "a user needs \"name\" or \"email\"");
    }
    for (const std::string& known : {name, email, user.login}) {
      if (!known.empty()) user_ids_[known] = user.id;
    }
    if (!seen_users_.insert(user.id).second) {
      shape_.Note(value.place, "two users have this id");
    }
    topology_.users.push_back(std::move(user));
  }

  void Nodes(const JsonValue& nodes) {
    shape_.Map(nodes, "\"nodes\"",
               [&](const JsonMember& member) { OneNode(member); });
  }

  void OneNode(const JsonMember& member) {
    Node node;
    node.name = member.name.text;
    shape_.Object(
        member.value, "a node",
        {{"hostname", [&](const JsonValue& v) { Text(v, "\"hostname\""); }},
         {"id", [&](const JsonValue& v) { node.id = NodeId(Number(v)); }},
         {"user", [&](const JsonValue& v) { node.user = UserNamed(v); }},
         {"ipv4", [&](const JsonValue& v) { node.ipv4 = Address(v); }},
         {"ipv6", [&](const JsonValue& v) { node.ipv6 = Address(v); }},
         {"tags", [&](const JsonValue& v) { node.tags = List(v, "\"tags\""); }},
         {"routable_ips",
          [&](const JsonValue& v) { node.routable_ips = Prefixes(v); }},
         {"approved_routes",
          [&](const JsonValue& v) { node.approved_routes = Prefixes(v); }},
         {"attributes",
          [&](const JsonValue& v) { node.attributes = Attributes(v); }},
         {"shared_to",
          [&](const JsonValue& v) {
            shape_.List(v, "\"shared_to\"", [&](const JsonValue& guest) {
              node.shared_to.push_back(UserNamed(guest));
            });
          }},
         {"online", [&](const JsonValue& v) {
            node.online = shape_.Bool(v, "\"online\"");
          }}});
    if (!node.tags.empty()) node.user = UserId();
    topology_.nodes.push_back(std::move(node));
  }

  // Nodes without an id get those that are free, by name.
  void NumberNodes() {
    std::vector<Node>& nodes = topology_.nodes;
    std::sort(nodes.begin(), nodes.end(),
              [](const Node& a, const Node& b) { return a.name < b.name; });
    std::set<NodeId> taken;
    for (const Node& node : nodes) {
      if (node.id == NodeId() || taken.insert(node.id).second) continue;
      shape_.Note({}, absl::StrCat("two nodes have the id of ", node.name));
    }
    int64_t next = 0;
    for (Node& node : nodes) {
      if (node.id != NodeId()) continue;
      do {
        ++next;
      } while (taken.count(NodeId(next)) > 0);
      node.id = NodeId(next);
    }
  }

  // 0: none is given.
  int64_t Number(const JsonValue& value) {
    int64_t number = 0;
    if (value.kind != JsonKind::kNumber ||
        !absl::SimpleAtoi(value.text, &number) || number < 0) {
      shape_.Note(value.place, "an id must be a number, not below 0");
    }
    return number;
  }

  std::string Text(const JsonValue& value, absl::string_view what) {
    return shape_.String(value, what).text;
  }

  std::vector<std::string> List(const JsonValue& value,
                                absl::string_view what) {
    std::vector<std::string> list;
    for (const auto& text : shape_.Strings(value, what)) {
      list.push_back(text.text);
    }
    return list;
  }

  Role ReadRole(const JsonValue& value) {
    const auto role = ParseRole(Text(value, "\"role\""));
    if (role.ok()) return *role;
    shape_.Note(value.place, std::string(role.status().message()));
    return Role::kMember;
  }

  UserId UserNamed(const JsonValue& value) {
    const std::string name = Text(value, "\"user\"");
    if (name.empty()) return UserId();
    const auto found = user_ids_.find(name);
    if (found != user_ids_.end()) return found->second;
    shape_.Note(value.place,
                absl::StrCat("there is no user ", QuoteJson(name)));
    return UserId();
  }

  std::optional<net::IpAddress> Address(const JsonValue& value) {
    const std::string text = Text(value, "an address");
    if (text.empty()) return std::nullopt;
    const auto address = net::IpAddress::Parse(text);
    if (address.ok()) return *address;
    shape_.Note(value.place, std::string(address.status().message()));
    return std::nullopt;
  }

  std::vector<net::IpPrefix> Prefixes(const JsonValue& value) {
    std::vector<net::IpPrefix> prefixes;
    for (const auto& text : shape_.Strings(value, "a list of routes")) {
      const auto prefix = net::IpPrefix::Parse(text.text);
      if (prefix.ok()) {
        prefixes.push_back(*prefix);
      } else {
        shape_.Note(text.place, std::string(prefix.status().message()));
      }
    }
    return prefixes;
  }

  std::map<std::string, std::string> Attributes(const JsonValue& value) {
    std::map<std::string, std::string> attributes;
    shape_.Map(value, "\"attributes\"", [&](const JsonMember& member) {
      attributes[member.name.text] = member.value.kind == JsonKind::kString
                                         ? member.value.text
                                         : ToJson(member.value);
    });
    return attributes;
  }

  std::vector<Problem> problems_;
  ShapeReader shape_{problems_};
  Topology topology_;
  const JsonValue* nodes_ = nullptr;  // read last: they name users
  std::map<std::string, UserId> user_ids_;
  std::set<UserId> seen_users_;
};

}  // namespace

absl::StatusOr<Topology> TopologyOf(const JsonValue& value) {
  return TopologyReader().Read(value);
}

absl::StatusOr<Topology> ParseTopology(absl::string_view text) {
  const ParsedJson parsed = ParseJson(text);
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(Describe(parsed.problems));
  }
  return TopologyOf(parsed.root);
}

absl::string_view RoleName(Role role) {
  for (const NamedRole& known : kRoles) {
    if (known.role == role) return known.name;
  }
  return "";
}

absl::StatusOr<Role> ParseRole(absl::string_view name) {
  for (const NamedRole& known : kRoles) {
    if (known.name == name) return known.role;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no role \"", name, "\""));
}

}  // namespace warren::policy
