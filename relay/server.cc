#include "relay/server.h"

#include <fcntl.h>
#include <sys/resource.h>

#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/base/version.h"
#include "core/derp/login.h"
#include "io/prometheus.h"
#include "relay/http_site.h"
#include "relay/key_file.h"
#include "relay/listen.h"
#include "spdlog/spdlog.h"

namespace warren::relay {
namespace {

constexpr size_t kMaxMetricsConnections = 64;
// Descriptors besides connections: loops, listeners, files.
constexpr size_t kOtherDescriptors = 128;

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Allows as many descriptors as may be; returns how many that is.
size_t RaiseDescriptorLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

absl::StatusOr<io::Fd> Duplicate(const io::Fd& fd) {
  io::Fd copy(fcntl(fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy.ok()) return absl::InternalError("no descriptors left");
  return copy;
}

HttpAnswer MetricsAnswer(const io::HttpRequest& request,
                         const Metrics& metrics) {
  const auto answer = [](int status, const char* type, absl::string_view body) {
    return HttpAnswer{io::BuildHttpResponse(
        {.status = status,
         .headers = {{"Content-Type", type}, {"Connection", "close"}}},
        body)};
  };
  if (request.method != "GET") {
    return answer(405, "text/plain", "only GET\n");
  }
  if (request.path() == "/healthz") return answer(200, "text/plain", "ok\n");
  if (request.path() == "/metrics") {
    return answer(200, io::PrometheusText::kContentType, ToPrometheus(metrics));
  }
  return answer(404, "text/plain", "try /metrics or /healthz\n");
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Create(const Options& options,
                                                       Rng& rng) {
  std::unique_ptr<Server> server(new Server(options, rng));
  WARREN_RETURN_IF_ERROR(server->Init());
  return server;
}

Server::~Server() = default;

absl::Status Server::Init() {
  WARREN_ASSIGN_OR_RETURN(auto key, LoadOrMakeKey(options_.key_file, rng_));
  key_ = std::make_unique<crypto::NodePrivateKey>(std::move(key));
  WARREN_RETURN_IF_ERROR(OpenTls());
  if (!options_.verify_client_url.empty()) {
    WARREN_ASSIGN_OR_RETURN(
        verify_, VerifyClient::Create(options_.verify_client_url,
                                      options_.verify_client_fail_open));
  }
  WARREN_RETURN_IF_ERROR(OpenShards());
  WARREN_RETURN_IF_ERROR(OpenStun());
  return OpenMetrics();
}

absl::Status Server::OpenTls() {
  if (options_.plain_http) return absl::OkStatus();
  if (options_.certificate_file.empty() !=
      options_.certificate_key_file.empty()) {
    return absl::InvalidArgumentError("--cert and --key go together");
  }
  io::TlsServerOptions tls;
  tls.certificate_file = options_.certificate_file;
  tls.key_file = options_.certificate_key_file;
  tls.self_signed_folder = FolderOf(options_.key_file);
  tls.self_signed_name = options_.hostname;
  tls.meta_name = derp::MetaCertificateName(key_->public_key());
  tls.alpn = {"http/1.1"};
  WARREN_ASSIGN_OR_RETURN(tls_, io::TlsContext::Server(tls));
  return absl::OkStatus();
}

Front::Settings Server::FrontSettings() {
  Front::Settings settings;
  settings.tls = tls_;
  settings.key = key_.get();
  settings.answer = [key = key_->public_key()](const io::HttpRequest& r) {
    return Answer(r, key);
  };
  settings.connections = &connections_;
  settings.max_connections = max_connections_;
  if (verify_) {
    settings.admit = [this](const crypto::NodeKey& key,
                            const net::IpAddress& from,
                            std::function<void(bool)> done) {
      verify_->Ask(key, from, std::move(done));
    };
  }
  return settings;
}

absl::Status Server::ChooseMaxConnections() {
  const size_t descriptors = RaiseDescriptorLimit();
  max_connections_ = options_.max_clients;
  if (max_connections_ == 0 && descriptors > kOtherDescriptors) {
    max_connections_ = descriptors - kOtherDescriptors;
  }
  if (max_connections_ != 0 &&
      max_connections_ + kOtherDescriptors <= descriptors) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "--max-clients ", options_.max_clients, " needs ",
      options_.max_clients + kOtherDescriptors, " open files, and only ",
      descriptors,
      " are allowed: raise the limit (ulimit -n) or lower --max-clients"));
}

absl::Status Server::OpenShards() {
  WARREN_RETURN_IF_ERROR(ChooseMaxConnections());
  WARREN_ASSIGN_OR_RETURN(const io::Fd listener, ListenTcp(options_.listen));
  const uint32_t cores = std::max(1u, std::thread::hardware_concurrency());
  const uint32_t threads = options_.threads == 0 ? cores : options_.threads;
  for (uint32_t i = 0; i < threads; ++i) {
    Config config;
    config.shard = i;
    config.num_shards = threads;
    config.rate_bytes_per_second = options_.rate_bytes_per_second;
    config.rate_burst_bytes = options_.rate_burst_bytes;
    WARREN_ASSIGN_OR_RETURN(auto shard,
                            Shard::Create(config, FrontSettings(), rng_));
    WARREN_ASSIGN_OR_RETURN(io::Fd copy, Duplicate(listener));
    WARREN_RETURN_IF_ERROR(shard->Listen(std::move(copy)));
    shards_.push_back(std::move(shard));
  }
  std::vector<Shard*> all;
  for (const auto& shard : shards_) all.push_back(shard.get());
  for (const auto& shard : shards_) shard->SetPeers(all);
  spdlog::info("listening address={} tls={} threads={} max_clients={} key={}",
               LocalEndpoint(listener.get()).ToString(), tls_ != nullptr,
               threads, max_connections_, key_->public_key().ToString());
  return absl::OkStatus();
}

absl::Status Server::OpenStun() {
  if (options_.stun_listen.empty() || options_.stun_listen == "none") {
    return absl::OkStatus();
  }
  StunServer::Sockets sockets;
  WARREN_ASSIGN_OR_RETURN(sockets.main, BindUdp(options_.stun_listen));
  WARREN_ASSIGN_OR_RETURN(sockets.other, OpenOtherStun(sockets.main));
  spdlog::info("listening stun={}{}",
               LocalEndpoint(sockets.main.get()).ToString(),
               sockets.other.ok()
                   ? absl::StrCat(" stun_other=",
                                  LocalEndpoint(sockets.other.get()).ToString())
                   : "");
  stun_ = std::make_unique<StunServer>(loop(), std::move(sockets),
                                       options_.answer_any_stun
                                           ? stun::Answer::kAnyClient
                                           : stun::Answer::kTailnetClients);
  return stun_->Start();
}

absl::StatusOr<io::Fd> Server::OpenOtherStun(const io::Fd& main) const {
  const std::string& wanted = options_.stun_other_port;
  if (wanted == "none") return io::Fd();
  const bool next = wanted == "next";
  uint32_t port = LocalEndpoint(main.get()).port() + 1u;
  if ((!next && !absl::SimpleAtoi(wanted, &port)) || port > 65535) {
    if (next) return io::Fd();  // There is none after the last.
    return absl::InvalidArgumentError(
        absl::StrCat("--stun-other-port is \"", wanted,
                     "\", and should be next, none, or 0 to 65535"));
  }
  const std::string& listen = options_.stun_listen;
  auto socket =
      BindUdp(absl::StrCat(listen.substr(0, listen.rfind(':')), ":", port));
  if (socket.ok() || !next) return socket;
  // Nobody asked for it: a relay that worked without it still does.
  spdlog::warn("clients cannot learn all of their NAT from us: {}",
               std::string(socket.status().message()));
  return io::Fd();
}

absl::Status Server::OpenMetrics() {
  if (options_.metrics_listen.empty()) return absl::OkStatus();
  WARREN_ASSIGN_OR_RETURN(io::Fd listener, ListenTcp(options_.metrics_listen));
  spdlog::info("listening metrics={}",
               LocalEndpoint(listener.get()).ToString());
  Front::Settings settings;
  settings.answer = [this](const io::HttpRequest& request) {
    return MetricsAnswer(request, CollectMetrics());
  };
  settings.connections = &metrics_.connections;
  settings.max_connections = kMaxMetricsConnections;
  metrics_.front =
      std::make_unique<Front>(loop(), std::move(settings), [](Arrival) {});
  shards_[0]->SetSecondFront(metrics_.front.get());
  metrics_.acceptor = std::make_unique<io::Acceptor>(
      loop(), std::move(listener),
      [this](io::Fd fd) { metrics_.front->OnAccepted(std::move(fd)); });
  return metrics_.acceptor->Start();
}

Metrics Server::CollectMetrics() const {
  Metrics out;
  for (const auto& shard : shards_) {
    const Shard::Report report = shard->report();
    out.relay.Add(report.counters);
    out.refused_connections += report.refused_connections;
    out.failed_logins += report.failed_logins;
  }
  out.connections = connections_.load();
  if (stun_) {
    out.stun_answered = stun_->answered();
    out.stun_ignored = stun_->ignored();
  }
  return out;
}

void Server::Run() {
  if (tls_ && options_.certificate_file.empty()) {
    spdlog::info("certificate kind=self-signed name={} cert_name={}",
                 options_.hostname, tls_->pin());
  }
  spdlog::info("started version={}", kVersion);
  if (verify_) verify_->Start();
  for (size_t i = 1; i < shards_.size(); ++i) {
    threads_.emplace_back([shard = shards_[i].get()] { shard->Run(); });
  }
  shards_[0]->Run();
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  verify_.reset();
  metrics_.acceptor.reset();
  metrics_.front.reset();
  stun_.reset();
  spdlog::info("ended");
}

void Server::Shutdown() {
  spdlog::info("stopping clients={}", CollectMetrics().relay.clients);
  for (const auto& shard : shards_) shard->BeginShutdown();
}

}  // namespace warren::relay
