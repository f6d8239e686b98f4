// A host that wants a port: portmap::Mapper over real sockets, for tests
// against real routers. Prints what happens, a line each.
//
// usage: port_client ROUTER OUR_ADDRESS UDP_PORT
//
// SIGUSR1: looks whether the mapping still is (Mapper::Check)
// SIGUSR2: an hour passes for the mapper, but not for the router
// SIGTERM: gives the mapping back and ends

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/crypto/system_rng.h"
#include "core/portmap/mapper.h"

namespace warren {
namespace {

sockaddr_in ToSocket(const net::Endpoint& endpoint) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(endpoint.port());
  address.sin_addr.s_addr = htonl(endpoint.address().v4());
  return address;
}

int UdpSocket(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in any = ToSocket({net::IpAddress(), port});
  WARREN_CHECK(bind(fd, reinterpret_cast<const sockaddr*>(&any), sizeof any) ==
               0);
  return fd;
}

// Waits for `events` of `fd` until `end`.
bool Await(int fd, short events, absl::Time end) {
  pollfd one = {fd, events, 0};
  const int64_t left = absl::ToInt64Milliseconds(end - absl::Now());
  return left > 0 && poll(&one, 1, static_cast<int>(left)) == 1;
}

absl::StatusOr<std::string> DoExchange(const portmap::Exchange& exchange) {
  const absl::Time end = absl::Now() + exchange.timeout;
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const sockaddr_in to = ToSocket(exchange.to);
  std::string response;
  connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
  if (Await(fd, POLLOUT, end) &&
      write(fd, exchange.request.data(), exchange.request.size()) > 0) {
    std::array<char, 4096> buffer;
    while (response.size() < exchange.max_bytes && Await(fd, POLLIN, end)) {
      const ssize_t n = read(fd, buffer.data(), buffer.size());
      if (n <= 0) break;
      response.append(buffer.data(), static_cast<size_t>(n));
    }
  }
  close(fd);
  if (response.empty()) return absl::UnavailableError("no response");
  return response;
}

class Client {
 public:
  Client(const portmap::Gateway& gateway, uint16_t port)
      : app_(UdpSocket(port)), control_(UdpSocket(0)) {
    mapper_.SetGateway(Now(), gateway, port);
    Drain();
  }

  // Until SIGTERM, whose descriptor `signals` is.
  void Run(int signals) {
    while (true) {
      pollfd all[] = {
          {app_, POLLIN, 0}, {control_, POLLIN, 0}, {signals, POLLIN, 0}};
      const absl::Duration left = std::clamp(
          mapper_.Next() - Now(), absl::ZeroDuration(), absl::Seconds(60));
      poll(all, 3, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
      if (all[0].revents != 0) OnApp();
      if (all[1].revents != 0) OnControl();
      if (all[2].revents != 0 && !OnSignal(signals)) return;
      mapper_.OnTimeout(Now());
      Drain();
    }
  }

 private:
  Instant Now() const {
    timespec time;
    clock_gettime(CLOCK_BOOTTIME, &time);
    return Instant::FromEpoch(absl::DurationFromTimespec(time) + skipped_);
  }

  void OnApp() {
    std::array<char, 2048> buffer;
    const ssize_t n = recv(app_, buffer.data(), buffer.size(), 0);
    if (n < 0) return;
    Say(absl::StrCat("received ",
                     absl::string_view(buffer.data(), static_cast<size_t>(n))));
  }

  void OnControl() {
    std::array<uint8_t, 4096> buffer;
    sockaddr_in from = {};
    socklen_t size = sizeof from;
    const ssize_t n = recvfrom(control_, buffer.data(), buffer.size(), 0,
                               reinterpret_cast<sockaddr*>(&from), &size);
    if (n < 0) return;
    mapper_.OnDatagram(
        Now(),
        {net::IpAddress::V4(ntohl(from.sin_addr.s_addr)), ntohs(from.sin_port)},
        Bytes(buffer).first(static_cast<size_t>(n)));
  }

  bool OnSignal(int signals) {
    signalfd_siginfo info;
    WARREN_CHECK(read(signals, &info, sizeof info) == sizeof info);
    if (info.ssi_signo == SIGUSR2) skipped_ += absl::Hours(1);
    if (info.ssi_signo != SIGTERM) {
      // Each look is too soon after the last, but for this.
      mapper_.Check(Now() + ++looks_ * portmap::Mapper::kUpnpCheckInterval);
      return true;
    }
    mapper_.Release(Now());
    Drain();
    return false;
  }

  void Drain() {
    while (true) {
      while (const auto datagram = mapper_.PollDatagram()) {
        const sockaddr_in to = ToSocket(datagram->to);
        sendto(control_, datagram->bytes.data(), datagram->bytes.size(), 0,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
      }
      const auto exchange = mapper_.PollExchange();
      if (!exchange) break;
      const auto response = DoExchange(*exchange);
      mapper_.OnExchange(Now(), exchange->id, response);
    }
    std::string state = "unmapped";
    if (const auto& mapping = mapper_.mapping()) {
      state = absl::StrCat("mapped ", NameOf(mapping->protocol), " ",
                           mapping->external.ToString());
    } else if (!mapper_.trouble().ok()) {
      state = absl::StrCat("unmapped: ", mapper_.trouble().message());
    }
    if (state != state_) Say(state);
    state_ = state;
  }

  static void Say(const std::string& line) {
    std::printf("%s\n", line.c_str());
    std::fflush(stdout);
  }

  crypto::SystemRng rng_;
  portmap::Mapper mapper_{rng_};
  const int app_;
  const int control_;
  absl::Duration skipped_;
  int looks_ = 0;
  std::string state_;
};

int Main(int argc, char** argv) {
  WARREN_CHECK(argc == 4);
  const auto router = net::IpAddress::Parse(argv[1]);
  const auto self = net::IpAddress::Parse(argv[2]);
  WARREN_CHECK(router.ok() && self.ok());
  sigset_t signals;
  sigemptyset(&signals);
  for (const int number : {SIGUSR1, SIGUSR2, SIGTERM}) {
    sigaddset(&signals, number);
  }
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  Client client({*router, *self}, static_cast<uint16_t>(std::atoi(argv[3])));
  client.Run(signalfd(-1, &signals, 0));
  return 0;
}

}  // namespace
}  // namespace warren

int main(int argc, char** argv) { return warren::Main(argc, argv); }
