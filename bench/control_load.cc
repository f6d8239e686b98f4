// Many native nodes at one warren-control process on loopback: what they cost,
// and how soon each hears of a change. Prints each figure with its goal.

#include <grpcpp/grpcpp.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "bench/load_fleet.h"
#include "bench/load_server.h"
#include "core/base/check.h"
#include "io/open_files.h"

namespace warren::bench {
namespace {

struct Options {
  std::string program = "bazel-bin/control/warren-control";
  int nodes = 10'000;
  int peers = 100;  // of each node: devices of one user
  int moves = 200;
  int policies = 5;
  int idle_seconds = 20;
  bool tls = false;
};

int num_missed = 0;

// "name    value unit   goal < 40   ok"
void Print(const char* name, double value, const char* unit, double goal) {
  const bool met = value <= goal;
  if (!met) ++num_missed;
  std::printf("%-46s %9.2f %-8s goal %7.1f   %s\n", name, value, unit, goal,
              met ? "ok" : "MISSED");
  std::fflush(stdout);
}

double Percentile(std::vector<absl::Duration> samples, double p) {
  if (samples.empty()) return 1e9;
  std::sort(samples.begin(), samples.end());
  const auto last = static_cast<double>(samples.size() - 1);
  return absl::ToDoubleMilliseconds(samples[static_cast<size_t>(p * last)]);
}

double Seconds(absl::Time since) {
  return absl::ToDoubleSeconds(absl::Now() - since);
}

std::vector<std::string> MakeUsers(v1::Admin::Stub& admin, int users) {
  std::vector<std::string> keys;
  for (int i = 0; i < users; ++i) {
    grpc::ClientContext making;
    making.set_wait_for_ready(true);
    v1::CreateUserRequest user;
    user.set_login(absl::StrCat("user", i));
    v1::User made;
    grpc::Status done = admin.CreateUser(&making, user, &made);
    grpc::ClientContext keying;
    v1::CreateAuthKeyRequest key;
    key.set_user(user.login());
    key.set_reusable(true);
    v1::CreateAuthKeyResponse secret;
    if (done.ok()) done = admin.CreateAuthKey(&keying, key, &secret);
    if (!done.ok()) {
      std::fprintf(stderr, "%s\n", done.error_message().c_str());
      std::exit(1);
    }
    keys.push_back(secret.secret());
  }
  return keys;
}

// Another filter for every node, each time.
std::string PolicyText(int round) {
  return absl::StrCat(
      R"({"grants": [{"src": ["autogroup:member"], "dst": ["autogroup:self"], )",
      R"("ip": ["tcp:)", 1000 + round, R"("]}]})");
}

uint64_t SetPolicy(v1::Admin::Stub& admin, int round) {
  grpc::ClientContext context;
  v1::SetPolicyRequest request;
  request.set_text(PolicyText(round));
  request.set_any_base(true);
  request.set_force(true);
  v1::SetPolicyResponse response;
  const grpc::Status status = admin.SetPolicy(&context, request, &response);
  if (status.ok()) return response.version().version();
  std::printf("policy not set: %s\n", status.error_message().c_str());
  return 0;
}

void MeasureIdle(const Options& options, LoadServer& server, int64_t base) {
  std::this_thread::sleep_for(std::chrono::seconds(3));
  const double used =
      static_cast<double>(server.ResidentBytes() - base) / options.nodes;
  Print("memory a node", used / 1000, "kB", 40);
  std::printf("%-46s %9.2f MB, at most %.2f MB; base %.2f MB; %d files\n",
              "resident", static_cast<double>(server.ResidentBytes()) * 1e-6,
              static_cast<double>(server.PeakResidentBytes()) * 1e-6,
              static_cast<double>(base) * 1e-6, server.OpenFiles());
  const double before = server.CpuSeconds();
  std::this_thread::sleep_for(std::chrono::seconds(options.idle_seconds));
  Print("idle CPU", 100 * (server.CpuSeconds() - before) / options.idle_seconds,
        "%", 5);
}

void MeasureMoves(const Options& options, LoadFleet& fleet) {
  if (options.moves == 0) return;
  std::vector<absl::Duration> all;
  size_t expected = 0;
  for (int i = 0; i < options.moves; ++i) {
    const int reporter = static_cast<int>(int64_t{i} * 7919 % options.nodes);
    const auto port = static_cast<uint16_t>(10'000 + i);
    const auto heard =
        fleet.Move(reporter, port, options.peers, absl::Seconds(5));
    all.insert(all.end(), heard.begin(), heard.end());
    expected += static_cast<size_t>(options.peers);
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  if (all.size() < expected) {
    std::printf("only %zu of %zu peers heard\n", all.size(), expected);
    ++num_missed;
  }
  std::printf("%-46s %9.2f ms\n", "endpoint change known to a peer, median",
              Percentile(all, 0.5));
  Print("endpoint change known to a peer, p99", Percentile(all, 0.99), "ms",
        50);
}

void MeasurePolicies(const Options& options, LoadServer& server,
                     LoadFleet& fleet) {
  if (options.policies == 0) return;
  std::vector<double> worst;
  for (int round = 0; round < options.policies; ++round) {
    const double cpu = server.CpuSeconds();
    const auto heard = fleet.ChangePolicy(
        [&] { return SetPolicy(server.admin(), round); }, absl::Seconds(20));
    if (heard.size() < static_cast<size_t>(options.nodes)) {
      std::printf("only %zu nodes have the policy\n", heard.size());
      ++num_missed;
      return;
    }
    worst.push_back(Percentile(heard, 0.99));
    std::printf("  policy change: median %.0f ms, p99 %.0f ms, %.2f s of CPU\n",
                Percentile(heard, 0.5), worst.back(),
                server.CpuSeconds() - cpu);
  }
  std::sort(worst.begin(), worst.end());
  Print("policy change known to a node, p99", worst[worst.size() / 2] / 1000,
        "s", 2);
}

int Run(const Options& options) {
  io::RaiseOpenFiles();
  LoadServer server(options.program, options.tls);
  server.Start();
  const int users = std::max(1, options.nodes / (options.peers + 1));
  const auto keys = MakeUsers(server.admin(), users);
  const int64_t base = server.ResidentBytes();
  LoadFleet fleet({server.address(), server.key(), server.tls()}, options.nodes,
                  keys);

  absl::Time begin = absl::Now();
  if (!fleet.RegisterAll(200, absl::Minutes(5))) {
    std::printf("not all could register\n");
    return 1;
  }
  Print("registrations, durable", Seconds(begin), "s", 60);
  if (!fleet.AwaitAllUp(absl::Minutes(2))) {
    std::printf("only %d are connected\n", fleet.up());
    return 1;
  }
  MeasureIdle(options, server, base);
  MeasureMoves(options, fleet);
  MeasurePolicies(options, server, fleet);
  std::printf("%-46s %9.2f MB, at most %.2f MB\n", "resident after all that",
              static_cast<double>(server.ResidentBytes()) * 1e-6,
              static_cast<double>(server.PeakResidentBytes()) * 1e-6);

  const int status = server.Stop();
  if (status != 0) std::printf("the server ended with %d\n", status);
  const uint64_t refused = fleet.refused();
  begin = absl::Now();
  server.Start();
  bool back = false;
  for (int i = 0; i < 120 && !back; ++i) {
    back = fleet.AwaitAllUp(absl::Seconds(1));
    std::printf("  after %.1f s: %d\n", Seconds(begin), fleet.up());
  }
  Print("all back after a restart", back ? Seconds(begin) : 1e9, "s", 30);
  std::printf("%-46s %9llu tries refused, %.2f s of CPU, peak %.2f MB\n",
              "  of that",
              static_cast<unsigned long long>(fleet.refused() - refused),
              server.CpuSeconds(),
              static_cast<double>(server.PeakResidentBytes()) * 1e-6);
  return num_missed == 0 ? 0 : 1;
}

int Main(int argc, char** argv) {
  Options options;
  CLI::App app("many nodes at one control server");
  app.add_option("--control", options.program, "the program")
      ->capture_default_str();
  app.add_option("--nodes", options.nodes)->capture_default_str();
  app.add_option("--peers", options.peers, "of each node")
      ->capture_default_str();
  app.add_option("--moves", options.moves, "endpoint changes")
      ->capture_default_str();
  app.add_option("--policies", options.policies, "policy changes")
      ->capture_default_str();
  app.add_option("--idle", options.idle_seconds, "seconds of idling")
      ->capture_default_str();
  app.add_flag("--tls", options.tls, "around the Noise channels");
  CLI11_PARSE(app, argc, argv);
  return Run(options);
}

}  // namespace
}  // namespace warren::bench

int main(int argc, char** argv) { return warren::bench::Main(argc, argv); }
