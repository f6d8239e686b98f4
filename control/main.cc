// warren-control: the control server. Wiring only.

#include <csignal>
#include <cstdio>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/synchronization/mutex.h"
#include "control/coordinator/names.h"
#include "control/server.h"
#include "control/upkeep/commands.h"
#include "core/base/version.h"
#include "io/event_loop.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace warren::control {
namespace {

struct Arguments {
  ServerOptions server;
  std::string listen = "0.0.0.0:443";
  std::string ephemeral_timeout = "2m";
  std::string node_key_lifetime = "4320h";
  std::string metrics_listen;
  std::vector<std::string> trusted_proxies;
  std::string log_level = "info";
};

constexpr int kExitUsage = 2;  // the command line makes no sense

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "warren-control: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

absl::Status ParseDuration(const char* flag, const std::string& text,
                           absl::Duration* out) {
  if (absl::ParseDuration(text, out) && *out > absl::ZeroDuration() &&
      *out < absl::Hours(24 * 36500)) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      flag, " ", text, ": write a duration such as 90s, 2m or 24h"));
}

// "https://control.example" or with a port, and nothing behind it but a slash.
absl::Status ParsePublicUrl(std::string& url) {
  if (url.empty()) return absl::OkStatus();
  while (!url.empty() && url.back() == '/') url.pop_back();
  absl::string_view host = url;
  const bool known = absl::ConsumePrefix(&host, "https://") ||
                     absl::ConsumePrefix(&host, "http://");
  if (known && !host.empty() &&
      host.find_first_of("/?#@ \"'<>\\") == absl::string_view::npos) {
    return absl::OkStatus();
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "--public-url ", url,
      ": write what people open, such as https://control.example"));
}

absl::Status ParseBaseDomain(std::string& domain) {
  if (domain.empty()) return absl::OkStatus();
  for (const absl::string_view label : absl::StrSplit(domain, '.')) {
    const absl::Status good = CheckLabel("--base-domain", label);
    if (!good.ok()) return good;
  }
  domain = absl::AsciiStrToLower(domain);
  return absl::OkStatus();
}

absl::Status Interpret(Arguments& arguments) {
  const auto listen = net::Endpoint::Parse(arguments.listen);
  if (!listen.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen ", listen.status().message()));
  }
  arguments.server.listen = *listen;
  if (!arguments.metrics_listen.empty()) {
    const auto metrics = net::Endpoint::Parse(arguments.metrics_listen);
    if (!metrics.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--metrics-listen ", metrics.status().message()));
    }
    arguments.server.metrics_listen = *metrics;
  }
  for (const std::string& text : arguments.trusted_proxies) {
    const auto prefix = net::IpPrefix::Parse(text);
    if (!prefix.ok()) {
      return absl::InvalidArgumentError(
          absl::StrCat("--trusted-proxy ", prefix.status().message()));
    }
    arguments.server.trusted_proxies.push_back(*prefix);
  }
  absl::Status parsed =
      ParseDuration("--ephemeral-timeout", arguments.ephemeral_timeout,
                    &arguments.server.ephemeral_timeout);
  parsed.Update(ParseDuration("--node-key-lifetime",
                              arguments.node_key_lifetime,
                              &arguments.server.node_key_lifetime));
  parsed.Update(ParsePublicUrl(arguments.server.public_url));
  parsed.Update(ParseBaseDomain(arguments.server.base_domain));
  return parsed;
}

