#include "control/coordinator/presence.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/admission.h"
#include "control/coordinator/routes.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::StatusOr<std::pair<TailnetState*, NodeState*>> NodeOf(
    Directory& directory, const crypto::MachineKey& machine,
    const crypto::NodeKey& node_key) {
  const auto found = directory.NodeByKey(node_key);
  // Whose key it is must not show in the answer.
  if (found.second == nullptr || found.second->record.keys.machine != machine) {
    return absl::NotFoundError(
        "this machine has no such node here: it was removed, or never "
        "registered");
  }
  return found;
}

const std::vector<net::IpPrefix>& AdvertisedBy(const NodeRecord& record) {
  return record.standing.routes.advertised;
}

// A report with other routes than before: who routes what is on record.
absl::Status StoreRoutes(Directory& directory, TailnetState& tailnet,
                         NodeRecord record, const ReportCommand& command,
                         int64_t now_ms) {
  const std::string before = RoutesText(AdvertisedBy(record));
  Advertise(command.routes, now_ms, record);
  const std::string actor =
      absl::StrCat("machine ", record.keys.machine.ShortString());
  WARREN_RETURN_IF_ERROR(directory.store().PutNode(
      record, {record.tailnet, now_ms, actor, "node.advertise",
               absl::StrCat("node ", record.naming.name), before,
               RoutesText(command.routes), command.source}));
  directory.PutNode(tailnet, std::move(record), now_ms);
  return absl::OkStatus();
}

void RemoveEphemeral(Directory& directory, TailnetState& tailnet, NodeId id,
                     int64_t now_ms) {
  const std::string name =
      absl::StrCat("node ", tailnet.nodes.at(id).record.naming.name);
  const absl::Status removed = directory.store().DeleteNode(
      id, {tailnet.record.id, now_ms, "server", "node.delete", name,
           "ephemeral, offline", ""});
  // Else it stays until something else happens; the store is in trouble.
  if (removed.ok()) directory.EraseNode(tailnet, id);
}

}  // namespace

absl::StatusOr<StreamTicket> StreamOpened(Directory& directory,
                                          const crypto::MachineKey& machine,
                                          const crypto::NodeKey& node_key,
                                          int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const auto found,
                          NodeOf(directory, machine, node_key));
  auto [tailnet, node] = found;
  const bool was_online = node->online();
  node->stream = directory.NextStreamGeneration();
  if (!was_online) {
    directory.TouchNode(*tailnet, node->record.id, now_ms);
  }
  return StreamTicket{tailnet->record.id, node->record.id, node->stream};
}

void StreamClosed(Directory& directory, const StreamTicket& ticket,
                  int64_t now_ms) {
  TailnetState* const tailnet = directory.Tailnet(ticket.tailnet);
  if (tailnet == nullptr) return;
  const auto found = tailnet->nodes.find(ticket.node);
  if (found == tailnet->nodes.end()) return;
  NodeState& node = found->second;
  if (node.stream != ticket.generation) return;
  node.stream = 0;
  node.offline_since_ms = now_ms;
  node.record.times.last_seen_ms = now_ms;
  // Worth keeping, not worth failing for.
  directory.store().SetLastSeen(ticket.node, now_ms).IgnoreError();
  directory.TouchNode(*tailnet, ticket.node, now_ms);
}

absl::Status Report(Directory& directory, const ReportCommand& command,
                    int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const auto found,
                          NodeOf(directory, command.machine, command.node_key));
  auto [tailnet, node] = found;
  node->applied_version = command.applied_version;
  NodeRecord record = node->record;
  if (!command.disco_key.IsZero()) record.keys.disco = command.disco_key;
  if (command.has_host) record.host = command.host;
  record.reach = command.reach;
  if (record == node->record && command.routes == AdvertisedBy(record)) {
    return absl::OkStatus();
  }
  if (command.routes != AdvertisedBy(record)) {
    return StoreRoutes(directory, *tailnet, std::move(record), command, now_ms);
  }
  WARREN_RETURN_IF_ERROR(directory.store().UpdateReport(
      record.id, record.keys.disco, record.host, record.reach));
  directory.PutNode(*tailnet, std::move(record), now_ms);
  return absl::OkStatus();
}

void OnTime(Directory& directory, int64_t now_ms) {
  directory.logins().OnTime(now_ms);
  for (auto& [tailnet_id, tailnet] : directory.tailnets()) {
    const int64_t timeout = directory.EphemeralTimeoutMs(tailnet);
    std::vector<NodeId> expired;
    std::vector<NodeId> gone;
    for (const auto& [id, node] : tailnet.nodes) {
      if (node.IsExpired(now_ms) && !node.expired) expired.push_back(id);
      if (node.record.grant.ephemeral && !node.online() &&
          node.offline_since_ms + timeout <= now_ms) {
        gone.push_back(id);
      }
    }
    for (NodeId id : expired) directory.TouchNode(tailnet, id, now_ms);
    for (NodeId id : gone) RemoveEphemeral(directory, tailnet, id, now_ms);
  }
  directory.MoveDeadline();
}

}  // namespace warren::control
