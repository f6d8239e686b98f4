#include "control/server.h"

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_dispatcher.h"
#include "control/api/admin_subjects.h"
#include "control/api/coordination_service.h"
#include "control/api/grpc_face.h"
#include "control/coordinator/coordinator.h"
#include "control/identity/server_key.h"
#include "control/store/store.h"
#include "control/stream/stream_hub.h"
#include "control/web/local_site.h"
#include "control/web/metrics.h"
#include "core/base/status_macros.h"
#include "core/crypto/system_rng.h"
#include "io/clock.h"
#include "io/grpc_alive.h"
#include "io/http_server.h"
#include "io/noise_frontend.h"
#include "io/tls.h"
#include "io/unix_frontend.h"

namespace warren::control {
namespace {

absl::StatusOr<std::shared_ptr<const io::TlsContext>> MakeTls(
    const ServerOptions& options) {
  if (options.tls_certificate.empty() && options.tls_key.empty()) {
    return std::shared_ptr<const io::TlsContext>();
  }
  if (options.tls_certificate.empty() || options.tls_key.empty()) {
    return absl::InvalidArgumentError(
        "--tls-cert and --tls-key belong together");
  }
  io::TlsServerOptions tls;
  tls.certificate_file = options.tls_certificate;
  tls.key_file = options.tls_key;
  return io::TlsContext::Server(tls);
}

std::optional<io::HttpReply> AnswerGet(const io::HttpRequest& request) {
  if (request.path() == "/healthz") return io::HttpReply{.body = "ok\n"};
  return std::nullopt;
}

void ShutDown(const std::unique_ptr<grpc::Server>& server) {
  if (server == nullptr) return;
  // Time for the last answers; a client that does not hang up gets no more.
  server->Shutdown(std::chrono::system_clock::now() +
                   std::chrono::milliseconds(500));
}

}  // namespace

// In the order in which they need each other.
struct Server::Parts {
  ServerOptions options;
  io::Clock clock;
  crypto::SystemRng rng;
  crypto::MachineKey public_key;
  io::UnixPeers peers;
  std::unique_ptr<StreamHub> hub;
  std::unique_ptr<Coordinator> coordinator;
  std::unique_ptr<CoordinationService> coordination;
  std::unique_ptr<AdminCalls> calls;
  std::unique_ptr<Doorkeeper> doorkeeper;
  std::unique_ptr<AdminDispatcher> dispatcher;
  std::unique_ptr<GrpcFace> local_face;
  std::unique_ptr<grpc::Server> admin_server;
  std::unique_ptr<io::UnixFrontend> admin_frontend;
  std::unique_ptr<io::HttpServer> site;
  std::unique_ptr<io::NoiseFrontend> frontend;
  std::unique_ptr<LocalSite> metrics_site;

