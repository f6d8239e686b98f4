#include "control/coordinator/node_commands.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "control/coordinator/addresses.h"
#include "control/coordinator/admission.h"
#include "control/coordinator/names.h"
#include "control/coordinator/routes.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// Stores and applies the changed record of a node.
absl::Status Change(Directory& directory, const Order& order,
                    TailnetState& tailnet, NodeRecord record,
                    const char* action, std::string before, std::string after) {
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record,
      AuditOf(order, tailnet, action, absl::StrCat("node ", record.naming.name),
              std::move(before), std::move(after))));
  directory.PutNode(tailnet, std::move(record), order.now_ms);
  return absl::OkStatus();
}

absl::Status CheckTags(const TailnetState& tailnet, const Order& order,
                       const NodeRecord& node,
                       const std::vector<std::string>& tags) {
  if (tags.size() > kMaxNodeTags) {
    return absl::InvalidArgumentError(
        absl::StrCat("tags: ", tags.size(), ", at most ", kMaxNodeTags));
  }
  const bool any_tag =
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "").ok();
  for (const std::string& tag : tags) {
    WARREN_RETURN_IF_ERROR(CheckTag(tag));
    const bool has = std::ranges::count(node.grant.tags, tag) > 0;
    if (any_tag || has) continue;
    WARREN_RETURN_IF_ERROR(
        CheckMayTag(tailnet, tailnet.users.at(order.user), tag));
  }
  return absl::OkStatus();
}

absl::Status CheckAttribute(absl::string_view name, absl::string_view value) {
  absl::string_view key = name;
  const bool good_name =
      absl::ConsumePrefix(&key, "custom:") && !key.empty() &&
      key.size() <= kMaxAttributeSize && std::ranges::all_of(key, [](char c) {
        return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_';
      });
  if (!good_name) {
    return absl::InvalidArgumentError(absl::StrCat(
        "attributes: \"", Printable(name),
        "\": write custom:NAME with letters, digits and _, such as "
        "custom:tier"));
  }
  if (value.size() > kMaxAttributeSize || Printable(value) != value) {
    return absl::InvalidArgumentError(
        absl::StrCat("attributes: the value of ", name,
                     " is not text of at "
                     "most ",
                     kMaxAttributeSize, " bytes"));
  }
  return absl::OkStatus();
}

std::string AttributesText(const std::map<std::string, std::string>& values) {
  return absl::StrJoin(values, " ", absl::PairFormatter("="));
}

}  // namespace

absl::Status ApproveNode(Directory& directory, const Order& order,
                         TailnetState& tailnet, const NodeState& node) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "approve devices"));
  if (node.record.standing.approved_ms != 0) return absl::OkStatus();
  NodeRecord record = node.record;
  record.standing.approved_ms = order.now_ms;
  return Change(directory, order, tailnet, std::move(record), "node.approve",
                "waiting", "approved");
}

absl::Status SetNodeTags(Directory& directory, const Order& order,
                         TailnetState& tailnet, const NodeState& node,
                         const std::vector<std::string>& tags) {
  WARREN_RETURN_IF_ERROR(RequireNode(tailnet, order, node.record));
  WARREN_RETURN_IF_ERROR(CheckTags(tailnet, order, node.record, tags));
  NodeRecord record = node.record;
  record.grant.tags = tags;
  std::ranges::sort(record.grant.tags);
  const auto doubles = std::ranges::unique(record.grant.tags);
  record.grant.tags.erase(doubles.begin(), doubles.end());
  if (record.grant.tags == node.record.grant.tags) return absl::OkStatus();
  const bool was_tagged = !node.record.grant.tags.empty();
  if (!record.grant.tags.empty()) {
    record.times.key_expiry_ms = 0;
  } else if (was_tagged) {
    record.times.key_expiry_ms =
        order.now_ms + KeyLifetimeMs(directory, tailnet);
  }
  const std::string after = absl::StrJoin(record.grant.tags, " ");
  return Change(directory, order, tailnet, std::move(record), "node.tags",
                absl::StrJoin(node.record.grant.tags, " "), after);
}

