#include "control/coordinator/registration.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/addresses.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

using Found = std::pair<TailnetState*, NodeState*>;

std::string WantedLabel(const RegisterCommand& command) {
  return LabelFrom(command.wanted_name.empty() ? command.host.hostname
                                               : command.wanted_name);
}

// What changes at every registration.
void Refresh(const RegisterCommand& command, NodeRecord& record) {
  record.keys.node = command.node_key;
  if (!command.disco_key.IsZero()) record.keys.disco = command.disco_key;
  record.host = command.host;
}

// Gives `record` the label it wants, made unique.
void Name(const TailnetState& tailnet, const std::string& wanted,
          NodeRecord& record) {
  record.naming.wanted = wanted;
  record.naming.name = UniqueLabel(wanted, [&](const std::string& label) {
    const auto found = tailnet.by_name.find(label);
    return found != tailnet.by_name.end() && found->second != record.id;
  });
}

// An explicit wish for another name than at first renames, unless an
// administrator has chosen. A new host name alone does not.
void MaybeRename(const TailnetState& tailnet, const RegisterCommand& command,
                 NodeRecord& record) {
  if (command.wanted_name.empty() || record.naming.by_admin) return;
  const std::string wanted = LabelFrom(command.wanted_name);
  if (wanted != record.naming.wanted) Name(tailnet, wanted, record);
}

absl::StatusOr<NodeRecord> NewNode(Directory& directory,
                                   const TailnetState& tailnet,
                                   const RegisterCommand& command,
                                   int64_t now_ms) {
  if (tailnet.nodes.size() >= kMaxNodes) {
    return absl::ResourceExhaustedError(absl::StrCat(
        "tailnet ", tailnet.record.name, " has ", kMaxNodes, " nodes"));
  }
  const auto ipv4 =
      PickIpv4(directory.rng(), [&tailnet](const net::IpAddress& address) {
        return tailnet.by_ipv4.contains(address);
      });
  if (!ipv4) return absl::ResourceExhaustedError("no address is left");
  NodeRecord record;
  record.id = NodeId(directory.NewId());
  record.tailnet = tailnet.record.id;
  record.keys.machine = command.machine;
  record.ipv4 = *ipv4;
  record.ipv6 = Ipv6For(*ipv4);
  record.times.created_ms = now_ms;
  record.times.last_seen_ms = now_ms;
  Name(tailnet, WantedLabel(command), record);
  return record;
}

// The keys a machine names must not be another machine's.
absl::Status CheckNodeKeys(Directory& directory,
                           const RegisterCommand& command) {
  for (const crypto::NodeKey* key :
       {&command.node_key, &command.old_node_key}) {
    const auto [where, node] = directory.NodeByKey(*key);
    if (node == nullptr || node->record.keys.machine == command.machine) {
      continue;
    }
    return absl::PermissionDeniedError(absl::StrCat(
        "node key ", key->ShortString(), " belongs to another machine"));
  }
  return absl::OkStatus();
}

// A node key names one node on this server.
absl::Status CheckOneTailnet(Directory& directory, const TailnetState* tailnet,
                             const crypto::NodeKey& key) {
  const auto [where, node] = directory.NodeByKey(key);
  if (node == nullptr || where == tailnet) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("node key ", key.ShortString(), " is in use in tailnet ",
                   where->record.name, ": log out there first"));
}

// The snapshot is older than the change: this is what the next one says.
Registration AnswerOf(const TailnetState& tailnet, const NodeState& node) {
  return {DescribeNode(tailnet, node), tailnet.record.name,
          tailnet.users.at(node.record.owner).login};
}

AuditRecord AuditOf(const NodeRecord& record, const char* action,
                    std::string before, std::string after, int64_t now_ms) {
  return {record.tailnet,
          now_ms,
          absl::StrCat("machine ", record.keys.machine.ShortString()),
          action,
          absl::StrCat("node ", record.naming.name),
          std::move(before),
          std::move(after)};
}

// Whether `node` comes again with the one-off key that let it in, as it was.
bool IsRepeat(const NodeState* node, const AuthKeyRecord& key,
              const RegisterCommand& command, int64_t now_ms) {
  return node != nullptr && node->record.auth_key == key.id &&
         node->record.keys.node == command.node_key && key.num_uses > 0 &&
         !key.grant.reusable && key.revoked_ms == 0 && !node->IsExpired(now_ms);
}

void Grant(const Directory& directory, const AuthKeyRecord& key,
           const RegisterCommand& command, int64_t now_ms, NodeRecord& record) {
  record.owner = key.user;
  record.auth_key = key.id;
  record.grant.tags = key.grant.tags;
  record.grant.ephemeral = key.grant.ephemeral || command.ephemeral;
  record.times.key_expiry_ms =
      key.grant.tags.empty()
          ? now_ms + absl::ToInt64Milliseconds(directory.options().key_lifetime)
          : 0;
}

