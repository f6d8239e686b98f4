#include "control/server.h"

#include <grpcpp/grpcpp.h>

#include <atomic>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/api/admin_surface.h"
#include "control/api/coordination_service.h"
#include "control/coordinator/coordinator.h"
#include "control/coordinator/user_commands.h"
#include "control/identity/server_key.h"
#include "control/store/database_file.h"
#include "control/store/store.h"
#include "control/stream/stream_hub.h"
#include "control/web/local_site.h"
#include "control/web/metrics.h"
#include "control/web/owner_link.h"
#include "control/web/web_face.h"
#include "control/webhook/webhooks.h"
#include "core/base/status_macros.h"
#include "core/crypto/system_rng.h"
#include "io/clock.h"
#include "io/grpc_alive.h"
#include "io/noise_frontend.h"
#include "io/prometheus.h"
#include "io/tls.h"
#include "io/unix_frontend.h"
#include "spdlog/spdlog.h"

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
  // Browsers offer both and get the pages; gRPC offers h2 alone.
  tls.alpn = {"http/1.1", "h2"};
  return io::TlsContext::Server(tls);
}

std::optional<io::HttpReply> AnswerGet(const io::HttpRequest& request) {
  if (request.path() == "/healthz") return io::HttpReply{.body = "ok\n"};
  return std::nullopt;
}

// A database that was lost must not be taken for a first start: everybody
// would be out, and the next backup would overwrite the last good one.
absl::Status CheckNotLost(const ServerOptions& options) {
  const std::string key = options.state_folder + "/control.key";
  const std::string database = DatabasePath(options.state_folder);
  if (options.begin_anew || !SizeOf(key) || SizeOf(database)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "there is a ", key, ", but no ", database,
      ". Nothing was changed. `warren-control restore --from BACKUP` puts a "
      "backup there; --begin-anew makes an empty one, and everybody has to "
      "log in again"));
}

}  // namespace

// In the order in which they need each other.
struct Server::Parts {
  ServerOptions options;
  io::Clock clock;
  crypto::SystemRng rng;
  crypto::MachineKey public_key;
  std::unique_ptr<StreamHub> hub;
  std::shared_ptr<const StoreMetrics> store_metrics;
  std::unique_ptr<Coordinator> coordinator;
  std::unique_ptr<CoordinationService> coordination;
  std::unique_ptr<AdminSurface> admin;
  std::shared_ptr<const SealKey> seal_key;
  std::unique_ptr<Webhooks> webhooks;
  // The same, for the coordinator's thread; null while there is none.
  std::atomic<Webhooks*> waiting_webhooks = nullptr;
  std::unique_ptr<io::UnixFrontend> admin_frontend;
  std::unique_ptr<WebFace> web;
  std::unique_ptr<io::NoiseFrontend> frontend;
  std::unique_ptr<LocalSite> metrics_site;

  int64_t UnixNowMs() const {
    return absl::ToInt64Milliseconds(clock.UnixNow());
  }
  absl::Status OpenState(const crypto::MachinePrivateKey& key);
  absl::Status StartWebhooks();
  void StopWebhooks();
  absl::Status MakeServices(const crypto::MachinePrivateKey& key);
  absl::Status Listen(crypto::MachinePrivateKey key);
  absl::Status StartWeb(const crypto::MachinePrivateKey& key);
  absl::Status ListenForMetrics();
  void TellOfOwnership() const;
};

absl::Status Server::Parts::OpenState(const crypto::MachinePrivateKey& key) {
  WARREN_ASSIGN_OR_RETURN(auto store, Store::Open(options.state_folder));
  WARREN_RETURN_IF_ERROR(store->BindServer(public_key));
  store_metrics = store->metrics();
  StreamHub::Options hub_options;
  hub_options.now = [this] { return clock.Now(); };
  hub = std::make_unique<StreamHub>(hub_options);
  DirectoryOptions directory_options;
  directory_options.ephemeral_timeout = options.ephemeral_timeout;
  directory_options.key_lifetime = options.node_key_lifetime;
  directory_options.public_url = options.public_url;
  directory_options.base_domain = options.base_domain;
  directory_options.publish = [this](const Publication& publication) {
    hub->OnPublication(publication);
  };
  directory_options.deliveries_wait = [this] {
    if (Webhooks* const there = waiting_webhooks) there->Wake();
  };
  WARREN_ASSIGN_OR_RETURN(
      auto directory,
      Directory::Load(std::move(store), DeriveHashKey(key), rng,
                      std::move(directory_options), UnixNowMs()));
  coordinator = std::make_unique<Coordinator>(std::move(directory),
                                              [this] { return UnixNowMs(); });
  return absl::OkStatus();
}

