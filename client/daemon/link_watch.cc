#include "client/daemon/link_watch.h"

#include <sys/epoll.h>

#include <optional>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "core/base/status_macros.h"

namespace warren::client {
namespace {

// ZeroTier's and NetBird's interfaces.
bool IsMeshVpn(const std::string& name) {
  return absl::StartsWith(name, "zt") || name == "wt0";
}

// Our address on the link of `route`'s router.
std::optional<net::IpAddress> OurSide(
    const Route& route, const std::vector<LinkAddress>& addresses) {
  if (route.source) return route.source;
  std::optional<net::IpAddress> any;
  for (const LinkAddress& a : addresses) {
    if (a.ifindex != route.ifindex || !a.address.is_v4()) continue;
    const net::IpPrefix network(a.address, a.prefix_bits);
    if (network.Contains(*route.gateway)) return a.address;
    if (!any) any = a.address;
  }
  return any;
}

}  // namespace

uint32_t LinkSnapshot::InterfaceOf(const net::IpAddress& address) const {
  for (const LinkAddress& a : addresses) {
    if (a.address == address) return a.ifindex;
  }
  return 0;
}

absl::StatusOr<LinkSnapshot> ReadLinks(Netlink& netlink,
                                       uint32_t tunnel_ifindex) {
  WARREN_ASSIGN_OR_RETURN(const std::vector<Link> links, netlink.Links());
  WARREN_ASSIGN_OR_RETURN(const std::vector<LinkAddress> addresses,
                          netlink.Addresses());
  WARREN_ASSIGN_OR_RETURN(const std::vector<Route> routes,
                          netlink.DefaultRoutes());
  std::set<uint32_t> usable;
  for (const Link& link : links) {
    if (link.up && link.running && link.ifindex != tunnel_ifindex &&
        !IsMeshVpn(link.name)) {
      usable.insert(link.ifindex);
    }
  }
  LinkSnapshot out;
  for (const LinkAddress& a : addresses) {
    if (!usable.contains(a.ifindex) || a.tentative || a.deprecated) continue;
    out.addresses.push_back(a);
    out.state.addresses.push_back(a.address);
  }
  for (const Route& route : routes) {
    if (!usable.contains(route.ifindex)) continue;
    const bool v4 = route.destination.address().is_v4();
    uint32_t& chosen =
        v4 ? out.state.default_v4_interface : out.state.default_v6_interface;
    if (chosen != 0) continue;  // an earlier one is preferred
    chosen = route.ifindex;
    if (!v4 || !route.gateway) continue;
    if (const auto self = OurSide(route, out.addresses)) {
      out.state.gateway = {.router = *route.gateway, .self = *self};
    }
  }
  return out;
}

absl::StatusOr<std::unique_ptr<LinkWatch>> LinkWatch::Open(
    io::EventLoop& loop, Netlink& netlink, uint32_t tunnel_ifindex,
    std::function<void()> changed) {
  WARREN_ASSIGN_OR_RETURN(LinkMonitor monitor, LinkMonitor::Open());
  std::unique_ptr<LinkWatch> watch(new LinkWatch(
      loop, netlink, tunnel_ifindex, std::move(monitor), std::move(changed)));
  WARREN_RETURN_IF_ERROR(
      loop.Watch(watch->monitor_.fd(), EPOLLIN,
                 [w = watch.get()](uint32_t) { w->OnNews(); }));
  return watch;
}

LinkWatch::LinkWatch(io::EventLoop& loop, Netlink& netlink,
                     uint32_t tunnel_ifindex, LinkMonitor monitor,
                     std::function<void()> changed)
    : loop_(loop),
      netlink_(netlink),
      tunnel_ifindex_(tunnel_ifindex),
      monitor_(std::move(monitor)),
      changed_(std::move(changed)) {}

LinkWatch::~LinkWatch() { loop_.Unwatch(monitor_.fd()); }

void LinkWatch::OnNews() {
  if (!monitor_.Drain() || read_at_ != Instant::Never()) return;
  const Instant now = loop_.Now();
  if (now - last_read_ >= kPause) return ReadAndTell();
  read_at_ = last_read_ + kPause;
}

void LinkWatch::OnTimeout(Instant now) {
  if (now >= read_at_) ReadAndTell();
}

void LinkWatch::Read() {
  last_read_ = loop_.Now();
  read_at_ = Instant::Never();
  auto read = ReadLinks(netlink_, tunnel_ifindex_);
  if (read.ok()) {
    latest_ = *std::move(read);
  } else {
    // Something changed while the kernel listed it: once more.
    read_at_ = last_read_ + kPause;
  }
}

void LinkWatch::ReadAndTell() {
  const LinkSnapshot before = latest_;
  Read();
  if (latest_ != before) changed_();
}

}  // namespace warren::client
