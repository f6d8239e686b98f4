#include "relay/test_relay.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "io/http_upgrade.h"

namespace warren::relay {
namespace {

constexpr int kPatienceMs = 10000;
constexpr char kProgram[] = "relay/warren-relay";

// Distinct for each client of a test, the same on each run.
uint64_t NextSeed() {
  static std::atomic<uint64_t> seed = 1;
  return seed++;
}

}  // namespace

std::string NewFolder() {
  const char* base = std::getenv("TEST_TMPDIR");
  std::string path =
      absl::StrCat(base == nullptr ? "/tmp" : base, "/relay.XXXXXX");
  WARREN_CHECK(mkdtemp(path.data()) != nullptr);
  return path;
}

RelayProcess::RelayProcess(const std::string& folder,
                           const std::vector<std::string>& arguments) {
  std::vector<std::string> all = {
      kProgram,      "--listen",         "127.0.0.1:0",        "--stun-listen",
      "127.0.0.1:0", "--metrics-listen", "127.0.0.1:0",        "--threads",
      "2",           "--key-file",       folder + "/relay.key"};
  all.insert(all.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& one : all) argv.push_back(one.data());
  argv.push_back(nullptr);
  int ends[2];
  WARREN_CHECK(pipe2(ends, O_CLOEXEC) == 0);
  stderr_.Reset(ends[0]);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDERR_FILENO);
  WARREN_CHECK(posix_spawn(&pid_, kProgram, &actions, nullptr, argv.data(),
                           environ) == 0);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  ReadLogUntil("info started");
}

RelayProcess::~RelayProcess() {
  if (exit_code_) return;
  Signal(SIGKILL);
  Wait();
}

void RelayProcess::ReadLogUntil(absl::string_view text) {
  char buffer[4096];
  while (!absl::StrContains(log_, text)) {
    pollfd ready{stderr_.get(), POLLIN, 0};
    if (poll(&ready, 1, kPatienceMs) <= 0) return;
    const ssize_t n = read(stderr_.get(), buffer, sizeof(buffer));
    if (n <= 0) return;
    log_.append(buffer, static_cast<size_t>(n));
  }
}

uint16_t RelayProcess::PortAfter(absl::string_view label) const {
  const size_t at = log_.find(std::string(label));
  if (at == std::string::npos) return 0;
  const size_t colon = log_.find(':', at);
  const size_t end = log_.find_first_of(" \n", colon);
  uint32_t port = 0;
  if (!absl::SimpleAtoi(log_.substr(colon + 1, end - colon - 1), &port)) {
    return 0;
  }
  return static_cast<uint16_t>(port);
}

int RelayProcess::Wait() {
  if (exit_code_) return *exit_code_;
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  ReadLogUntil("no such text: up to the end");
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return *exit_code_;
}

void RelayProcess::Signal(int signal) { kill(pid_, signal); }

TestConnection::TestConnection(uint16_t port,
                               std::shared_ptr<const io::TlsContext> tls,
                               int receive_buffer)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer != 0) {
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer,
               sizeof(receive_buffer));
  }
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  WARREN_CHECK(connect(fd_.get(), reinterpret_cast<sockaddr*>(&address),
                       sizeof(address)) == 0);
  fcntl(fd_.get(), F_SETFL, O_NONBLOCK);
  if (!tls) return;
  tls_ = io::TlsSession::Connect(std::move(tls), "localhost");
  while (!tls_->established()) {
    Send({});
    if (!WaitFor(POLLIN)) return;
    uint8_t buffer[4096];
    const ssize_t n = recv(fd_.get(), buffer, sizeof(buffer), 0);
    if (n <= 0 || !tls_->FromWire({buffer, static_cast<size_t>(n)}).ok()) {
      return;
    }
  }
}

bool TestConnection::WaitFor(short events) {
  pollfd ready{fd_.get(), events, 0};
  return poll(&ready, 1, kPatienceMs) > 0;
}

void TestConnection::Send(Bytes bytes) {
  if (!tls_) {
    SendWire(bytes);
    return;
  }
  if (!bytes.empty()) WARREN_CHECK(tls_->WritePlain(bytes).ok());
  const std::vector<uint8_t> wire(tls_->ToWire().begin(), tls_->ToWire().end());
  tls_->Sent(wire.size());
  SendWire(wire);
}

