// warren-relay: carries packets between nodes that cannot reach each other
// directly, and tells nodes their public address. Wiring only.

#include <signal.h>

#include <cstdio>
#include <string>

#include "CLI/CLI.hpp"
#include "core/base/version.h"
#include "core/crypto/system_rng.h"
#include "relay/server.h"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

namespace warren::relay {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "warren-relay: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

int Run(const Options& options) {
  // Writing to a connection that is gone is an error like others.
  signal(SIGPIPE, SIG_IGN);
  crypto::SystemRng rng;
  auto server = Server::Create(options, rng);
  if (!server.ok()) return Fail(server.status());
  // Before any thread starts, so that all of them leave signals to the loop.
  const absl::Status watching = (*server)->loop().WatchSignals(
      {SIGINT, SIGTERM}, [&server](int) { (*server)->Shutdown(); });
  if (!watching.ok()) return Fail(watching);
  (*server)->Run();
  return 0;
}

void AddNetworkOptions(CLI::App& app, Options& options) {
  app.add_option("--listen", options.listen,
                 "address of the DERP server; :PORT is every address")
      ->capture_default_str();
  app.add_option("--stun-listen", options.stun_listen,
                 "address of the STUN server (UDP); none for no STUN")
      ->capture_default_str();
  app.add_option("--stun-other-port", options.stun_other_port,
                 "second UDP port of the STUN server, by which clients learn "
                 "how their NAT behaves: next, none, or a number")
      ->capture_default_str();
  app.add_flag("--answer-any-stun", options.answer_any_stun,
               "answer STUN requests of other software, too");
  app.add_option("--metrics-listen", options.metrics_listen,
                 "address of /metrics and /healthz; keep it private");
  auto* plain = app.add_flag("--plain-http", options.plain_http,
                             "no TLS: for labs, or behind a TLS proxy");
  app.add_option("--cert", options.certificate_file,
                 "PEM certificate chain; without it, one is made and kept "
                 "beside the key file, and its pin is logged")
      ->excludes(plain);
  app.add_option("--key", options.certificate_key_file,
                 "PEM private key of --cert")
      ->excludes(plain);
  app.add_option("--hostname", options.hostname,
                 "name or address in the certificate that is made")
      ->capture_default_str();
}

void AddPolicyOptions(CLI::App& app, Options& options) {
  app.add_option("--key-file", options.key_file,
                 "this relay's own key; made when absent")
      ->capture_default_str();
  app.add_option("--verify-client-url", options.verify_client_url,
                 "ask this URL whether a client may use the relay");
  app.add_option("--verify-client-url-fail-open",
                 options.verify_client_fail_open,
                 "let clients in while that URL does not answer")
      ->capture_default_str();
  app.add_option("--max-clients", options.max_clients,
                 "connections at one time; more are closed at once; 0 for as "
                 "many as open files allow")
      ->check(CLI::Range(0, 10000000))
      ->capture_default_str();
  app.add_option("--rate-bytes-per-second", options.rate_bytes_per_second,
                 "what each client may send; 0 for no limit")
      ->capture_default_str();
  app.add_option("--rate-burst-bytes", options.rate_burst_bytes,
                 "what it may send at once, at least 65568")
      ->capture_default_str();
  app.add_option("--threads", options.threads, "0 for one per core")
      ->check(CLI::Range(0, 256))
      ->capture_default_str();
}

int Main(int argc, char** argv) {
  Options options;
  std::string log_level = "info";
  CLI::App app(
      "A Warren relay: carries encrypted packets between devices that cannot\n"
      "reach each other directly (DERP), and tells devices their public\n"
      "address (STUN).",
      "warren-relay");
  app.set_version_flag("--version", std::string("warren-relay ") + kVersion);
  // As other programs: the last one counts.
  app.option_defaults()->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  AddNetworkOptions(app, options);
  AddPolicyOptions(app, options);
  app.add_option("--log-level", log_level, "how much to log")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}))
      ->capture_default_str();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& end) {
    // 2, as of all our tools: the command line makes no sense.
    return app.exit(end) == 0 ? 0 : 2;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("warren-relay"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(spdlog::level::from_str(log_level));
  return Run(options);
}

}  // namespace
}  // namespace warren::relay

int main(int argc, char** argv) { return warren::relay::Main(argc, argv); }
