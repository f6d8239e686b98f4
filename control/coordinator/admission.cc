#include "control/coordinator/admission.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "control/coordinator/addresses.h"
#include "control/coordinator/names.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

std::string WantedLabel(const RegisterCommand& command) {
  return LabelFrom(command.wanted_name.empty() ? command.host.hostname
                                               : command.wanted_name);
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
      PickIpv4(directory.rng(), [&directory](const net::IpAddress& address) {
        return directory.HasIpv4(address);
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

// A node key names one node on this server.
absl::Status CheckOneTailnet(Directory& directory, const TailnetState& tailnet,
                             const crypto::NodeKey& key) {
  const auto [where, node] = directory.NodeByKey(key);
  if (node == nullptr || where == &tailnet) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("node key ", key.ShortString(), " is in use in tailnet ",
                   where->record.name, ": log out there first"));
}

}  // namespace

int64_t KeyLifetimeMs(const Directory& directory, const TailnetState& tailnet) {
  const int64_t own = tailnet.record.settings.key_lifetime_ms;
  return own != 0 ? own
                  : absl::ToInt64Milliseconds(directory.options().key_lifetime);
}

absl::Status RequireActive(const UserRecord& user) {
  if (user.status == UserStatus::kActive) return absl::OkStatus();
  return absl::PermissionDeniedError(
      absl::StrCat("user ", user.login,
                   user.status == UserStatus::kWaiting
                       ? " waits for the approval of an administrator"
                       : " is suspended: ask an administrator of the network"));
}

void Advertise(const std::vector<net::IpPrefix>& routes, int64_t now_ms,
               NodeRecord& record) {
  if (record.standing.routes.advertised == routes) return;
  record.standing.routes.advertised = routes;
  record.standing.routes.since_ms = routes.empty() ? 0 : now_ms;
}

void Refresh(const TailnetState& tailnet, const RegisterCommand& command,
             int64_t now_ms, NodeRecord& record) {
  MaybeRename(tailnet, command, record);
  record.keys.node = command.node_key;
  if (!command.disco_key.IsZero()) record.keys.disco = command.disco_key;
  record.host = command.host;
  Advertise(command.wishes.routes, now_ms, record);
}

absl::StatusOr<NodeRecord> RecordFor(Directory& directory,
                                     const TailnetState& tailnet,
                                     const RegisterCommand& command,
                                     const Admission& admission,
                                     int64_t now_ms) {
  WARREN_RETURN_IF_ERROR(RequireActive(tailnet.users.at(admission.owner)));
  WARREN_RETURN_IF_ERROR(CheckOneTailnet(directory, tailnet, command.node_key));
  const auto known = tailnet.by_machine.find(command.machine);
  const bool is_new = known == tailnet.by_machine.end();
  NodeRecord record;
  if (is_new) {
    WARREN_ASSIGN_OR_RETURN(record,
                            NewNode(directory, tailnet, command, now_ms));
  } else {
    record = tailnet.nodes.at(known->second).record;
  }
  const bool stays = !is_new && record.owner == admission.owner;
  const bool never_expires =
      stays && record.times.key_expiry_ms == 0 && record.grant.tags.empty();
  if (!stays) {
    record.grant.tags.clear();
    record.standing.approved_ms = 0;
    record.standing.routes.approved.clear();
  }
  Refresh(tailnet, command, now_ms, record);
  record.owner = admission.owner;
  record.auth_key = admission.auth_key;
  if (admission.tags) record.grant.tags = *admission.tags;
  record.grant.ephemeral = admission.ephemeral || command.ephemeral;
  const bool lasts = !record.grant.tags.empty() || never_expires;
  record.times.key_expiry_ms =
      lasts ? 0 : now_ms + KeyLifetimeMs(directory, tailnet);
  const bool waits =
      tailnet.record.settings.approve_devices && !admission.approved;
  if (record.standing.approved_ms == 0 && !waits) {
    record.standing.approved_ms = now_ms;
  }
  record.standing.sign_in = {admission.by, now_ms, command.source};
  return record;
}

absl::Status EndSharesOf(Directory& directory, const Order& order,
                         TailnetState& tailnet, NodeId node) {
  std::vector<ShareRecord> ended;
  for (const auto& [id, share] : tailnet.access.shares) {
    if (share.owner_tailnet == tailnet.record.id && share.node == node) {
      ended.push_back(share);
    }
  }
  for (const ShareRecord& share : ended) {
    WARREN_RETURN_IF_ERROR(directory.store().access().DeleteShare(
        share.id,
        AuditOf(
            order, tailnet, "share.delete",
            absl::StrCat("node ", tailnet.nodes.at(node).record.naming.name),
            "", "the node has another owner")));
    directory.EraseShare(share.id, tailnet);
  }
  return absl::OkStatus();
}

}  // namespace warren::control
