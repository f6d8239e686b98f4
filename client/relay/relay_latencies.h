#ifndef WARREN_CLIENT_RELAY_RELAY_LATENCIES_H_
#define WARREN_CLIENT_RELAY_RELAY_LATENCIES_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "client/relay/resolver.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/derp/relay_map.h"
#include "core/net/ip.h"
#include "io/event_loop.h"

namespace warren::client {

// Measures how long relays take to answer an HTTP request, without what TCP and
// TLS need before it (specs/dataplane.md §7.4): for networks where STUN gets
// no answer. Not thread-safe: the loop's thread owns it.
class RelayLatencies {
 public:
  // From the question to the answers, all relays together.
  static constexpr absl::Duration kDeadline = absl::Seconds(5);
  // Under way at once; the others wait their turn, within the same time.
  static constexpr size_t kMaxAtOnce = 16;

  // nullopt: not reached. Once for each relay that was asked for. Called by
  // OnTimeout() alone.
  using Answer =
      std::function<void(RelayId, std::optional<absl::Duration> latency)>;

  // What is passed by reference must outlive this object.
  RelayLatencies(io::EventLoop& loop, Resolver& resolver, Answer answer);
  ~RelayLatencies();

  // A relay that is being measured is not measured twice. `nat64`: how this
  // network embeds IPv4 addresses, if it has nothing but IPv6.
  void Measure(const std::vector<RelayId>& relays, const derp::RelayMap& map,
               const std::optional<net::IpAddress>& nat64);
  // Ends all, without an answer.
  void Cancel();

  // When OnTimeout() must be called.
  Instant Next() const;
  void OnTimeout(Instant now);

 private:
  struct Measurement;
  using Shared = std::shared_ptr<Measurement>;
  void Begin(const Shared& m);
  void Connect(Measurement& m, std::vector<net::IpAddress> addresses);
  static void OnEstablished(Measurement& m, Instant now);
  static absl::Status OnBytes(Measurement& m, Bytes bytes, Instant now);

  io::EventLoop& loop_;
  Resolver& resolver_;
  const Answer answer_;
  // Oldest first; the first kMaxAtOnce are under way.
  std::vector<Shared> measurements_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RELAY_LATENCIES_H_
