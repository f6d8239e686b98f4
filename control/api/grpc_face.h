#ifndef WARREN_CONTROL_API_GRPC_FACE_H_
#define WARREN_CONTROL_API_GRPC_FACE_H_

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server.h>

#include <functional>
#include <memory>

#include "control/api/admin_dispatcher.h"
#include "control/api/credential.h"

namespace warren::control {

// warren.v1.Admin and server reflection over gRPC. Credentials come first:
// without any, nothing that was sent is read. A message that is none is
// INVALID_ARGUMENT; one above kMaxMessage RESOURCE_EXHAUSTED; a call that sends
// nothing for a minute ends.
class GrpcFace final : public grpc::CallbackGenericService {
 public:
  // Above the largest policy (1 MiB).
  static constexpr int kMaxMessage = 2 * 1024 * 1024;

  // With what a call came. Thread-safe.
  using CredentialOf = std::function<Credential(
      const grpc::GenericCallbackServerContext& context)>;
  GrpcFace(AdminDispatcher& dispatcher, CredentialOf credential_of)
      : dispatcher_(dispatcher), credential_of_(std::move(credential_of)) {}

  grpc::ServerGenericBidiReactor* CreateReactor(
      grpc::GenericCallbackServerContext* context) override;

  // A server without ports that has this face alone: connections are given to
  // it. `face` must outlive it.
  static std::unique_ptr<grpc::Server> MakeServer(GrpcFace& face);

 private:
  AdminDispatcher& dispatcher_;
  const CredentialOf credential_of_;
};

// The bearer token among the metadata of a call (RFC 6750 §2.1), else kNone.
Credential BearerOf(const grpc::GenericCallbackServerContext& context);

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_GRPC_FACE_H_
