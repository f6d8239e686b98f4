#include "io/tcp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace warren::io {
namespace {

constexpr int kBacklog = 512;

// Fits a link of 1,200 bytes, IPv4 and TCP headers included, in both
// directions: each end sends what the other's SYN allows. What is said here is
// small, and a router that is silent about what it drops must not stop it.
constexpr int kMaxSegment = 1200 - 20 - 20;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = sizeof(sockaddr_storage);
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
};

SocketAddress ToSocketAddress(const net::Endpoint& endpoint) {
  SocketAddress out;
  const Bytes bytes = endpoint.address().bytes();
  if (endpoint.address().is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(endpoint.port());
    std::copy(bytes.begin(), bytes.end(),
              reinterpret_cast<uint8_t*>(&v4.sin_addr));
    memcpy(&out.storage, &v4, out.size = sizeof v4);
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(endpoint.port());
    std::copy(bytes.begin(), bytes.end(), v6.sin6_addr.s6_addr);
    memcpy(&out.storage, &v6, out.size = sizeof v6);
  }
  return out;
}

net::Endpoint FromSocketAddress(const SocketAddress& address) {
  if (address.storage.ss_family == AF_INET) {
    sockaddr_in v4;
    memcpy(&v4, &address.storage, sizeof v4);
    return net::Endpoint(net::IpAddress::V4(ntohl(v4.sin_addr.s_addr)),
                         ntohs(v4.sin_port));
  }
  if (address.storage.ss_family == AF_INET6) {
    sockaddr_in6 v6;
    memcpy(&v6, &address.storage, sizeof v6);
    return net::Endpoint(net::IpAddress::V6(v6.sin6_addr.s6_addr),
                         ntohs(v6.sin6_port));
  }
  return net::Endpoint();
}

std::string Describe(absl::string_view what, const net::Endpoint& endpoint,
                     int error) {
  return absl::StrCat(what, " ", endpoint.ToString(), ": ", strerror(error));
}

absl::Status ListenFailed(const net::Endpoint& at, int error) {
  const std::string text = Describe("cannot listen on", at, error);
  switch (error) {
    case EACCES:
    case EPERM:
      return absl::PermissionDeniedError(text);
    case EADDRNOTAVAIL:
      return absl::InvalidArgumentError(text);
    default:
      return absl::UnavailableError(text);
  }
}

// Always worth another try: a firewall's refusal may end, too.
absl::Status ConnectFailed(const net::Endpoint& to, int error) {
  return absl::UnavailableError(Describe("cannot connect to", to, error));
}

void Set(const Fd& fd, int level, int option, int value) {
  setsockopt(fd.get(), level, option, &value, sizeof value);
}

absl::StatusOr<Fd> NewSocket(const net::Endpoint& endpoint) {
  const int family = endpoint.address().is_v4() ? AF_INET : AF_INET6;
  Fd fd(socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd.ok()) {
    return absl::UnavailableError(Describe("no socket for", endpoint, errno));
  }
  Set(fd, IPPROTO_TCP, TCP_MAXSEG, kMaxSegment);
  return fd;
}

}  // namespace

absl::StatusOr<Fd> ListenTcp(const net::Endpoint& at) {
  auto fd = NewSocket(at);
  if (!fd.ok()) return fd;
  Set(*fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (at.address().is_v6()) Set(*fd, IPPROTO_IPV6, IPV6_V6ONLY, 0);
  SocketAddress address = ToSocketAddress(at);
  if (bind(fd->get(), address.get(), address.size) != 0 ||
      listen(fd->get(), kBacklog) != 0) {
    return ListenFailed(at, errno);
  }
  return fd;
}

absl::StatusOr<Fd> StartConnectTcp(const net::Endpoint& to) {
  auto fd = NewSocket(to);
  if (!fd.ok()) return fd;
  SocketAddress address = ToSocketAddress(to);
  if (connect(fd->get(), address.get(), address.size) != 0 &&
      errno != EINPROGRESS) {
    return ConnectFailed(to, errno);
  }
  return fd;
}

absl::Status ConnectResult(const Fd& socket, const net::Endpoint& to) {
  int error = 0;
  socklen_t size = sizeof error;
  if (getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &size) != 0) {
    error = errno;
  }
  return error == 0 ? absl::OkStatus() : ConnectFailed(to, error);
}

void SetLongLived(const Fd& socket) {
  Set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  Set(socket, SOL_SOCKET, SO_KEEPALIVE, 1);
  Set(socket, IPPROTO_TCP, TCP_KEEPIDLE, 60);
  Set(socket, IPPROTO_TCP, TCP_KEEPINTVL, 10);
  Set(socket, IPPROTO_TCP, TCP_KEEPCNT, 3);
  Set(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, 30'000);
}

net::Endpoint LocalEndpoint(const Fd& socket) {
  SocketAddress address;
  if (getsockname(socket.get(), address.get(), &address.size) != 0) return {};
  return FromSocketAddress(address);
}

net::Endpoint RemoteEndpoint(const Fd& socket) {
  SocketAddress address;
  if (getpeername(socket.get(), address.get(), &address.size) != 0) return {};
  return FromSocketAddress(address);
}

}  // namespace warren::io
