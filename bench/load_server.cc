#include "bench/load_server.h"

#include <grpcpp/grpcpp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "io/noise_dial.h"
#include "io/tcp.h"

namespace warren::bench {
namespace {

net::Endpoint FreePort() {
  const auto socket =
      io::ListenTcp(net::Endpoint(net::IpAddress::V4(0x7f000001), 0));
  WARREN_CHECK(socket.ok());
  return io::LocalEndpoint(*socket);
}

}  // namespace

LoadServer::LoadServer(std::string program, bool tls)
    : program_(std::move(program)), address_(FreePort()) {
  char name[] = "/tmp/warren-control-load-XXXXXX";
  folder_ = mkdtemp(name);
  admin_ = v1::Admin::NewStub(
      grpc::CreateChannel(absl::StrCat("unix:", folder_, "/admin.sock"),
                          grpc::InsecureChannelCredentials()));
  if (!tls) return;
  io::TlsServerOptions certificate;  // Made in the folder.
  certificate.self_signed_folder = folder_;
  certificate.self_signed_name = "127.0.0.1";
  WARREN_CHECK(io::TlsContext::Server(certificate).ok());
  io::TlsClientOptions client;
  client.verify = io::TlsVerify::kOff;
  tls_ = *io::TlsContext::Client(client);
}

LoadServer::~LoadServer() {
  Stop();
  std::filesystem::remove_all(folder_);
}

void LoadServer::Start() {
  std::vector<std::string> arguments = {
      program_,         "serve",
      "--state-dir",    folder_,
      "--listen",       address_.ToString(),
      "--admin-socket", folder_ + "/admin.sock",
      "--log-level",    "warn"};
  if (tls_) {
    for (const char* const kind : {"cert", "key"}) {
      arguments.push_back(absl::StrCat("--tls-", kind));
      arguments.push_back(absl::StrCat(folder_, "/self-signed.",
                                       kind[0] == 'c' ? "crt" : "key"));
    }
  }
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  pid_ = fork();
  WARREN_CHECK(pid_ >= 0);
  if (pid_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    execv(program_.c_str(), argv.data());
    _exit(127);
  }
  io::NoiseDialOptions dial;
  dial.url = {tls_ != nullptr, "127.0.0.1", address_.port()};
  dial.tls = tls_;
  const io::Cancel never;
  for (int i = 0; i < 2000; ++i) {
    const auto key = io::FetchServerKey(dial, never);
    if (key.ok()) {
      key_ = *key;
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  std::fprintf(stderr, "%s does not answer\n", program_.c_str());
  std::exit(1);
}

int LoadServer::Stop() {
  if (pid_ < 0) return 0;
  kill(pid_, SIGTERM);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
  return status;
}

int64_t LoadServer::StatusLine(const char* name) const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/status"));
  std::string line;
  while (std::getline(file, line)) {
    if (absl::StartsWith(line, name)) {
      return std::strtoll(line.c_str() + line.find(':') + 1, nullptr, 10) *
             1024;
    }
  }
  return 0;
}

int64_t LoadServer::ResidentBytes() const { return StatusLine("VmRSS"); }
int64_t LoadServer::PeakResidentBytes() const { return StatusLine("VmHWM"); }

double LoadServer::CpuSeconds() const {
  std::ifstream file(absl::StrCat("/proc/", pid_, "/stat"));
  std::stringstream text;
  text << file.rdbuf();
  // After the name, which is in brackets: state, then 10 fields, then the two.
  std::stringstream rest(text.str().substr(text.str().rfind(')') + 2));
  std::string skipped;
  for (int i = 0; i < 11; ++i) rest >> skipped;
  double user = 0, system = 0;
  rest >> user >> system;
  return (user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
}

int LoadServer::OpenFiles() const {
  int n = 0;
  for (const auto& entry : std::filesystem::directory_iterator(
           absl::StrCat("/proc/", pid_, "/fd"))) {
    (void)entry;
    ++n;
  }
  return n;
}

}  // namespace warren::bench
