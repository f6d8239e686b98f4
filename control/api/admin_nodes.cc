#include "control/api/admin_messages.h"
#include "control/api/admin_subjects.h"
#include "control/api/ownership.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/node_commands.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

absl::Status Answer(const AdminCall& call, const NodeState& node,
                    v1::AdminNode& out) {
  out = ToMessage(call.directory, call.tailnet(), node, call.order.now_ms);
  return absl::OkStatus();
}

absl::Status ListNodes(AdminCall& call, const v1::ListRequest& request,
                       v1::ListNodesResponse& out) {
  WARREN_ASSIGN_OR_RETURN(const UserId only, ListedUser(call, request.user()));
  const TailnetState& tailnet = call.tailnet();
  for (const auto& [name, id] : tailnet.by_name) {
    const NodeState& node = tailnet.nodes.at(id);
    if (only != UserId() && node.record.owner != only) continue;
    *out.add_nodes() =
        ToMessage(call.directory, tailnet, node, call.order.now_ms);
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

absl::Status ApproveNode(AdminCall& call, const v1::NodeRequest& request,
                         v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(
      control::ApproveNode(call.directory, call.order, call.tailnet(), *node));
  return Answer(call, *node, out);
}

absl::Status SetNodeTags(AdminCall& call, const v1::SetNodeTagsRequest& request,
                         v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          ChangeableNode(call, request.ref()));
  WARREN_RETURN_IF_ERROR(
      control::SetNodeTags(call.directory, call.order, call.tailnet(), *node,
                           {request.tags().begin(), request.tags().end()}));
  return Answer(call, *node, out);
}

absl::Status SetNodeAddress(AdminCall& call,
                            const v1::SetNodeAddressRequest& request,
                            v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(control::SetNodeAddress(
      call.directory, call.order, call.tailnet(), *node, request.ipv4()));
  return Answer(call, *node, out);
}

absl::Status SetNodeOwner(AdminCall& call,
                          const v1::SetNodeOwnerRequest& request,
                          v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(call.tailnet(), request.ref()));
  WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                          FindUser(call.tailnet(), request.user()));
  WARREN_RETURN_IF_ERROR(control::SetNodeOwner(
      call.directory, call.order, call.tailnet(), *node, user->id));
  return Answer(call, *node, out);
}

absl::Status SetNodeRoutes(AdminCall& call,
                           const v1::SetNodeRoutesRequest& request,
                           v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(control::SetNodeRoutes(
      call.directory, call.order, call.tailnet(), *node,
      {request.routes().begin(), request.routes().end()}));
  return Answer(call, *node, out);
}

absl::Status SetNodeAttributes(AdminCall& call,
                               const v1::SetNodeAttributesRequest& request,
                               v1::AdminNode& out) {
  WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                          FindNode(call.tailnet(), request.ref()));
  WARREN_RETURN_IF_ERROR(control::SetNodeAttributes(
      call.directory, call.order, call.tailnet(), *node,
      {request.attributes().begin(), request.attributes().end()}));
  return Answer(call, *node, out);
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
  calls.Add<v1::NodeRequest, AdminNode>("ApproveNode", &ApproveNode);
  calls.Add<v1::SetNodeTagsRequest, AdminNode>("SetNodeTags", &SetNodeTags);
  calls.Add<v1::SetNodeAddressRequest, AdminNode>("SetNodeAddress",
                                                  &SetNodeAddress);
  calls.Add<v1::SetNodeOwnerRequest, AdminNode>("SetNodeOwner", &SetNodeOwner);
  calls.Add<v1::SetNodeRoutesRequest, AdminNode>("SetNodeRoutes",
                                                 &SetNodeRoutes);
  calls.Add<v1::SetNodeAttributesRequest, AdminNode>("SetNodeAttributes",
                                                     &SetNodeAttributes);
}

}  // namespace warren::control
