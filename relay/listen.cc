#include "relay/listen.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::relay {
namespace {

constexpr int kBacklog = 1024;

struct Wanted {
  std::optional<net::IpAddress> address;  // nullopt: every one
  uint16_t port;
};

absl::StatusOr<Wanted> ParseWanted(const std::string& text) {
  if (text.size() > 1 && text[0] == ':') {
    uint32_t port = 0;
    if (absl::SimpleAtoi(text.substr(1), &port) && port <= 65535) {
      return Wanted{std::nullopt, static_cast<uint16_t>(port)};
    }
  }
  const auto endpoint = net::Endpoint::Parse(text);
  if (!endpoint.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", text,
                     "\" is no address to listen on: write ADDRESS:PORT, "
                     "[V6-ADDRESS]:PORT or :PORT"));
  }
  return Wanted{endpoint->address(), endpoint->port()};
}

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const {
    return reinterpret_cast<const sockaddr*>(&storage);
  }
};

SocketAddress ToSocketAddress(int family, const Wanted& wanted) {
  SocketAddress out;
  const Bytes bytes = wanted.address ? wanted.address->bytes() : Bytes();
  if (family == AF_INET6) {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(wanted.port);
    std::copy(bytes.begin(), bytes.end(), v6->sin6_addr.s6_addr);
    out.size = sizeof(*v6);
  } else {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = htons(wanted.port);
    if (!bytes.empty()) std::memcpy(&v4->sin_addr, bytes.data(), bytes.size());
    out.size = sizeof(*v4);
  }
  return out;
}

absl::Status CannotListen(const std::string& address) {
  const int error = errno;
  absl::string_view hint;
  if (error == EADDRINUSE) {
    hint = ": another program has that port; stop it or choose another";
  } else if (error == EACCES) {
    hint = ": ports below 1024 need root or CAP_NET_BIND_SERVICE";
  } else if (error == EADDRNOTAVAIL) {
    hint = ": this machine does not have that address";
  }
  return absl::FailedPreconditionError(absl::StrCat(
      "cannot listen on ", address, ": ", std::strerror(error), hint));
}

absl::StatusOr<io::Fd> Bound(int type, const std::string& address) {
  WARREN_ASSIGN_OR_RETURN(const Wanted wanted, ParseWanted(address));
  const bool any = !wanted.address.has_value();
  int family = any || wanted.address->is_v6() ? AF_INET6 : AF_INET;
  io::Fd fd(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd.ok() && any && errno == EAFNOSUPPORT) {
    family = AF_INET;
    fd.Reset(socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!fd.ok()) return CannotListen(address);
  const int off = 0;
  const int on = 1;
  if (family == AF_INET6 && any) {
    setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  }
  if (type == SOCK_STREAM) {
    setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  }
  SocketAddress where = ToSocketAddress(family, wanted);
  if (bind(fd.get(), where.get(), where.size) != 0) {
    return CannotListen(address);
  }
  return fd;
}

net::Endpoint ToEndpoint(const sockaddr_storage& storage) {
  if (storage.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage);
    return {net::IpAddress::V6(
                std::span<const uint8_t, 16>(v6.sin6_addr.s6_addr, 16)),
            ntohs(v6.sin6_port)};
  }
  if (storage.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage);
    return {net::IpAddress::V4(ntohl(v4.sin_addr.s_addr)), ntohs(v4.sin_port)};
  }
  return {};
}

}  // namespace

absl::StatusOr<io::Fd> ListenTcp(const std::string& address) {
  auto fd = Bound(SOCK_STREAM, address);
  if (!fd.ok()) return fd;
  if (listen(fd->get(), kBacklog) != 0) return CannotListen(address);
  return fd;
}

absl::StatusOr<io::Fd> BindUdp(const std::string& address) {
  return Bound(SOCK_DGRAM, address);
}

net::Endpoint LocalEndpoint(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return ToEndpoint(storage);
}

net::Endpoint RemoteEndpoint(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof(storage);
  getpeername(fd, reinterpret_cast<sockaddr*>(&storage), &size);
  return ToEndpoint(storage);
}

}  // namespace warren::relay
