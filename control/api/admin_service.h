#ifndef WARREN_CONTROL_API_ADMIN_SERVICE_H_
#define WARREN_CONTROL_API_ADMIN_SERVICE_H_

#include <grpcpp/server_context.h>

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "control/coordinator/administration.h"
#include "control/coordinator/coordinator.h"
#include "core/crypto/keys.h"
#include "io/unix_frontend.h"
#include "warren/v1/admin.grpc.pb.h"

namespace warren::control {

// warren.v1.Admin. Whoever reaches it may do everything: the Unix front end
// lets in root and the server's own user only. Each call runs on the
// coordinator and is answered when it is durable and published. Everything
// given must outlive this object.
class AdminService final : public v1::Admin::Service {
 public:
  AdminService(Coordinator& coordinator, const io::UnixPeers& peers,
               const crypto::MachineKey& server_key);

// Every call has the same shape.
#define WARREN_ADMIN_CALL(Method, Request, Response)                         \
  grpc::Status Method(grpc::ServerContext* call, const v1::Request* request, \
                      v1::Response* response) override
  WARREN_ADMIN_CALL(GetServer, GetServerRequest, ServerInfo);
  WARREN_ADMIN_CALL(ListTailnets, ListTailnetsRequest, ListTailnetsResponse);
  WARREN_ADMIN_CALL(CreateTailnet, CreateTailnetRequest, Tailnet);
  WARREN_ADMIN_CALL(RenameTailnet, RenameTailnetRequest, Tailnet);
  WARREN_ADMIN_CALL(DeleteTailnet, DeleteRequest, DeleteResponse);
  WARREN_ADMIN_CALL(ListUsers, ListRequest, ListUsersResponse);
  WARREN_ADMIN_CALL(CreateUser, CreateUserRequest, User);
  WARREN_ADMIN_CALL(RenameUser, RenameRequest, User);
  WARREN_ADMIN_CALL(DeleteUser, DeleteRequest, DeleteResponse);
  WARREN_ADMIN_CALL(ListNodes, ListRequest, ListNodesResponse);
  WARREN_ADMIN_CALL(GetNode, GetRequest, AdminNode);
  WARREN_ADMIN_CALL(RenameNode, RenameRequest, AdminNode);
  WARREN_ADMIN_CALL(ExpireNode, ExpireRequest, AdminNode);
  WARREN_ADMIN_CALL(SetNodeExpiry, SetNodeExpiryRequest, AdminNode);
  WARREN_ADMIN_CALL(DeleteNode, DeleteRequest, DeleteResponse);
  WARREN_ADMIN_CALL(ListAuthKeys, ListRequest, ListAuthKeysResponse);
  WARREN_ADMIN_CALL(CreateAuthKey, CreateAuthKeyRequest, CreateAuthKeyResponse);
  WARREN_ADMIN_CALL(ExpireAuthKey, ExpireRequest, AuthKey);
  WARREN_ADMIN_CALL(DeleteAuthKey, DeleteRequest, DeleteResponse);
  WARREN_ADMIN_CALL(ListRelays, ListRequest, ListRelaysResponse);
  WARREN_ADMIN_CALL(PutRelay, PutRelayRequest, RelayRegion);
  WARREN_ADMIN_CALL(DeleteRelay, DeleteRequest, DeleteResponse);
  WARREN_ADMIN_CALL(ListAudit, ListAuditRequest, ListAuditResponse);
#undef WARREN_ADMIN_CALL

 private:
  // Runs `work` on the coordinator, which fills the response.
  template <class Response, class Work>
  grpc::Status Run(const grpc::ServerContext& call, Response* response,
                   const Work& work);
  // The same for what is in the tailnet that the request names.
  template <class Request, class Response, class Work>
  grpc::Status RunIn(const grpc::ServerContext& call, const Request& request,
                     Response* response, const Work& work);

  Coordinator& coordinator_;
  const io::UnixPeers& peers_;
  const crypto::MachineKey server_key_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_SERVICE_H_
