#include "client/io/link_monitor.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>

#include "absl/strings/str_cat.h"

namespace warren::client {
namespace {

constexpr size_t kBufferSize = 32768;

bool IsRelevant(const nlmsghdr& message) {
  if (message.nlmsg_type != RTM_NEWROUTE &&
      message.nlmsg_type != RTM_DELROUTE) {
    return true;
  }
  if (message.nlmsg_len < NLMSG_LENGTH(sizeof(rtmsg))) return false;
  return static_cast<const rtmsg*>(NLMSG_DATA(&message))->rtm_dst_len == 0;
}

bool AnyRelevant(const char* bytes, size_t size) {
  const auto* message = reinterpret_cast<const nlmsghdr*>(bytes);
  // NLMSG_OK and NLMSG_NEXT would mix signs.
  while (size >= sizeof *message && message->nlmsg_len >= sizeof *message &&
         message->nlmsg_len <= size) {
    if (IsRelevant(*message)) return true;
    const size_t step = NLMSG_ALIGN(size_t{message->nlmsg_len});
    if (step >= size) break;
    size -= step;
    bytes += step;
    message = reinterpret_cast<const nlmsghdr*>(bytes);
  }
  return false;
}

}  // namespace

absl::StatusOr<LinkMonitor> LinkMonitor::Open() {
  io::Fd fd(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK,
                   NETLINK_ROUTE));
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR |
                      RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE;
  if (!fd.ok() || bind(fd.get(), reinterpret_cast<const sockaddr*>(&address),
                       sizeof address) != 0) {
    return absl::InternalError(
        absl::StrCat("netlink monitor: ", strerror(errno)));
  }
  return LinkMonitor(std::move(fd));
}

bool LinkMonitor::Drain() {
  alignas(nlmsghdr) std::array<char, kBufferSize> buffer;
  bool changed = false;
  while (true) {
    const ssize_t n = recv(fd_.get(), buffer.data(), buffer.size(), 0);
    if (n > 0) {
      changed |= AnyRelevant(buffer.data(), static_cast<size_t>(n));
    } else if (n < 0 && errno == ENOBUFS) {
      changed = true;  // Some were lost: nobody knows what.
    } else if (n >= 0 || errno != EINTR) {
      return changed;
    }
  }
}

}  // namespace warren::client
