#include "control/api/admin_messages.h"
#include "control/api/admin_run.h"

// The calls of AdminService that are about nodes.
namespace warren::control {

grpc::Status AdminService::ListNodes(grpc::ServerContext* call,
                                     const v1::ListRequest* request,
                                     v1::ListNodesResponse* response) {
  return RunIn(*call, *request, response,
               [request](Directory&, const Order& order, TailnetState& tailnet,
                         v1::ListNodesResponse& out) -> absl::Status {
                 UserId only;
                 if (!request->user().empty()) {
                   WARREN_ASSIGN_OR_RETURN(const UserRecord* user,
                                           FindUser(tailnet, request->user()));
                   only = user->id;
                 }
                 for (const auto& [name, id] : tailnet.by_name) {
                   const NodeState& node = tailnet.nodes.at(id);
                   if (only != UserId() && node.record.owner != only) continue;
                   *out.add_nodes() = ToMessage(tailnet, node, order.now_ms);
                 }
                 return absl::OkStatus();
               });
}

grpc::Status AdminService::GetNode(grpc::ServerContext* call,
                                   const v1::GetRequest* request,
                                   v1::AdminNode* response) {
  return RunIn(*call, *request, response,
               [request](Directory&, const Order& order, TailnetState& tailnet,
                         v1::AdminNode& out) -> absl::Status {
                 WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                                         FindNode(tailnet, request->ref()));
                 out = ToMessage(tailnet, *node, order.now_ms);
                 return absl::OkStatus();
               });
}

grpc::Status AdminService::RenameNode(grpc::ServerContext* call,
                                      const v1::RenameRequest* request,
                                      v1::AdminNode* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::AdminNode& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                                FindNode(tailnet, request->ref()));
        WARREN_RETURN_IF_ERROR(control::RenameNode(directory, order, tailnet,
                                                   *node, request->new_name()));
        out = ToMessage(tailnet, *node, order.now_ms);
        return absl::OkStatus();
      });
}

grpc::Status AdminService::ExpireNode(grpc::ServerContext* call,
                                      const v1::ExpireRequest* request,
                                      v1::AdminNode* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::AdminNode& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                                FindNode(tailnet, request->ref()));
        WARREN_RETURN_IF_ERROR(control::SetNodeExpiry(directory, order, tailnet,
                                                      *node, order.now_ms));
        out = ToMessage(tailnet, *node, order.now_ms);
        return absl::OkStatus();
      });
}

grpc::Status AdminService::SetNodeExpiry(
    grpc::ServerContext* call, const v1::SetNodeExpiryRequest* request,
    v1::AdminNode* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::AdminNode& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                                FindNode(tailnet, request->ref()));
        WARREN_RETURN_IF_ERROR(control::SetNodeExpiry(
            directory, order, tailnet, *node, request->key_expiry_ms()));
        out = ToMessage(tailnet, *node, order.now_ms);
        return absl::OkStatus();
      });
}

grpc::Status AdminService::DeleteNode(grpc::ServerContext* call,
                                      const v1::DeleteRequest* request,
                                      v1::DeleteResponse* response) {
  return RunIn(
      *call, *request, response,
      [request](Directory& directory, const Order& order, TailnetState& tailnet,
                v1::DeleteResponse& out) -> absl::Status {
        WARREN_ASSIGN_OR_RETURN(const NodeState* node,
                                FindNode(tailnet, request->ref()));
        out.set_deleted(node->record.naming.name);
        return control::DeleteNode(directory, order, tailnet, *node);
      });
}

}  // namespace warren::control
