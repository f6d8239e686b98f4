#ifndef WARREN_CONTROL_API_ADMIN_SURFACE_H_
#define WARREN_CONTROL_API_ADMIN_SURFACE_H_

#include <grpcpp/server.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "control/api/admin_calls.h"
#include "control/api/admin_dispatcher.h"
#include "control/api/doorkeeper.h"
#include "control/api/grpc_face.h"
#include "control/api/json_face.h"
#include "control/api/oauth_token.h"
#include "control/coordinator/coordinator.h"
#include "io/h2_frontend.h"
#include "io/handover.h"
#include "io/http_server.h"
#include "io/unix_frontend.h"

namespace warren::control {

struct AdminSurfaceOptions {
  ServerFacts facts{};
  // Clients are to speak TLS, with us or with a proxy before us.
  bool expects_tls = false;
  std::string public_url{};
};

// The admin API with its three faces: gRPC for the Unix socket, gRPC and JSON
// for the network. Give the first to a UnixFrontend, and the others to whoever
// has the port.
class AdminSurface {
 public:
  // `coordinator` must outlive it. INTERNAL: no descriptors left.
  static absl::StatusOr<std::unique_ptr<AdminSurface>> Start(
      Coordinator& coordinator, AdminSurfaceOptions options);
  ~AdminSurface();

  // Where the operator calls: for a UnixFrontend, with these peers.
  grpc::Server& local_server() { return *local_server_; }
  io::UnixPeers& peers() { return peers_; }
  // JSON and OAuth tokens.
  void AddRoutes(io::WebRoutes& routes);
  // gRPC: connections that begin with HTTP/2's preface. Thread-safe.
  void TakeHttp2(io::Handover connection);
  // For slow methods of other parts, and for metrics.
  AdminDispatcher& dispatcher() { return *dispatcher_; }
  const Doorkeeper& doorkeeper() const { return doorkeeper_; }

  // Ends all calls and connections. The front ends that give connections to it
  // must be gone.
  void Stop();

 private:
  AdminSurface(Coordinator& coordinator, AdminSurfaceOptions options);
  Credential OperatorOf(const grpc::ServerContextBase& context) const;
  Credential RemoteOf(const grpc::GenericCallbackServerContext& context) const;

  Coordinator& coordinator_;
  const AdminSurfaceOptions options_;
  AdminCalls calls_;
  Doorkeeper doorkeeper_;
  io::UnixPeers peers_;
  std::unique_ptr<AdminDispatcher> dispatcher_;
  std::unique_ptr<GrpcFace> local_face_, remote_face_;
  std::unique_ptr<JsonFace> json_face_;
  std::unique_ptr<OauthToken> oauth_token_;
  std::unique_ptr<grpc::Server> local_server_, remote_server_;
  std::unique_ptr<io::H2Frontend> h2_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_API_ADMIN_SURFACE_H_
