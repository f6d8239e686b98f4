#include "control/document/apply_node.h"

#include <map>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/addresses.h"
#include "control/coordinator/administration.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/names.h"
#include "control/coordinator/node_commands.h"
#include "control/document/spec_of.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

std::vector<std::string> Texts(
    const google::protobuf::RepeatedPtrField<std::string>& list) {
  return std::vector<std::string>(list.begin(), list.end());
}

absl::StatusOr<NodeKeys> KeysFrom(const Target& target,
                                  const v1::NodeSpec& spec) {
  NodeKeys keys;
  WARREN_ASSIGN_OR_RETURN(keys.machine,
                          crypto::MachineKey::Parse(spec.machine_key()));
  WARREN_ASSIGN_OR_RETURN(keys.node, crypto::NodeKey::Parse(spec.node_key()));
  if (target.tailnet.NodeOf(keys.machine) != nullptr) {
    return absl::AlreadyExistsError("a node has this machine key already");
  }
  if (target.directory.NodeByKey(keys.node).second != nullptr) {
    return absl::AlreadyExistsError("a node has this node key already");
  }
  return keys;
}

absl::StatusOr<net::IpAddress> FreeAddress(const Target& target,
                                           const std::string& text) {
  const auto address = net::IpAddress::Parse(text);
  if (!address.ok() || !IsNodeIpv4(*address)) {
    return absl::InvalidArgumentError(absl::StrCat(
        "ipv4 \"", Printable(text), "\" is no address for a node"));
  }
  if (target.directory.HasIpv4(*address)) {
    return absl::AlreadyExistsError(
        absl::StrCat(text, " is the address of another node"));
  }
  return *address;
}

// A node that is not here: with the identity it had.
absl::Status Create(const Target& target, const v1::NodeSpec& spec,
                    const UserRecord& owner) {
  WARREN_RETURN_IF_ERROR(RequireRole(target.tailnet, target.order,
                                     MinRole::kAdmin, "make devices"));
  WARREN_RETURN_IF_ERROR(CheckLabel("node name", spec.name()));
  if (target.tailnet.by_name.contains(spec.name())) {
    return absl::AlreadyExistsError("another node has this name");
  }
  if (target.tailnet.nodes.size() >= kMaxNodes) {
    return absl::ResourceExhaustedError(
        absl::StrCat("there are ", kMaxNodes, " nodes"));
  }
  NodeRecord node;
  WARREN_ASSIGN_OR_RETURN(node.keys, KeysFrom(target, spec));
  WARREN_ASSIGN_OR_RETURN(node.ipv4, FreeAddress(target, spec.ipv4()));
  node.ipv6 = Ipv6For(node.ipv4);
  node.id = NodeId(target.directory.NewId());
  node.tailnet = target.tailnet.record.id;
  node.owner = owner.id;
  node.naming = {spec.name(), spec.name(), spec.name_fixed()};
  node.grant.ephemeral = spec.ephemeral();
  node.times.created_ms = target.order.now_ms;
  node.standing.approved_ms = target.order.now_ms;
  WARREN_RETURN_IF_ERROR(target.directory.store().PutNode(
      node, AuditOf(target.order, target.tailnet, "node.create",
                    absl::StrCat("node ", spec.name()), "",
                    absl::StrCat("owner ", owner.login, ", ",
                                 node.ipv4.ToString()))));
  target.directory.PutNode(target.tailnet, std::move(node),
                           target.order.now_ms);
  return absl::OkStatus();
}

// One field after the other, each by the command for it. The state is looked
// up anew each time, since a command replaces it.
class Changer {
 public:
  Changer(const Target& target, NodeId id) : target_(target), id_(id) {}

