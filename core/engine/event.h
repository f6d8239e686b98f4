#ifndef WARREN_CORE_ENGINE_EVENT_H_
#define WARREN_CORE_ENGINE_EVENT_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/engine/why_diagnosis.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/path/path.h"
#include "core/path/punch_note.h"
#include "core/path/punch_status.h"

namespace warren::engine {

using path::Path;
using path::PathKind;

// What this node has against its own working as it should; for the user.
enum class Warning : uint8_t {
  kKeyExpired,         // nothing passes until the user signs in again
  kNoUdp,              // no STUN server answers: every peer is relayed
  kCaptivePortal,      // the network wants a sign-in first
  kNoHomeRelay,        // no relay can be chosen: unreachable behind a NAT
  kRelayDisconnected,  // the home relay is chosen, but not connected
};
// For people: what is wrong and what follows from it.
const char* TextOf(Warning warning);

// ---- Events: facts the driver acts on, logs or reports. ----

// Where this node can be reached, best first: report to control.
struct EndpointsChanged {
  std::vector<net::Endpoint> endpoints;
};
// The relay where peers find this node: report to control, tell the relays
// (DERP NotePreferred). 0: none.
struct HomeRelayChanged {
  RelayId relay;
};
// Connect to `relay` and keep it connected (`wanted`), or close it. Said once
// for each change; losing a connection is the driver's to mend.
struct RelayWanted {
  RelayId relay;
  bool wanted;
};
// A relay or STUN host has no address in the relay map: resolve it by DNS and
// call OnResolved.
struct ResolveWanted {
  std::string hostname;
};
// Traffic of `peer` takes another path.
struct PathChanged {
  NodeId peer;
  Path path;
};
// A WireGuard session with `peer` began.
struct SessionBegan {
  NodeId peer;
};
// The answer to PingPath: by which way, and how fast. No `rtt`: none in 5 s.
struct PingResult {
  uint64_t ping_id;
  NodeId peer;
  Path path;
  std::optional<absl::Duration> rtt;
};
// The full list, in the order of the enum; empty is healthy.
struct HealthChanged {
  std::vector<Warning> warnings;
};
// Open IPv4 sockets, one for each index from `first` on, each on a port the
// kernel chooses, or close them. What is sent through one has its index as the
// endpoint's socket(); what comes from one must, too. Those that cannot be
// opened are left out: what goes there is lost.
struct SocketsWanted {
  uint16_t first;
  uint16_t count;
  bool wanted;
};
// The answer to AskWhy.
struct WhyEnds {
  WhyEnd local, remote;
};
struct WhyReady {
  uint64_t ask_id;
  NodeId peer;
  std::shared_ptr<const WhyEnds> ends;  // null: the peer was removed
  Joined joined;                        // of `ends->remote`, if it answered
};
// Connect to `to` by TCP, send `request`, read until the other end closes, the
// response is `max_bytes` long or `timeout` is over, and call OnExchange.
struct ExchangeWanted {
  uint64_t id;
  net::Endpoint to;
  std::string request;
  size_t max_bytes;
  absl::Duration timeout;
};
// UDP does not get through: measure the HTTPS latency of these relays (specs
// 7.4) and call OnRelayLatency for each.
struct RelayLatencyWanted {
  std::vector<RelayId> relays;
};
using EngineEvent =
    std::variant<EndpointsChanged, HomeRelayChanged, RelayWanted, ResolveWanted,
                 PathChanged, SessionBegan, PingResult, HealthChanged,
                 SocketsWanted, ExchangeWanted, RelayLatencyWanted, WhyReady>;

// Indexes of net::Endpoint::socket() beside the main one.
inline constexpr uint16_t kPortMapSocket = 1;
inline constexpr uint16_t kFirstCheckSocket = 2;  // four of them
inline constexpr uint16_t kFirstPunchSocket = 16;

// What the engine waits for.
enum class Wake : uint8_t {
  kNone,
  kWireGuard,  // a timer of whitepaper §6
  kPath,       // a probe, its timeout or a heartbeat
  kStun,       // a probe, its timeout or the next round
  kRelayIdle,  // a relay connection nobody uses any more
  kKeyExpiry,  // of this node or a peer
  kWhy,        // a peer asked for its half of `warren why`
};
struct Deadline {
  Instant at = Instant::Never();
  Wake reason = Wake::kNone;
};

// One peer as it stands: what `warren status` prints. A copy.
struct PeerStatus {
  NodeId id;
  crypto::NodeKey key;
  Path path;
  std::optional<absl::Duration> rtt;  // of `path`, from its last pong
  uint64_t rx_bytes = 0;              // outer bytes of authenticated WireGuard
  uint64_t tx_bytes = 0;
  std::optional<absl::Duration> last_handshake;  // Unix time
  bool has_session = false;
  bool active = false;  // we sent to it within 45 s
  size_t num_candidates = 0;
  // What it told of its NAT; nullopt: nothing (a stock client tells nothing).
  std::optional<path::NatNote> nat;
  path::PunchStatus punch;  // how it goes with hard NATs, if there is one
};

// What is known of the network this node is on: what `warren netcheck` prints.
struct NetworkStatus {
  bool checking = false;  // more may be known in a moment
  bool udp_v4 = false;    // a STUN server answered over this family
  bool udp_v6 = false;
  std::optional<net::Endpoint> mapped_v4;
  std::optional<net::Endpoint> mapped_v6;
  net::NatBehavior nat;
  std::optional<bool> captive_portal;  // it wants a sign-in first
  // Whether the router offers a service that maps ports, and what it maps.
  struct PortMapping {
    std::optional<bool> nat_pmp;
    std::optional<bool> pcp;
    std::optional<bool> upnp;
    std::optional<net::Endpoint> external;
    // Why nothing is mapped. OK: something is, there is nobody to ask, or it is
    // too early to say.
    absl::Status trouble;
  };
  PortMapping port_mapping;
  RelayId home_relay;  // 0 = none
  struct RelayLatency {
    RelayId relay;
    absl::Duration latency;
  };
  // Ascending by relay. Over STUN; over HTTPS where no UDP gets through.
  std::vector<RelayLatency> latencies;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_EVENT_H_
