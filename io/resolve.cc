#include "io/resolve.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace warren::io {
namespace {

using Addresses = absl::StatusOr<std::vector<net::IpAddress>>;

// The C library's resolver cannot be interrupted, so it runs on a thread that
// may outlive the wait for it.
struct Lookup {
  Cancel done;
  absl::Mutex mutex;
  Addresses result ABSL_GUARDED_BY(mutex) = absl::UnavailableError("no answer");
};

net::IpAddress AddressOf(const addrinfo& info) {
  if (info.ai_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(info.ai_addr);
    return net::IpAddress::V4(ntohl(v4->sin_addr.s_addr));
  }
  const auto* v6 = reinterpret_cast<const sockaddr_in6*>(info.ai_addr);
  return net::IpAddress::V6(v6->sin6_addr.s6_addr);
}

Addresses AskSystem(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int error = getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (error != 0) {
    const std::string text =
        absl::StrCat("cannot resolve ", host, ": ", gai_strerror(error));
    return error == EAI_NONAME ? absl::NotFoundError(text)
                               : absl::UnavailableError(text);
  }
  std::vector<net::IpAddress> addresses;
  for (const addrinfo* info = list; info != nullptr; info = info->ai_next) {
    if (info->ai_family == AF_INET || info->ai_family == AF_INET6) {
      addresses.push_back(AddressOf(*info));
    }
  }
  freeaddrinfo(list);
  if (addresses.empty()) {
    return absl::NotFoundError(absl::StrCat(host, " has no address"));
  }
  return addresses;
}

}  // namespace

Addresses Resolve(const std::string& host, absl::Duration timeout,
                  const Cancel& cancel) {
  const auto literal = net::IpAddress::Parse(host);
  if (literal.ok()) return std::vector<net::IpAddress>{*literal};
  auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host] {
    Addresses result = AskSystem(host);
    {
      absl::MutexLock lock(&lookup->mutex);
      lookup->result = std::move(result);
    }
    lookup->done.Now();
  }).detach();
  pollfd ready[2] = {{lookup->done.fd(), POLLIN, 0}, {cancel.fd(), POLLIN, 0}};
  const int milliseconds = static_cast<int>(absl::ToInt64Milliseconds(timeout));
  const int n = poll(ready, 2, milliseconds < 0 ? 0 : milliseconds);
  if (n > 0 && ready[1].revents != 0) {
    return absl::CancelledError("interrupted");
  }
  if (n <= 0) {
    return absl::UnavailableError(absl::StrCat("cannot resolve ", host,
                                               ": no answer within ",
                                               absl::FormatDuration(timeout)));
  }
  absl::MutexLock lock(&lookup->mutex);
  return lookup->result;
}

}  // namespace warren::io
