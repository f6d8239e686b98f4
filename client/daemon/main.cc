// warrend: the client daemon. Wiring only.

#include <grpcpp/grpcpp.h>
#include <pwd.h>
#include <signal.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "client/daemon/daemon.h"
#include "client/daemon/local_service.h"
#include "core/base/version.h"
#include "core/crypto/system_rng.h"
#include "io/event_loop.h"
#include "io/open_files.h"
#include "io/unix_frontend.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace warren::client {
namespace {

struct Options {
  DaemonOptions daemon;
  std::string socket = "/run/warren/warrend.sock";
  std::string operator_name;
  std::string log_level = "info";
};

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "warrend: %s\n", std::string(status.message()).c_str());
  return 1;
}

absl::StatusOr<std::optional<uid_t>> OperatorUid(const std::string& name) {
  if (name.empty()) return std::optional<uid_t>();
  uint32_t uid = 0;
  if (absl::SimpleAtoi(name, &uid)) return std::optional<uid_t>(uid);
  if (const passwd* user = getpwnam(name.c_str())) {
    return std::optional<uid_t>(user->pw_uid);
  }
  return absl::NotFoundError(
      absl::StrCat("--operator ", name, ": no such user on this machine"));
}

// Two servers over one daemon: who connects decides which one answers.
class LocalApi {
 public:
  LocalApi(io::EventLoop& loop, Daemon& daemon)
      : writer_(loop, daemon, true, stopping_),
        reader_(loop, daemon, false, stopping_) {}
  ~LocalApi() {
    stopping_ = true;
    frontend_.reset();
    const auto soon =
        std::chrono::system_clock::now() + std::chrono::seconds(1);
    if (writer_server_) writer_server_->Shutdown(soon);
    if (reader_server_) reader_server_->Shutdown(soon);
  }

  absl::Status Start(const Options& options) {
    const auto operator_uid = OperatorUid(options.operator_name);
    if (!operator_uid.ok()) return operator_uid.status();
    writer_server_ =
        grpc::ServerBuilder().RegisterService(&writer_).BuildAndStart();
    reader_server_ =
        grpc::ServerBuilder().RegisterService(&reader_).BuildAndStart();
    io::UnixFrontendOptions frontend;
    frontend.path = options.socket;
    frontend.mode = 0666;
    frontend.folder_mode = 0755;
    frontend.may_write = [uid = *operator_uid](const io::PeerCredentials& p) {
      return io::IsRootOrSelf(p) || (uid && p.uid == *uid);
    };
    auto started = io::UnixFrontend::Start(frontend, *writer_server_,
                                           reader_server_.get(), peers_);
    if (!started.ok()) return started.status();
    frontend_ = *std::move(started);
    return absl::OkStatus();
  }

 private:
  std::atomic<bool> stopping_ = false;
  LocalService writer_, reader_;
  std::unique_ptr<grpc::Server> writer_server_, reader_server_;
  io::UnixPeers peers_;
  std::unique_ptr<io::UnixFrontend> frontend_;
};

int Run(const Options& options) {
  io::RaiseOpenFiles();  // traversal of a hard NAT takes hundreds of sockets
  auto loop = io::EventLoop::Create();
  if (!loop.ok()) return Fail(loop.status());
  // Before any thread starts, so that all of them leave signals to the loop.
  Daemon* running = nullptr;
  const absl::Status watching = (*loop)->WatchSignals(
      {SIGINT, SIGTERM},
      [&](int) { running->Shutdown([&loop] { (*loop)->Stop(); }); });
  if (!watching.ok()) return Fail(watching);
  crypto::SystemRng rng;
  auto daemon = Daemon::Create(**loop, rng, options.daemon);
  if (!daemon.ok()) return Fail(daemon.status());
  running = daemon->get();
  {
    LocalApi api(**loop, **daemon);
    const absl::Status started = api.Start(options);
    if (!started.ok()) return Fail(started);
    spdlog::info("started version={} socket={} interface={}", kVersion,
                 options.socket, (*daemon)->tunnel().interface());
    (*loop)->Run();
  }
  daemon->reset();
  spdlog::info("ended");
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "The Warren client daemon: makes this device a node of a tailnet.\n"
      "It needs root (CAP_NET_ADMIN). Drive it with `warren`.",
      "warrend");
  // Of an option given twice the last counts, so that wrappers can add theirs.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  app.set_version_flag("--version", std::string("warrend ") + kVersion);
  app.add_option("--state-dir", options.daemon.state_folder,
                 "folder of this device's keys and login")
      ->capture_default_str();
  app.add_option("--socket", options.socket, "Unix socket for `warren`")
      ->capture_default_str();
  app.add_option("--tun", options.daemon.tunnel.interface,
                 "name of the tunnel interface")
      ->capture_default_str();
  options.daemon.tunnel.udp_port = 41641;
  app.add_option("--port", options.daemon.tunnel.udp_port,
                 "UDP port; 0 for any free one")
      ->capture_default_str();
  app.add_option("--operator", options.operator_name,
                 "a user, by name or id, who may use `warren up` and `down`");
  app.add_option("--log-level", options.log_level, "how much to log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    // 2, as of all our tools: the command line makes no sense.
    return app.exit(end) == 0 ? 0 : 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("warrend"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(spdlog::level::from_str(options.log_level));
  return Run(options);
}

}  // namespace
}  // namespace warren::client

int main(int argc, char** argv) { return warren::client::Main(argc, argv); }
