#ifndef WARREN_CORE_ENGINE_TCP_CHECK_H_
#define WARREN_CORE_ENGINE_TCP_CHECK_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/engine/event.h"
#include "core/engine/relay_servers.h"
#include "core/net/ip.h"

namespace warren::engine {

// What can be found out where UDP does not get through: how fast the relays are
// over HTTPS, and whether a captive portal answers in their place (specs 7.4,
// 7.6).
class TcpCheck {
 public:
  static constexpr size_t kMaxTargets = 5;  // that are asked for a portal
  static constexpr absl::Duration kExchangeTime = absl::Seconds(3);
  static constexpr absl::Duration kTime = absl::Seconds(5);

  using Event = std::variant<ExchangeWanted, RelayLatencyWanted>;

  // `rng` must outlive it.
  explicit TcpCheck(Rng& rng) : rng_(rng) {}

  // Begins; one under way is abandoned.
  void Start(Instant now, const RelayServers& servers, RelayId home);
  // UDP gets through, or the network is another one: all of it is void.
  void Stop();
  // False: that was not asked.
  bool OnExchange(uint64_t id, const absl::StatusOr<std::string>& response);
  void OnRelayLatency(RelayId relay, std::optional<absl::Duration> latency);
  // Whether it has ended since the last call.
  bool TakeEnd(Instant now);

  bool running() const { return !ends_at_.IsNever(); }
  Instant Next() const { return ends_at_; }
  std::optional<Event> Poll();
  const std::map<RelayId, absl::Duration>& latencies() const {
    return latencies_;
  }
  // nullopt: nobody has told either way.
  std::optional<bool> captive_portal() const;

 private:
  struct Target {
    net::Endpoint to;
    bool relay_port;  // where the relay itself listens
  };
  void AskForPortal(const RelayServers& servers,
                    const derp::RelayRegion& region);

  Rng& rng_;
  Instant ends_at_ = Instant::Never();
  uint64_t last_id_ = 0;
  std::map<uint64_t, Target> exchanges_;  // under way
  std::set<RelayId> awaited_;
  std::map<RelayId, absl::Duration> latencies_;
  bool relay_answered_ = false;   // what only a relay can
  bool portal_answered_ = false;  // in a relay's place
  bool web_answered_ = false;     // at port 80, that may be another's
  std::deque<Event> events_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_TCP_CHECK_H_