absl::StatusOr<Registration> WithAuthKey(Directory& directory,
                                         const RegisterCommand& command,
                                         int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const std::string prefix,
                          AuthKeyPrefix(command.auth_key));
  const auto [tailnet, key] = directory.AuthKeyByPrefix(prefix);
  const absl::Status good =
      CheckAuthKey(key, directory.hash_key(), command.auth_key, now_ms);
  NodeState* const node =
      tailnet == nullptr ? nullptr : tailnet->NodeOf(command.machine);
  if (!good.ok()) {
    // Who knows the secret of a used key may be the one who used it.
    if (key != nullptr &&
        KnowsAuthKey(*key, directory.hash_key(), command.auth_key) &&
        IsRepeat(node, *key, command, now_ms)) {
      return AnswerOf(*tailnet, *node);
    }
    return good;
  }
  WARREN_RETURN_IF_ERROR(CheckOneTailnet(directory, tailnet, command.node_key));
  NodeRecord record;
  if (node == nullptr) {
    WARREN_ASSIGN_OR_RETURN(record,
                            NewNode(directory, *tailnet, command, now_ms));
  } else {
    record = node->record;
    MaybeRename(*tailnet, command, record);
  }
  Refresh(command, record);
  Grant(directory, *key, command, now_ms, record);
  const std::string what =
      absl::StrCat("user ", tailnet->users.at(key->user).login, ", auth key ",
                   key->prefix, ", address ", record.ipv4.ToString());
  WARREN_RETURN_IF_ERROR(directory.store().RegisterNode(
      record, now_ms, AuditOf(record, "node.register", "", what, now_ms)));
  ++key->num_uses;
  const NodeId id = record.id;
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return AnswerOf(*tailnet, tailnet->nodes.at(id));
}

// The node that a machine without an auth key means.
absl::StatusOr<Found> NodeMeant(Directory& directory,
                                const RegisterCommand& command) {
  const std::vector<Found> nodes = directory.NodesOfMachine(command.machine);
  for (const Found& found : nodes) {
    const crypto::NodeKey& key = found.second->record.keys.node;
    if (key == command.node_key || key == command.old_node_key) return found;
  }
  if (nodes.size() == 1) return nodes[0];
  return absl::PermissionDeniedError(
      nodes.empty()
          ? "this machine is not registered here: an auth key is needed"
          : "this machine is in several tailnets: an auth key is needed");
}

absl::StatusOr<Registration> WithoutAuthKey(Directory& directory,
                                            const RegisterCommand& command,
                                            int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const Found found, NodeMeant(directory, command));
  auto [tailnet, node] = found;
  if (node->IsExpired(now_ms)) {
    return absl::PermissionDeniedError(
        absl::StrCat("the key of node ", node->record.naming.name,
                     " has expired: an auth key is needed to log in again"));
  }
  NodeRecord record = node->record;
  MaybeRename(*tailnet, command, record);
  Refresh(command, record);
  if (record == node->record) return AnswerOf(*tailnet, *node);
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record, AuditOf(record, "node.renew", node->record.keys.node.ToString(),
                      record.keys.node.ToString(), now_ms)));
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return AnswerOf(*tailnet, *node);
}

}  // namespace

absl::StatusOr<Registration> Register(Directory& directory,
                                      const RegisterCommand& command,
                                      int64_t now_ms) {
  WARREN_RETURN_IF_ERROR(CheckNodeKeys(directory, command));
  return command.auth_key.empty() ? WithoutAuthKey(directory, command, now_ms)
                                  : WithAuthKey(directory, command, now_ms);
}

absl::Status Logout(Directory& directory, const crypto::MachineKey& machine,
                    const crypto::NodeKey& node_key, int64_t now_ms) {
  const auto [tailnet, node] = directory.NodeByKey(node_key);
  // Whose key it is must not show in the answer.
  if (node == nullptr || node->record.keys.machine != machine) {
    return absl::NotFoundError("this machine has no such node here");
  }
  const NodeId id = node->record.id;
  if (node->record.grant.ephemeral) {
    WARREN_RETURN_IF_ERROR(directory.store().DeleteNode(
        id, AuditOf(node->record, "node.logout", "", "removed", now_ms)));
    directory.EraseNode(*tailnet, id);
    return absl::OkStatus();
  }
  if (node->IsExpired(now_ms)) return absl::OkStatus();
  NodeRecord record = node->record;
  record.times.key_expiry_ms = now_ms;
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record, AuditOf(record, "node.logout", "", "expired", now_ms)));
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return absl::OkStatus();
}

}  // namespace warren::control