int Serve(Arguments& arguments) {
  // Debian's Abseil looks for deadlocks at every lock: that is for tests.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  // What cannot be written is an error of that write, not the end of all.
  std::signal(SIGXFSZ, SIG_IGN);
  std::signal(SIGPIPE, SIG_IGN);
  const absl::Status good = Interpret(arguments);
  if (!good.ok()) return Fail(good);
  auto loop = io::EventLoop::Create();
  if (!loop.ok()) return Fail(loop.status());
  // Before any thread starts, so that all of them leave signals to the loop.
  const absl::Status watching = (*loop)->WatchSignals(
      {SIGINT, SIGTERM}, [&loop](int) { (*loop)->Stop(); });
  if (!watching.ok()) return Fail(watching);
  {
    const auto server = Server::Start(arguments.server);
    if (!server.ok()) return Fail(server.status());
    const auto metrics = (*server)->metrics_local();
    spdlog::info(
        "started version={} listen={} tls={} admin_socket={} "
        "metrics={} key={}",
        kVersion, (*server)->local().ToString(),
        !arguments.server.tls_certificate.empty(),
        arguments.server.admin_socket,
        metrics.IsSet() ? metrics.ToString() : "none",
        (*server)->public_key().ToString());
    (*loop)->Run();
    spdlog::info("stopping");
  }
  spdlog::info("ended");
  return 0;
}

void AddServeOptions(CLI::App& serve, Arguments& arguments) {
  ServerOptions& server = arguments.server;
  serve
      .add_option("--state-dir", server.state_folder,
                  "folder of the database and the server's key")
      ->capture_default_str();
  serve
      .add_option("--listen", arguments.listen,
                  "where nodes connect, ADDRESS:PORT; [::]:443 for IPv6 too")
      ->capture_default_str();
  serve
      .add_option("--admin-socket", server.admin_socket,
                  "Unix socket for `warren-admin`")
      ->capture_default_str();
  serve.add_option("--tls-cert", server.tls_certificate,
                   "PEM file of the certificate chain; without it plain HTTP, "
                   "which is safe but not for browsers");
  serve.add_option("--tls-key", server.tls_key, "PEM file of its private key");
  serve
      .add_option("--ephemeral-timeout", arguments.ephemeral_timeout,
                  "an ephemeral node that is offline this long is removed")
      ->capture_default_str();
  serve
      .add_option("--node-key-lifetime", arguments.node_key_lifetime,
                  "how long a node stays in without a new auth key")
      ->capture_default_str();
  serve.add_flag("--begin-anew", server.begin_anew,
                 "make a new database although there is a control.key: "
                 "everybody has to log in again");
  serve.add_flag("--allow-private-webhooks", server.allow_private_webhooks,
                 "webhooks may lead into private networks");
  serve.add_option("--public-url", server.public_url,
                   "where people reach this server with a browser, such as "
                   "https://control.example; without it nobody can sign in");
  serve.add_option("--base-domain", server.base_domain,
                   "domain below which tailnets have their names, such as "
                   "warren.example");
  serve.add_option("--metrics-listen", arguments.metrics_listen,
                   "address of /metrics and /healthz; keep it private");
  serve.add_option("--trusted-proxy", arguments.trusted_proxies,
                   "address or CIDR of a proxy whose X-Forwarded-For is "
                   "believed; may be repeated");
  serve.add_option("--log-level", arguments.log_level, "how much to log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
}

int Main(int argc, char** argv) {
  Arguments arguments;
  arguments.server.state_folder = "/var/lib/warren-control";
  arguments.server.admin_socket = "/run/warren-control/admin.sock";
  CLI::App app(
      "The Warren control server: knows users, nodes and relays, and tells\n"
      "each node whom it may reach. Administer it with `warren-admin`.\n\n"
      "Exit codes: 0 done, 1 refused or failed, 2 the command line makes no\n"
      "sense.",
      "warren-control");
  app.set_version_flag("--version", std::string("warren-control ") + kVersion);
  app.require_subcommand(1);
  CLI::App& serve = *app.add_subcommand("serve", "run the server");
  AddServeOptions(serve, arguments);
  UpkeepCommands upkeep(app);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    return app.exit(end) == 0 ? 0 : kExitUsage;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("warren-control"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(spdlog::level::from_str(arguments.log_level));
  if (upkeep.IsGiven()) return upkeep.Run();
  return Serve(arguments);
}

}  // namespace
}  // namespace warren::control

int main(int argc, char** argv) { return warren::control::Main(argc, argv); }