  int64_t UnixNowMs() const {
    return absl::ToInt64Milliseconds(clock.UnixNow());
  }
  // Only root and our own user are let in by the Unix front end.
  Credential OperatorOf(const grpc::ServerContextBase& context) const;
  absl::Status OpenState(const crypto::MachinePrivateKey& key);
  void MakeServices();
  absl::Status Listen(crypto::MachinePrivateKey key);
  absl::Status StartSite();
  absl::Status ListenForMetrics();
};

Credential Server::Parts::OperatorOf(
    const grpc::ServerContextBase& context) const {
  const auto peer = peers.Caller(context);
  if (!peer) return {};
  return {Credential::Kind::kOperator, absl::StrCat("uid ", peer->uid),
          "socket"};
}

absl::Status Server::Parts::OpenState(const crypto::MachinePrivateKey& key) {
  WARREN_ASSIGN_OR_RETURN(auto store, Store::Open(options.state_folder));
  StreamHub::Options hub_options;
  hub_options.now = [this] { return clock.Now(); };
  hub = std::make_unique<StreamHub>(hub_options);
  DirectoryOptions directory_options;
  directory_options.ephemeral_timeout = options.ephemeral_timeout;
  directory_options.key_lifetime = options.node_key_lifetime;
  directory_options.publish = [this](const Publication& publication) {
    hub->OnPublication(publication);
  };
  WARREN_ASSIGN_OR_RETURN(
      auto directory,
      Directory::Load(std::move(store), DeriveHashKey(key), rng,
                      std::move(directory_options), UnixNowMs()));
  coordinator = std::make_unique<Coordinator>(std::move(directory),
                                              [this] { return UnixNowMs(); });
  return absl::OkStatus();
}

void Server::Parts::MakeServices() {
  coordination = std::make_unique<CoordinationService>(
      *coordinator, *hub,
      CoordinationService::Clocks{[this] { return clock.Now(); },
                                  [this] { return UnixNowMs(); }});
  calls = std::make_unique<AdminCalls>(ServerFacts{public_key});
  AddAllCalls(*calls);
  doorkeeper = std::make_unique<Doorkeeper>(nullptr);
  dispatcher =
      std::make_unique<AdminDispatcher>(*coordinator, *calls, *doorkeeper);
  local_face = std::make_unique<GrpcFace>(
      *dispatcher, [this](const auto& context) { return OperatorOf(context); });
  admin_server = GrpcFace::MakeServer(*local_face);
}

absl::Status Server::Parts::StartSite() {
  io::HttpServerOptions site_options;
  site_options.tls = !options.tls_certificate.empty();
  site_options.routes.Add("/healthz", [](const io::WebRequest&) {
    return io::WebReply{.content_type = "text/plain", .body = "ok\n"};
  });
  WARREN_ASSIGN_OR_RETURN(site, io::HttpServer::Start(std::move(site_options)));
  return absl::OkStatus();
}

absl::Status Server::Parts::Listen(crypto::MachinePrivateKey key) {
  io::UnixFrontendOptions admin_options;
  admin_options.path = options.admin_socket;
  WARREN_ASSIGN_OR_RETURN(
      admin_frontend, io::UnixFrontend::Start(std::move(admin_options),
                                              *admin_server, nullptr, peers));
  io::NoiseFrontendOptions frontend_options;
  frontend_options.listen = options.listen;
  WARREN_ASSIGN_OR_RETURN(frontend_options.tls, MakeTls(options));
  frontend_options.site = [this](io::Handover connection) {
    site->Take(std::move(connection));
  };
  frontend_options.max_connections = options.max_connections;
  WARREN_ASSIGN_OR_RETURN(
      frontend, io::NoiseFrontend::Start(std::move(frontend_options),
                                         std::move(key), *coordination, rng));
  return absl::OkStatus();
}

absl::Status Server::Parts::ListenForMetrics() {
  if (!options.metrics_listen) return absl::OkStatus();
  WARREN_ASSIGN_OR_RETURN(
      metrics_site,
      LocalSite::Start(
          *options.metrics_listen, [this](const io::HttpRequest& request) {
            if (request.path() != "/metrics") {
              return AnswerGet(request);
            }
            io::HttpReply reply;
            reply.body = ToPrometheus(hub->counters(), frontend->counters());
            return std::optional<io::HttpReply>(reply);
          }));
  return absl::OkStatus();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  io::KeepGrpcAlive();
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  WARREN_ASSIGN_OR_RETURN(
      crypto::MachinePrivateKey key,
      LoadServerKey(parts->options.state_folder, parts->rng));
  parts->public_key = key.public_key();
  WARREN_RETURN_IF_ERROR(parts->OpenState(key));
  parts->MakeServices();
  // Owns the parts from here on, so that a failure ends them in order.
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  WARREN_RETURN_IF_ERROR(server->parts_->StartSite());
  WARREN_RETURN_IF_ERROR(server->parts_->Listen(std::move(key)));
  WARREN_RETURN_IF_ERROR(server->parts_->ListenForMetrics());
  return server;
}

Server::~Server() {
  parts_->metrics_site.reset();
  parts_->admin_frontend.reset();
  parts_->hub->Close();
  parts_->frontend.reset();
  parts_->site.reset();
  ShutDown(parts_->admin_server);
  // Ended here, not among the other parts: what is left in its queue may
  // answer through the services, which go before it.
  parts_->coordinator.reset();
}

const net::Endpoint& Server::local() const { return parts_->frontend->local(); }

net::Endpoint Server::metrics_local() const {
  if (parts_->metrics_site == nullptr) return net::Endpoint();
  return parts_->metrics_site->local();
}

const crypto::MachineKey& Server::public_key() const {
  return parts_->public_key;
}

}  // namespace warren::control
