// How fast warren-relay carries packets, and what that costs it: pairs of
// clients on loopback, one sending and one receiving, as fast as it goes.
//
//   bazel run //bench:relay_throughput -- [--pairs N] [--seconds S]
//       [--size BYTES] [--plain] [--idle N]

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "CLI/CLI.hpp"
#include "relay/test_relay.h"

namespace warren::relay {
namespace {

struct Settings {
  int pairs = 2;
  int seconds = 5;
  size_t size = 1400;
  bool plain = false;
  int idle = 0;
};

// Resident memory of a process, in bytes.
double ResidentBytes(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

// User and system time of a process so far, in seconds.
double CpuSeconds(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  // Fields 14 and 15, counted behind the name, which may hold spaces.
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string skipped;
  for (int i = 3; i < 14; ++i) rest >> skipped;
  double user = 0;
  double system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int Run(const Settings& settings) {
  const std::string folder = NewFolder();
  std::vector<std::string> arguments;
  if (settings.plain) arguments.push_back("--plain-http");
  const RelayProcess relay(folder, arguments);
  TestClient::Options options;
  if (!settings.plain) {
    io::TlsClientOptions tls;
    tls.verify = io::TlsVerify::kOff;
    options.tls = *io::TlsContext::Client(tls);
  }
  std::vector<std::unique_ptr<TestClient>> clients;
  if (settings.idle > 0) {
    const double before = ResidentBytes(relay.pid());
    for (int i = 0; i < settings.idle; ++i) {
      clients.push_back(std::make_unique<TestClient>(
          relay.port(), TestClient::NewKey(), options));
    }
    std::printf("%s: %.1f kB for each of %d idle clients\n",
                settings.plain ? "plain" : "tls",
                (ResidentBytes(relay.pid()) - before) / settings.idle / 1000,
                settings.idle);
    return 0;
  }
  for (int i = 0; i < 2 * settings.pairs; ++i) {
    clients.push_back(std::make_unique<TestClient>(
        relay.port(), TestClient::NewKey(), options));
  }
  std::atomic<bool> done = false;
  std::atomic<uint64_t> received = 0;
  std::atomic<uint64_t> sent = 0;
  std::vector<std::thread> threads;
  const std::string packet(settings.size, 'x');
  for (size_t i = 0; i < clients.size(); i += 2) {
    threads.emplace_back([&, i] {
      constexpr size_t kBurst = 40;
      while (!done) {
        clients[i]->SendMany(clients[i + 1]->key(), packet, kBurst);
        sent += kBurst;
      }
      clients[i]->SendTo(clients[i + 1]->key(), "end");
    });
    threads.emplace_back([&, i] {
      while (const auto got = clients[i + 1]->ReceivePacket()) {
        if (got->packet == "end") return;
        ++received;
      }
    });
  }
  const double cpu_before = CpuSeconds(relay.pid());
  std::this_thread::sleep_for(std::chrono::seconds(settings.seconds));
  const double cpu = CpuSeconds(relay.pid()) - cpu_before;
  const uint64_t packets = received;
  const uint64_t offered = sent;
  done = true;
  for (std::thread& thread : threads) thread.join();
  const double gigabytes = static_cast<double>(packets * settings.size) / 1e9;
  std::printf(
      "%s pairs=%d size=%zu: %.0f packets/s, %.2f Gbit/s, %.1f %% lost, relay "
      "%.2f CPU s/GB, %.2f Gbit/s a core\n",
      settings.plain ? "plain" : "tls", settings.pairs, settings.size,
      static_cast<double>(packets) / settings.seconds,
      gigabytes * 8 / settings.seconds,
      100.0 * (1.0 - static_cast<double>(packets) /
                         static_cast<double>(std::max<uint64_t>(offered, 1))),
      cpu / gigabytes, gigabytes * 8 / cpu);
  return 0;
}

int Main(int argc, char** argv) {
  Settings settings;
  CLI::App app("Measures warren-relay on loopback.");
  app.add_option("--pairs", settings.pairs)->capture_default_str();
  app.add_option("--seconds", settings.seconds)->capture_default_str();
  app.add_option("--size", settings.size)->capture_default_str();
  app.add_option("--idle", settings.idle,
                 "measure the memory of so many idle clients instead");
  app.add_flag("--plain", settings.plain);
  CLI11_PARSE(app, argc, argv);
  return Run(settings);
}

}  // namespace
}  // namespace warren::relay

int main(int argc, char** argv) { return warren::relay::Main(argc, argv); }
