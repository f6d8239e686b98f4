#include "client/io/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

constexpr size_t kBufferSize = 32768;  // one answer's piece, at most

// A request under construction.
class Request {
 public:
  Request(uint16_t type, uint16_t flags)
      : header_(mnl_nlmsg_put_header(buffer_.data())) {
    header_->nlmsg_type = type;
    header_->nlmsg_flags =
        static_cast<uint16_t>(NLM_F_REQUEST | NLM_F_ACK | flags);
  }
  template <class Body>
  Body& Put() {
    return *static_cast<Body*>(
        mnl_nlmsg_put_extra_header(header_, sizeof(Body)));
  }
  void PutU32(uint16_t type, uint32_t value) {
    mnl_attr_put_u32(header_, type, value);
  }
  void PutAddress(uint16_t type, const net::IpAddress& address) {
    const Bytes bytes = address.bytes();
    mnl_attr_put(header_, type, bytes.size(), bytes.data());
  }
  nlmsghdr* header() { return header_; }

 private:
  alignas(nlmsghdr) std::array<char, 512> buffer_{};
  nlmsghdr* header_;
};

uint8_t FamilyOf(const net::IpAddress& address) {
  return address.is_v4() ? AF_INET : AF_INET6;
}

absl::Status ErrnoStatus(int error, const std::string& what) {
  const std::string message = absl::StrCat(what, ": ", strerror(error));
  switch (error) {
    case EPERM:
    case EACCES:
      return absl::PermissionDeniedError(
          absl::StrCat(message, ": run as root or with CAP_NET_ADMIN"));
    case ENODEV:
    case ENXIO:
    case ESRCH:
    case EADDRNOTAVAIL:
      return absl::NotFoundError(message);
    case EEXIST:
      return absl::AlreadyExistsError(message);
    case EINVAL:
    case EOPNOTSUPP:
    case ERANGE:
    case ENETUNREACH:
      return absl::InvalidArgumentError(message);
    default:
      return absl::InternalError(message);
  }
}

std::string NameOf(uint32_t ifindex) {
  char name[IF_NAMESIZE];
  if (if_indextoname(ifindex, name) == nullptr) {
    return absl::StrCat("interface number ", ifindex);
  }
  return absl::StrCat("interface ", name);
}

// The attributes of a message whose fixed part has `size` bytes, by type; those
// of type N and above are left out.
template <size_t N>
std::array<const nlattr*, N> Attributes(const nlmsghdr* message, size_t size) {
  std::array<const nlattr*, N> found{};
  const mnl_attr_cb_t keep = [](const nlattr* attribute, void* data) {
    const uint16_t type = mnl_attr_get_type(attribute);
    if (type < N) static_cast<const nlattr**>(data)[type] = attribute;
    return MNL_CB_OK;
  };
  mnl_attr_parse(message, static_cast<unsigned>(size), keep, found.data());
  return found;
}

Link LinkFrom(const nlmsghdr* message) {
  const auto* info =
      static_cast<const ifinfomsg*>(mnl_nlmsg_get_payload(message));
  const auto attributes = Attributes<IFLA_MTU + 1>(message, sizeof *info);
  Link link;
  link.ifindex = static_cast<uint32_t>(info->ifi_index);
  link.up = info->ifi_flags & IFF_UP;
  link.running = info->ifi_flags & IFF_RUNNING;
  link.loopback = info->ifi_flags & IFF_LOOPBACK;
  if (const nlattr* name = attributes[IFLA_IFNAME]) {
    link.name = mnl_attr_get_str(name);
  }
  if (const nlattr* mtu = attributes[IFLA_MTU]) {
    link.mtu = mnl_attr_get_u32(mtu);
  }
  return link;
}

// nullopt: nothing there, or of another family.
std::optional<net::IpAddress> IpFrom(int family, const nlattr* attribute) {
  if (attribute == nullptr) return std::nullopt;
  const auto* bytes =
      static_cast<const uint8_t*>(mnl_attr_get_payload(attribute));
  const size_t size = mnl_attr_get_payload_len(attribute);
  if (family == AF_INET && size == 4) {
    return net::IpAddress::V4(std::span<const uint8_t, 4>(bytes, 4));
  }
  if (family == AF_INET6 && size == 16) {
    return net::IpAddress::V6(std::span<const uint8_t, 16>(bytes, 16));
  }
  return std::nullopt;
}