  absl::Status Run(const v1::NodeSpec& spec, const UserRecord& owner) {
    WARREN_RETURN_IF_ERROR(Naming(spec));
    if (node().record.owner != owner.id) {
      WARREN_RETURN_IF_ERROR(SetNodeOwner(target_.directory, target_.order,
                                          target_.tailnet, node(), owner.id));
    }
    if (node().record.ipv4.ToString() != spec.ipv4()) {
      WARREN_RETURN_IF_ERROR(SetNodeAddress(target_.directory, target_.order,
                                            target_.tailnet, node(),
                                            spec.ipv4()));
    }
    if (node().record.grant.tags != Texts(spec.tags())) {
      WARREN_RETURN_IF_ERROR(SetNodeTags(target_.directory, target_.order,
                                         target_.tailnet, node(),
                                         Texts(spec.tags())));
    }
    WARREN_RETURN_IF_ERROR(SetNodeRoutes(target_.directory, target_.order,
                                         target_.tailnet, node(),
                                         Texts(spec.approved_routes())));
    WARREN_RETURN_IF_ERROR(Attributes(spec));
    WARREN_RETURN_IF_ERROR(Expiry(spec));
    return Standing(spec);
  }

 private:
  const NodeState& node() const { return target_.tailnet.nodes.at(id_); }

  absl::Status Replace(NodeRecord record, const char* what) {
    WARREN_RETURN_IF_ERROR(target_.directory.store().PutNode(
        record, AuditOf(target_.order, target_.tailnet, "node.change",
                        absl::StrCat("node ", record.naming.name), "", what)));
    target_.directory.PutNode(target_.tailnet, std::move(record),
                              target_.order.now_ms);
    return absl::OkStatus();
  }

  absl::Status Naming(const v1::NodeSpec& spec) {
    if (node().record.naming.name != spec.name()) {
      WARREN_RETURN_IF_ERROR(RenameNode(target_.directory, target_.order,
                                        target_.tailnet, node(), spec.name()));
    }
    NodeRecord record = node().record;
    const bool same = record.naming.by_admin == spec.name_fixed() &&
                      record.grant.ephemeral == spec.ephemeral();
    if (same) return absl::OkStatus();
    record.naming.by_admin = spec.name_fixed();
    record.grant.ephemeral = spec.ephemeral();
    return Replace(std::move(record), "name_fixed, ephemeral");
  }

  absl::Status Attributes(const v1::NodeSpec& spec) {
    std::map<std::string, std::string> changes;
    for (const auto& [name, value] : node().record.standing.attributes) {
      changes[name] = "";  // removes it
    }
    for (const auto& [name, value] : spec.attributes()) changes[name] = value;
    if (changes.empty()) return absl::OkStatus();
    return SetNodeAttributes(target_.directory, target_.order, target_.tailnet,
                             node(), changes);
  }

  absl::Status Expiry(const v1::NodeSpec& spec) {
    WARREN_ASSIGN_OR_RETURN(const int64_t expiry,
                            ExpiryFrom(spec.key_expires()));
    if (node().record.times.key_expiry_ms == expiry) return absl::OkStatus();
    return SetNodeExpiry(target_.directory, target_.order, target_.tailnet,
                         node(), expiry);
  }

  absl::Status Standing(const v1::NodeSpec& spec) {
    const bool waits = node().record.standing.approved_ms == 0;
    if (waits == spec.waits_for_approval()) return absl::OkStatus();
    if (waits) {
      return ApproveNode(target_.directory, target_.order, target_.tailnet,
                         node());
    }
    NodeRecord record = node().record;
    record.standing.approved_ms = 0;
    return Replace(std::move(record), "waits for approval");
  }

  const Target& target_;
  const NodeId id_;
};

}  // namespace

absl::Status ApplyNode(const Target& target, const v1::NodeSpec& spec,
                       const std::string& name) {
  const bool exists = !name.empty();
  WARREN_ASSIGN_OR_RETURN(const UserRecord* owner,
                          FindUser(target.tailnet, spec.owner()));
  const UserRecord kept = *owner;
  if (!exists) WARREN_RETURN_IF_ERROR(Create(target, spec, kept));
  const NodeId id = target.tailnet.by_name.at(exists ? name : spec.name());
  return Changer(target, id).Run(spec, kept);
}

absl::Status RemoveNode(const Target& target, const std::string& name) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(target.tailnet, name));
  return DeleteNode(target.directory, target.order, target.tailnet, *node);
}

}  // namespace warren::control