void TestConnection::SendWire(Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t n = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n >= 0) {
      bytes = bytes.subspan(static_cast<size_t>(n));
    } else if (errno != EAGAIN || !WaitFor(POLLOUT)) {
      return;  // Closed by the relay: the test will see it in Receive().
    }
  }
}

std::vector<uint8_t> TestConnection::Receive() {
  while (WaitFor(POLLIN)) {
    std::vector<uint8_t> bytes(65536);
    const ssize_t n = recv(fd_.get(), bytes.data(), bytes.size(), 0);
    if (n <= 0) return {};
    bytes.resize(static_cast<size_t>(n));
    if (!tls_) return bytes;
    if (!tls_->FromWire(bytes).ok()) return {};
    bytes.resize(65536);
    const auto plain = tls_->ReadPlain(bytes);
    if (!plain.ok() || tls_->closed()) return {};
    bytes.resize(*plain);
    if (!bytes.empty()) return bytes;
  }
  return {};
}

std::string TestConnection::ReceiveAll() {
  std::string all;
  while (true) {
    const auto bytes = Receive();
    if (bytes.empty()) return all;
    all.append(bytes.begin(), bytes.end());
  }
}

crypto::NodePrivateKey TestClient::NewKey() {
  SeededRng rng(NextSeed());
  return crypto::NodePrivateKey::Generate(rng);
}

TestClient::TestClient(uint16_t port, const crypto::NodePrivateKey& key,
                       const Options& options)
    : key_(key.public_key()),
      rng_(NextSeed()),
      connection_(port, options.tls, options.receive_buffer) {
  std::optional<crypto::NodeKey> server;
  if (options.fast_start) {
    for (const auto& certificate : connection_.tls().PeerChain()) {
      server = derp::KeyOfMetaCertificate(certificate.common_name,
                                          certificate.serial);
    }
    WARREN_CHECK(server.has_value());
  }
  derp::ClientSession::Options session{.key = key.Clone()};
  session.server = server;
  session_ = std::make_unique<derp::ClientSession>(std::move(session), rng_,
                                                   clock_.Now());
  LogIn(options.fast_start);
}

void TestClient::LogIn(bool fast_start) {
  io::HttpRequest request;
  request.target = "/derp";
  request.headers = {
      {"Host", "localhost"}, {"Connection", "Upgrade"}, {"Upgrade", "DERP"}};
  if (fast_start) request.headers.emplace_back("Derp-Fast-Start", "1");
  const std::string head = io::BuildHttpRequest(request);
  std::vector<uint8_t> bytes(head.begin(), head.end());
  const auto login = session_->PollTransmit();
  bytes.insert(bytes.end(), login.begin(), login.end());
  connection_.Send(bytes);
  io::HttpHeadReader reader;
  while (!fast_start) {
    received_ = connection_.Receive();
    if (received_.empty()) return;
    rest_ = received_;
    const auto complete = reader.Take(rest_);
    if (!complete.ok()) return;
    if (*complete) break;
  }
  (void)Receive<derp::LoggedIn>();
}

std::optional<derp::ClientEvent> TestClient::ReceiveEvent() {
  while (true) {
    const auto event = session_->Next(clock_.Now(), rest_);
    if (!event.ok()) return std::nullopt;
    Transmit();
    if (*event) return **event;
    received_ = connection_.Receive();
    rest_ = received_;
    if (received_.empty()) return std::nullopt;
  }
}

std::optional<ReceivedPacket> TestClient::ReceivePacket() {
  const auto packet = Receive<derp::PacketReceived>();
  if (!packet) return std::nullopt;
  return ReceivedPacket{packet->source, std::string(AsText(packet->packet))};
}

void TestClient::SendTo(const crypto::NodeKey& to, absl::string_view packet) {
  SendMany(to, packet, 1);
}

void TestClient::SendMany(const crypto::NodeKey& to, absl::string_view packet,
                          size_t count) {
  const auto frame =
      derp::BuildPacket(derp::FrameType::kSendPacket, to, AsBytes(packet));
  std::vector<uint8_t> all;
  for (size_t i = 0; i < count; ++i) {
    all.insert(all.end(), frame.begin(), frame.end());
  }
  connection_.Send(all);
}

std::string HttpGet(uint16_t port, absl::string_view path) {
  TestConnection connection(port);
  connection.SendText(
      absl::StrCat("GET ", path, " HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  return connection.ReceiveAll();
}

}  // namespace warren::relay
