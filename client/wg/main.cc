// warren-wg: a WireGuard interface in user space, configured by wg(8).

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

#include "CLI/CLI.hpp"
#include "absl/status/status.h"
#include "client/wg/uapi_server.h"
#include "client/wg/wg_interface.h"
#include "core/base/status_macros.h"
#include "core/crypto/system_rng.h"
#include "io/event_loop.h"

namespace warren::client {
namespace {

constexpr char kVersion[] = "warren-wg 0.1.0";
constexpr char kSocketDirectory[] = "/var/run/wireguard";

struct Options {
  std::string name;
  bool foreground = false;
  int clock_rate = 1;
};

void PrintError(const absl::Status& status) {
  std::fprintf(stderr, "warren-wg: %s\n",
               std::string(status.message()).c_str());
}

// Everything the daemon has, made in the process that will run it.
class Daemon {
 public:
  absl::Status Start(const Options& options) {
    auto loop = io::EventLoop::Create(io::Clock(options.clock_rate));
    if (!loop.ok()) return loop.status();
    loop_ = *std::move(loop);
    WARREN_RETURN_IF_ERROR(loop_->WatchSignals(
        {SIGTERM, SIGINT, SIGHUP, SIGUSR1}, [this](int s) { OnSignal(s); }));
    auto interface = WgInterface::Create(options.name, *loop_, rng_);
    if (!interface.ok()) return interface.status();
    interface_ = *std::move(interface);
    auto server = UapiServer::Listen(
        *loop_, kSocketDirectory, options.name,
        [this](absl::string_view request) { return OnRequest(request); });
    if (!server.ok()) return server.status();
    server_ = *std::move(server);
    if (server_->watch_fd() < 0) return absl::OkStatus();
    return loop_->Watch(server_->watch_fd(), EPOLLIN, [this](uint32_t) {
      server_->DrainWatch();
      if (server_->WasRemoved()) loop_->Stop();
    });
  }
  void Run() { loop_->Run(); }

 private:
  void OnSignal(int signal) {
    if (signal != SIGUSR1) return loop_->Stop();
    std::fprintf(stderr, "%s\n", interface_->Counters().c_str());
  }
  std::string OnRequest(absl::string_view request) {
    absl::Status refused;
    std::string answer = interface_->Configure(request, refused);
    if (!refused.ok()) PrintError(refused);
    return answer;
  }

  crypto::SystemRng rng_;
  std::unique_ptr<io::EventLoop> loop_;
  std::unique_ptr<WgInterface> interface_;
  std::unique_ptr<UapiServer> server_;
};

int RunForeground(const Options& options) {
  Daemon daemon;
  const absl::Status status = daemon.Start(options);
  if (!status.ok()) {
    PrintError(status);
    return 1;
  }
  daemon.Run();
  return 0;
}

// The child's side of RunBackground(): tells the parent by a byte that all
// stands, then lets the terminal go.
int RunChild(const Options& options, int ready) {
  setsid();
  Daemon daemon;
  const absl::Status status = daemon.Start(options);
  if (!status.ok()) {
    PrintError(status);
    return 1;
  }
  if (chdir("/") != 0) return 1;
  const int null = open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int fd = 0; fd < 3; ++fd) dup2(null, fd);
  if (write(ready, "", 1) != 1) return 1;
  close(ready);
  daemon.Run();
  return 0;
}

// Returns when the interface is there and can be configured, or cannot be.
int RunBackground(const Options& options) {
  int ready[2];
  if (pipe2(ready, O_CLOEXEC) != 0) {
    PrintError(absl::InternalError("no descriptors left"));
    return 1;
  }
  const pid_t child = fork();
  if (child < 0) {
    PrintError(absl::InternalError("cannot start a process"));
    return 1;
  }
  if (child == 0) {
    close(ready[0]);
    return RunChild(options, ready[1]);
  }
  close(ready[1]);
  char byte;
  if (read(ready[0], &byte, 1) == 1) return 0;
  waitpid(child, nullptr, 0);
  return 1;
}

int Main(int argc, char** argv) {
  CLI::App app(
      "A WireGuard interface in user space.\n\n"
      "Creates the interface, and serves " +
          std::string(kSocketDirectory) +
          "/INTERFACE.sock,\nso that wg(8) and ip(8) configure it as any "
          "WireGuard interface. Ends on SIGTERM,\nor when the interface or the "
          "socket is removed; SIGUSR1 prints counters.",
      "warren-wg");
  Options options;
  app.set_version_flag("--version", kVersion);
  app.add_flag("-f,--foreground", options.foreground,
               "Stay in the foreground; without it the command returns once "
               "the interface is there");
  app.add_option("--debug-clock-rate", options.clock_rate,
                 "For tests: let time pass so many times faster, so that a "
                 "timer of 120 s takes 120/N s")
      ->check(CLI::Range(1, 1000));
  app.add_option("INTERFACE", options.name, "Name of the interface to create")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    // 2, as of all our tools: the command line makes no sense.
    return app.exit(end) == 0 ? 0 : 2;
  }
  signal(SIGPIPE, SIG_IGN);
  return options.foreground ? RunForeground(options) : RunBackground(options);
}

}  // namespace
}  // namespace warren::client

int main(int argc, char** argv) { return warren::client::Main(argc, argv); }