absl::Status SetNodeAddress(Directory& directory, const Order& order,
                            TailnetState& tailnet, const NodeState& node,
                            absl::string_view text) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "choose addresses"));
  const auto address = net::IpAddress::Parse(text);
  if (!address.ok() || !IsNodeIpv4(*address)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ipv4: \"", Printable(text),
        "\" is no address for a node: take one of 100.64.0.0/10 that is not "
        "in 100.115.92.0/23, is not 100.100.100.100 and ends neither in .0 "
        "nor .255"));
  }
  if (*address == node.record.ipv4) return absl::OkStatus();
  if (directory.HasIpv4(*address)) {
    const auto holder = tailnet.by_ipv4.find(*address);
    return absl::AlreadyExistsError(absl::StrCat(
        address->ToString(), " is the address of ",
        holder == tailnet.by_ipv4.end()
            ? "a node in another tailnet of this server"
            : tailnet.nodes.at(holder->second).record.naming.name));
  }
  NodeRecord record = node.record;
  record.ipv4 = *address;
  record.ipv6 = Ipv6For(*address);
  return Change(directory, order, tailnet, std::move(record), "node.address",
                node.record.ipv4.ToString(), address->ToString());
}

absl::Status SetNodeOwner(Directory& directory, const Order& order,
                          TailnetState& tailnet, const NodeState& node,
                          UserId owner) {
  WARREN_RETURN_IF_ERROR(RequireRole(tailnet, order, MinRole::kNetworkAdmin,
                                     "give devices to others"));
  const auto user = tailnet.users.find(owner);
  if (user == tailnet.users.end()) {
    return absl::NotFoundError("there is no such user");
  }
  WARREN_RETURN_IF_ERROR(RequireActive(user->second));
  if (node.record.owner == owner) return absl::OkStatus();
  NodeRecord record = node.record;
  record.owner = owner;
  record.standing.routes.approved.clear();
  const NodeId id = record.id;
  WARREN_RETURN_IF_ERROR(EndSharesOf(directory, order, tailnet, id));
  return Change(directory, order, tailnet, std::move(record), "node.owner",
                tailnet.users.at(node.record.owner).login, user->second.login);
}

absl::Status SetNodeRoutes(Directory& directory, const Order& order,
                           TailnetState& tailnet, const NodeState& node,
                           const std::vector<std::string>& texts) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "approve routes"));
  WARREN_ASSIGN_OR_RETURN(auto routes, ParseRoutes("routes", texts));
  NodeRecord record = node.record;
  if (record.standing.routes.approved == routes) return absl::OkStatus();
  record.standing.routes.approved = routes;
  return Change(directory, order, tailnet, std::move(record), "node.routes",
                RoutesText(node.record.standing.routes.approved),
                RoutesText(routes));
}

absl::Status SetNodeAttributes(
    Directory& directory, const Order& order, TailnetState& tailnet,
    const NodeState& node, const std::map<std::string, std::string>& changes) {
  WARREN_RETURN_IF_ERROR(
      RequireRole(tailnet, order, MinRole::kNetworkAdmin, "set attributes"));
  NodeRecord record = node.record;
  auto& attributes = record.standing.attributes;
  for (const auto& [name, value] : changes) {
    WARREN_RETURN_IF_ERROR(CheckAttribute(name, value));
    if (value.empty()) {
      attributes.erase(name);
    } else {
      attributes[name] = value;
    }
  }
  if (attributes.size() > kMaxNodeAttributes) {
    return absl::InvalidArgumentError(absl::StrCat(
        "attributes: ", attributes.size(), ", at most ", kMaxNodeAttributes));
  }
  if (record == node.record) return absl::OkStatus();
  const std::string after = AttributesText(attributes);
  return Change(directory, order, tailnet, std::move(record), "node.attributes",
                AttributesText(node.record.standing.attributes), after);
}

}  // namespace warren::control