uint32_t U32From(const nlattr* attribute, uint32_t otherwise) {
  return attribute == nullptr ? otherwise : mnl_attr_get_u32(attribute);
}

std::optional<LinkAddress> AddressFrom(const nlmsghdr* message) {
  const auto* info =
      static_cast<const ifaddrmsg*>(mnl_nlmsg_get_payload(message));
  const auto attributes = Attributes<IFA_FLAGS + 1>(message, sizeof *info);
  // On a point-to-point link IFA_ADDRESS is the other end.
  const auto address =
      IpFrom(info->ifa_family, attributes[IFA_LOCAL] ? attributes[IFA_LOCAL]
                                                     : attributes[IFA_ADDRESS]);
  if (!address) return std::nullopt;
  const uint32_t flags = U32From(attributes[IFA_FLAGS], info->ifa_flags);
  LinkAddress out;
  out.ifindex = info->ifa_index;
  out.address = *address;
  out.prefix_bits = info->ifa_prefixlen;
  out.tentative = (flags & IFA_F_DADFAILED) ||
                  ((flags & IFA_F_TENTATIVE) && !(flags & IFA_F_OPTIMISTIC));
  out.deprecated = flags & IFA_F_DEPRECATED;
  return out;
}

// The link and router of a route over several: of the first.
void ReadFirstHop(int family, const nlattr* multipath, Route& route) {
  rtnexthop hop;
  const size_t size = mnl_attr_get_payload_len(multipath);
  const auto* bytes = static_cast<const char*>(mnl_attr_get_payload(multipath));
  if (size < sizeof hop) return;
  std::memcpy(&hop, bytes, sizeof hop);
  if (hop.rtnh_len > size || hop.rtnh_len < sizeof hop) return;
  route.ifindex = static_cast<uint32_t>(hop.rtnh_ifindex);
  const mnl_attr_cb_t keep = [](const nlattr* attribute, void* data) {
    if (mnl_attr_get_type(attribute) == RTA_GATEWAY) {
      *static_cast<const nlattr**>(data) = attribute;
    }
    return MNL_CB_OK;
  };
  const nlattr* gateway = nullptr;
  mnl_attr_parse_payload(bytes + sizeof hop, hop.rtnh_len - sizeof hop, keep,
                         &gateway);
  route.gateway = IpFrom(family, gateway);
}

// nullopt: not a way to everywhere that the main table has.
std::optional<Route> DefaultRouteFrom(const nlmsghdr* message) {
  const auto* info = static_cast<const rtmsg*>(mnl_nlmsg_get_payload(message));
  if (info->rtm_dst_len != 0 || info->rtm_type != RTN_UNICAST ||
      (info->rtm_family != AF_INET && info->rtm_family != AF_INET6) ||
      (info->rtm_flags & (RTM_F_CLONED | RTNH_F_DEAD | RTNH_F_LINKDOWN))) {
    return std::nullopt;
  }
  const auto attributes = Attributes<RTA_TABLE + 1>(message, sizeof *info);
  Route route;
  route.table = U32From(attributes[RTA_TABLE], info->rtm_table);
  if (route.table != RT_TABLE_MAIN) return std::nullopt;
  if (info->rtm_family == AF_INET6) {
    route.destination =
        net::IpPrefix(net::IpAddress::V6(std::array<uint8_t, 16>{}), 0);
  }
  route.metric = U32From(attributes[RTA_PRIORITY], 0);
  route.source = IpFrom(info->rtm_family, attributes[RTA_PREFSRC]);
  if (const nlattr* multipath = attributes[RTA_MULTIPATH]) {
    ReadFirstHop(info->rtm_family, multipath, route);
  } else {
    route.ifindex = U32From(attributes[RTA_OIF], 0);
    route.gateway = IpFrom(info->rtm_family, attributes[RTA_GATEWAY]);
  }
  return route;
}

}  // namespace

struct Netlink::Socket {
  ~Socket() {
    if (socket != nullptr) mnl_socket_close(socket);
  }
  // Sends and hands every message of the answer to `each`. 0 or an errno.
  int Exchange(Request& request,
               const std::function<void(const nlmsghdr*)>& each);