absl::Status Server::Parts::MakeServices(const crypto::MachinePrivateKey& key) {
  coordination = std::make_unique<CoordinationService>(
      *coordinator, *hub,
      CoordinationService::Clocks{[this] { return clock.Now(); },
                                  [this] { return UnixNowMs(); }});
  AdminSurfaceOptions surface;
  surface.facts.public_key = public_key;
  seal_key = std::make_shared<SealKey>(DeriveSealKey(key));
  surface.facts.seal_key = seal_key;
  surface.facts.allow_private_webhooks = options.allow_private_webhooks;
  surface.facts.state_folder = options.state_folder;
  surface.public_url = options.public_url;
  surface.expects_tls = !options.tls_certificate.empty();
  WARREN_ASSIGN_OR_RETURN(
      admin, AdminSurface::Start(*coordinator, std::move(surface)));
  return StartWebhooks();
}

absl::Status Server::Parts::StartWebhooks() {
  Webhooks::Options webhook_options;
  webhook_options.allow_private = options.allow_private_webhooks;
  webhook_options.unix_now_ms = [this] { return UnixNowMs(); };
  WARREN_ASSIGN_OR_RETURN(
      webhooks,
      Webhooks::Start(*coordinator, *seal_key, std::move(webhook_options)));
  waiting_webhooks = webhooks.get();
  return absl::OkStatus();
}

void Server::Parts::StopWebhooks() {
  waiting_webhooks = nullptr;
  if (webhooks == nullptr) return;
  // Whatever still saw the pointer has run after this.
  coordinator->Call<bool>([](Directory&, int64_t) { return true; })
      .status()
      .IgnoreError();
  webhooks.reset();
}

absl::Status Server::Parts::StartWeb(const crypto::MachinePrivateKey& key) {
  WebFaceOptions face;
  face.public_url = options.public_url;
  face.tls = !options.tls_certificate.empty();
  face.trusted_proxies = options.trusted_proxies;
  face.now = [this] { return clock.Now(); };
  face.unix_now_ms = [this] { return UnixNowMs(); };
  admin->AddRoutes(face.routes);
  face.http2 = [this](io::Handover connection) {
    admin->TakeHttp2(std::move(connection));
  };
  WARREN_ASSIGN_OR_RETURN(
      web, WebFace::Start(std::move(face), *coordinator, key, rng));
  return OfferOwnership(*coordinator, options.state_folder);
}

void Server::Parts::TellOfOwnership() const {
  const std::string file = OwnerLinkFile(options.state_folder);
  if (!SizeOf(file)) return;
  spdlog::info(
      "nobody owns this network yet: open the link in {} within 7 days to "
      "become its owner; `warren-admin server owner-link` makes another",
      file);
}

absl::Status Server::Parts::Listen(crypto::MachinePrivateKey key) {
  io::UnixFrontendOptions admin_options;
  admin_options.path = options.admin_socket;
  WARREN_ASSIGN_OR_RETURN(
      admin_frontend,
      io::UnixFrontend::Start(std::move(admin_options), admin->local_server(),
                              nullptr, admin->peers()));
  io::NoiseFrontendOptions frontend_options;
  frontend_options.listen = options.listen;
  WARREN_ASSIGN_OR_RETURN(frontend_options.tls, MakeTls(options));
  frontend_options.site = [this](io::Handover connection) {
    web->Take(std::move(connection));
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
            reply.content_type = io::PrometheusText::kContentType;
            reply.body = ToPrometheus({*hub, *frontend, *coordination,
                                       *coordinator, *store_metrics,
                                       admin->doorkeeper(), *web, *webhooks});
            return std::optional<io::HttpReply>(reply);
          }));
  return absl::OkStatus();
}

Server::Server(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options) {
  io::KeepGrpcAlive();
  auto parts = std::make_unique<Parts>();
  parts->options = std::move(options);
  WARREN_RETURN_IF_ERROR(CheckNotLost(parts->options));
  WARREN_ASSIGN_OR_RETURN(
      crypto::MachinePrivateKey key,
      LoadServerKey(parts->options.state_folder, parts->rng));
  parts->public_key = key.public_key();
  WARREN_RETURN_IF_ERROR(parts->OpenState(key));
  WARREN_RETURN_IF_ERROR(parts->MakeServices(key));
  // Owns the parts from here on, so that a failure ends them in order.
  std::unique_ptr<Server> server(new Server(std::move(parts)));
  WARREN_RETURN_IF_ERROR(server->parts_->StartWeb(key));
  WARREN_RETURN_IF_ERROR(server->parts_->Listen(std::move(key)));
  WARREN_RETURN_IF_ERROR(server->parts_->ListenForMetrics());
  server->parts_->TellOfOwnership();
  return server;
}

Server::~Server() {
  parts_->metrics_site.reset();
  parts_->admin_frontend.reset();
  parts_->hub->Close();
  parts_->frontend.reset();
  parts_->web.reset();
  parts_->admin->Stop();
  parts_->StopWebhooks();
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
