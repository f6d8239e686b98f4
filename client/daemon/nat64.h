#ifndef WARREN_CLIENT_DAEMON_NAT64_H_
#define WARREN_CLIENT_DAEMON_NAT64_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "client/relay/resolver.h"
#include "core/base/instant.h"
#include "core/engine/link_state.h"
#include "core/net/ip.h"
#include "io/event_loop.h"

namespace warren::client {

// The /96 behind which a network's DNS64 puts IPv4 addresses, from the
// addresses of ipv4only.arpa (RFC 7050 §3): it has 192.0.0.170 and .171 alone,
// so an IPv6 address with one of those at its end is made up. nullopt: there
// is none. Other lengths of RFC 6052 are not looked for; nobody uses them.
std::optional<net::IpAddress> Nat64PrefixFrom(
    const std::vector<net::IpAddress>& addresses);

// Finds out whether this network has a NAT64, each time it changes to one with
// a way out for IPv6 and none for IPv4. Not thread-safe: the loop's thread
// owns it.
class Nat64Discovery {
 public:
  // Between questions without an answer: right after a change DNS may not be
  // reachable yet. Each is four times the one before.
  static constexpr absl::Duration kFirstRetry = absl::Seconds(1);
  static constexpr int kMaxTries = 4;

  // `changed` is called when an answer has made prefix() another one; inside no
  // other method. What is passed by reference must outlive this object.
  Nat64Discovery(io::EventLoop& loop, Resolver& resolver,
                 std::function<void()> changed);

  void OnLinkChange(const engine::LinkState& link);
  const std::optional<net::IpAddress>& prefix() const { return prefix_; }

  // When OnTimeout() must be called.
  Instant Next() const { return retry_at_; }
  void OnTimeout(Instant now);

 private:
  void Ask();
  void OnAnswer(const std::vector<net::IpAddress>& addresses);

  io::EventLoop& loop_;
  Resolver& resolver_;
  const std::function<void()> changed_;
  std::optional<net::IpAddress> prefix_;
  uint32_t interface_ = 0;  // the way out; 0: nothing is to be found
  uint64_t question_ = 0;   // the latest; answers to others are ignored
  int num_tries_ = 0;
  Instant retry_at_ = Instant::Never();
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_NAT64_H_