  mnl_socket* socket = nullptr;
  uint32_t sequence = 0;
};

int Netlink::Socket::Exchange(
    Request& request, const std::function<void(const nlmsghdr*)>& each) {
  request.header()->nlmsg_seq = ++sequence;
  const unsigned port = mnl_socket_get_portid(socket);
  if (mnl_socket_sendto(socket, request.header(), request.header()->nlmsg_len) <
      0) {
    return errno;
  }
  alignas(nlmsghdr) std::array<char, kBufferSize> buffer;
  const mnl_cb_t call = [](const nlmsghdr* message, void* data) {
    (*static_cast<const std::function<void(const nlmsghdr*)>*>(data))(message);
    return MNL_CB_OK;
  };
  while (true) {
    const ssize_t n = mnl_socket_recvfrom(socket, buffer.data(), buffer.size());
    if (n < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    const int result =
        mnl_cb_run(buffer.data(), static_cast<size_t>(n), sequence, port, call,
                   const_cast<void*>(static_cast<const void*>(&each)));
    if (result == MNL_CB_STOP) return 0;
    // EPROTO: the rest of an exchange that was cut short; not ours.
    if (result < 0 && errno != EPROTO) return errno;
  }
}

Netlink::Netlink(std::unique_ptr<Socket> socket) : socket_(std::move(socket)) {}
Netlink::~Netlink() = default;

absl::StatusOr<std::unique_ptr<Netlink>> Netlink::Open() {
  auto socket = std::make_unique<Socket>();
  socket->socket = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
  if (socket->socket == nullptr ||
      mnl_socket_bind(socket->socket, 0, MNL_SOCKET_AUTOPID) < 0) {
    return absl::InternalError(absl::StrCat("netlink: ", strerror(errno)));
  }
  return std::unique_ptr<Netlink>(new Netlink(std::move(socket)));
}

absl::Status Netlink::ChangeLink(uint32_t ifindex, const LinkChange& change) {
  Request request(RTM_NEWLINK, 0);
  auto& info = request.Put<ifinfomsg>();
  info.ifi_family = AF_UNSPEC;
  info.ifi_index = static_cast<int>(ifindex);
  if (change.up) info.ifi_change = info.ifi_flags = IFF_UP;
  if (change.mtu != 0) request.PutU32(IFLA_MTU, change.mtu);
  if (change.tx_queue_length != 0) {
    request.PutU32(IFLA_TXQLEN, change.tx_queue_length);
  }
  if (change.gso_max_segments != 0) {
    request.PutU32(IFLA_GSO_MAX_SEGS, change.gso_max_segments);
  }
  const int error = socket_->Exchange(request, [](const nlmsghdr*) {});
  if (error == 0) return absl::OkStatus();
  return ErrnoStatus(error, absl::StrCat("change ", NameOf(ifindex)));
}

namespace {

void PutAddress(Request& request, const LinkAddress& address) {
  auto& info = request.Put<ifaddrmsg>();
  info.ifa_family = FamilyOf(address.address);
  info.ifa_prefixlen = static_cast<uint8_t>(address.prefix_bits);
  // No duplicate address detection: nobody else is on a tunnel, and it would
  // make the address unusable for a second.
  info.ifa_flags = address.address.is_v6() ? IFA_F_NODAD : 0;
  info.ifa_index = address.ifindex;
  request.PutAddress(IFA_LOCAL, address.address);
  request.PutAddress(IFA_ADDRESS, address.address);
}

void PutRoute(Request& request, const Route& route) {
  auto& info = request.Put<rtmsg>();
  info.rtm_family = FamilyOf(route.destination.address());
  info.rtm_dst_len = static_cast<uint8_t>(route.destination.bits());
  info.rtm_protocol = RTPROT_STATIC;
  info.rtm_type = RTN_UNICAST;
  info.rtm_scope = info.rtm_family == AF_INET && !route.gateway
                       ? static_cast<uint8_t>(RT_SCOPE_LINK)
                       : static_cast<uint8_t>(RT_SCOPE_UNIVERSE);
  request.PutU32(RTA_TABLE, route.table == 0
                                ? static_cast<uint32_t>(RT_TABLE_MAIN)
                                : route.table);
  request.PutAddress(RTA_DST, route.destination.address());
  request.PutU32(RTA_OIF, route.ifindex);
  if (route.metric != 0) request.PutU32(RTA_PRIORITY, route.metric);
  if (route.gateway) request.PutAddress(RTA_GATEWAY, *route.gateway);
  if (route.source) request.PutAddress(RTA_PREFSRC, *route.source);
}

std::string Describe(absl::string_view verb, const LinkAddress& address) {
  return absl::StrCat(verb, " address ", address.address.ToString(), "/",
                      address.prefix_bits, " of ", NameOf(address.ifindex));
}

std::string Describe(absl::string_view verb, const Route& route) {
  return absl::StrCat(verb, " route ", route.destination.ToString(), " of ",
                      NameOf(route.ifindex));
}

}  // namespace

absl::Status Netlink::AddAddress(const LinkAddress& address) {
  Request request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
  PutAddress(request, address);
  const int error = socket_->Exchange(request, [](const nlmsghdr*) {});
  if (error == 0 || error == EEXIST) return absl::OkStatus();
  return ErrnoStatus(error, Describe("add", address));
}

absl::Status Netlink::DeleteAddress(const LinkAddress& address) {
  Request request(RTM_DELADDR, 0);
  PutAddress(request, address);
  const int error = socket_->Exchange(request, [](const nlmsghdr*) {});
  if (error == 0 || error == EADDRNOTAVAIL) return absl::OkStatus();
  return ErrnoStatus(error, Describe("delete", address));
}

absl::Status Netlink::AddRoute(const Route& route) {
  Request request(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE);
  PutRoute(request, route);
  const int error = socket_->Exchange(request, [](const nlmsghdr*) {});
  if (error == 0 || error == EEXIST) return absl::OkStatus();
  return ErrnoStatus(error, Describe("add", route));
}

absl::Status Netlink::DeleteRoute(const Route& route) {
  Request request(RTM_DELROUTE, 0);
  PutRoute(request, route);
  const int error = socket_->Exchange(request, [](const nlmsghdr*) {});
  if (error == 0 || error == ESRCH) return absl::OkStatus();
  return ErrnoStatus(error, Describe("delete", route));
}

absl::StatusOr<std::vector<Link>> Netlink::Links() {
  Request request(RTM_GETLINK, NLM_F_DUMP);
  request.Put<ifinfomsg>().ifi_family = AF_UNSPEC;
  std::vector<Link> links;
  const int error = socket_->Exchange(request, [&](const nlmsghdr* message) {
    if (message->nlmsg_type == RTM_NEWLINK) links.push_back(LinkFrom(message));
  });
  if (error != 0) return ErrnoStatus(error, "list interfaces");
  return links;
}

absl::StatusOr<std::vector<LinkAddress>> Netlink::Addresses() {
  Request request(RTM_GETADDR, NLM_F_DUMP);
  request.Put<ifaddrmsg>().ifa_family = AF_UNSPEC;
  std::vector<LinkAddress> addresses;
  const int error = socket_->Exchange(request, [&](const nlmsghdr* message) {
    if (message->nlmsg_type != RTM_NEWADDR) return;
    if (const auto address = AddressFrom(message))
      addresses.push_back(*address);
  });
  if (error != 0) return ErrnoStatus(error, "list addresses");
  return addresses;
}

absl::StatusOr<std::vector<Route>> Netlink::DefaultRoutes() {
  Request request(RTM_GETROUTE, NLM_F_DUMP);
  request.Put<rtmsg>().rtm_family = AF_UNSPEC;
  std::vector<Route> routes;
  const int error = socket_->Exchange(request, [&](const nlmsghdr* message) {
    if (message->nlmsg_type != RTM_NEWROUTE) return;
    if (const auto route = DefaultRouteFrom(message)) routes.push_back(*route);
  });
  if (error != 0) return ErrnoStatus(error, "list routes");
  std::stable_sort(
      routes.begin(), routes.end(),
      [](const Route& a, const Route& b) { return a.metric < b.metric; });
  return routes;
}

}  // namespace warren::client
