#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/lookup.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status Answer(const AdminCall& call, const NodeState& node,
                    v1::AdminNode& out) {
  out = ToMessage(call.tailnet(), node, call.order.now_ms);
  return absl::OkStatus();
}

absl::Status ListNodes(AdminCall& call, const v1::ListRequest& request,
                       v1::ListNodesResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserId only, ListedUser(call, request.user()));
  const TailnetState& tailnet = call.tailnet();
  for (const auto& [name, id] : tailnet.by_name) {
    const NodeState& node = tailnet.nodes.at(id);
    if (only != UserId() && node.record.owner != only) continue;
    *out.add_nodes() = ToMessage(tailnet, node, call.order.now_ms);
  }
  return absl::OkStatus();
}

absl::Status GetNode(AdminCall& call, const v1::GetRequest& request,
                     v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node, SeenNode(call, request.ref()));
  return Answer(call, *node, out);
}

absl::Status RenameNode(AdminCall& call, const v1::RenameRequest& request,
                        v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          ChangeableNode(call, request.ref()));
  WARREN_RETURN_IF_ERROR(control::RenameNode(
      call.directory, call.order, call.tailnet(), *node, request.new_name()));
  return Answer(call, *node, out);
}

absl::Status ExpireNode(AdminCall& call, const v1::ExpireRequest& request,
                        v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          ChangeableNode(call, request.ref()));
  WARREN_RETURN_IF_ERROR(control::SetNodeExpiry(
      call.directory, call.order, call.tailnet(), *node, call.order.now_ms));
  return Answer(call, *node, out);
}

absl::Status SetNodeExpiry(AdminCall& call,
                           const v1::SetNodeExpiryRequest& request,
                           v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(control::SetNodeExpiry(call.directory, call.order,
                                                call.tailnet(), *node,
                                                request.key_expiry_ms()));
  return Answer(call, *node, out);
}

absl::Status DeleteNode(AdminCall& call, const v1::DeleteRequest& request,
                        v1::DeleteResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          ChangeableNode(call, request.ref()));
  out.set_deleted(node->record.naming.name);
  return control::DeleteNode(call.directory, call.order, call.tailnet(), *node);
}

}  // namespace

void AddNodeCalls(AdminCalls& calls) {
  using v1::AdminNode;
  calls.Add<v1::ListRequest, v1::ListNodesResponse>("ListNodes", &ListNodes);
  calls.Add<v1::GetRequest, AdminNode>("GetNode", &GetNode);
  calls.Add<v1::RenameRequest, AdminNode>("RenameNode", &RenameNode);
  calls.Add<v1::ExpireRequest, AdminNode>("ExpireNode", &ExpireNode);
  calls.Add<v1::SetNodeExpiryRequest, AdminNode>("SetNodeExpiry",
                                                 &SetNodeExpiry);
  calls.Add<v1::DeleteRequest, v1::DeleteResponse>("DeleteNode", &DeleteNode);
}

}  // namespace warren::control
