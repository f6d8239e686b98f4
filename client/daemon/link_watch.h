#ifndef WARREN_CLIENT_DAEMON_LINK_WATCH_H_
#define WARREN_CLIENT_DAEMON_LINK_WATCH_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/io/link_monitor.h"
#include "client/io/netlink.h"
#include "core/base/instant.h"
#include "core/engine/link_state.h"
#include "core/net/ip.h"
#include "io/event_loop.h"

namespace warren::client {

// This host's network at one moment.
struct LinkSnapshot {
  // As the engine wants it; without ports and NAT64, which are not links'.
  engine::LinkState state;
  // state.addresses, with the interfaces they are of.
  std::vector<LinkAddress> addresses;

  // 0: no interface has `address` (any more).
  uint32_t InterfaceOf(const net::IpAddress& address) const;
  friend bool operator==(const LinkSnapshot&, const LinkSnapshot&) = default;
};

// Reads it. Interfaces count that are up and have another end (IFF_RUNNING),
// but `tunnel_ifindex` and those of mesh VPNs that a path must not run through
// (specs 6.5); addresses, that are neither tentative nor deprecated. Errors as
// Netlink's.
absl::StatusOr<LinkSnapshot> ReadLinks(Netlink& netlink,
                                       uint32_t tunnel_ifindex);

// Watches the network: interfaces, addresses and default routes. Not
// thread-safe: the loop's thread owns it.
class LinkWatch {
 public:
  // A change after a quiet while is read at once, what follows within this
  // time together at its end: changes come in bursts.
  static constexpr absl::Duration kPause = absl::Milliseconds(100);

  // `changed` is called on the loop's thread when latest() has changed. What
  // is passed by reference must outlive this object. Errors: as LinkMonitor's.
  static absl::StatusOr<std::unique_ptr<LinkWatch>> Open(
      io::EventLoop& loop, Netlink& netlink, uint32_t tunnel_ifindex,
      std::function<void()> changed);
  ~LinkWatch();

  // As of the last reading; empty before the first.
  const LinkSnapshot& latest() const { return latest_; }
  // Reads without waiting for news; does not call `changed`.
  void Read();

  // When OnTimeout() must be called.
  Instant Next() const { return read_at_; }
  void OnTimeout(Instant now);

 private:
  LinkWatch(io::EventLoop& loop, Netlink& netlink, uint32_t tunnel_ifindex,
            LinkMonitor monitor, std::function<void()> changed);
  void OnNews();
  void ReadAndTell();

  io::EventLoop& loop_;
  Netlink& netlink_;
  const uint32_t tunnel_ifindex_;
  LinkMonitor monitor_;
  const std::function<void()> changed_;
  LinkSnapshot latest_;
  Instant last_read_ = Instant::LongAgo();
  Instant read_at_ = Instant::Never();
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_LINK_WATCH_H_
