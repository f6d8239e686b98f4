#ifndef WARREN_CORE_ENGINE_WHY_H_
#define WARREN_CORE_ENGINE_WHY_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/path/path.h"
#include "core/path/probe_log.h"

// What one end knows of the ways to another, as it tells that other on request
// (`warren why`): of itself and of this one peer, never of third ones. The
// enum values below are on the wire: never reuse one.
namespace warren::engine {

// Where an endpoint of our own comes from.
enum class EndpointOrigin : uint8_t {
  kInterface = 1,   // an address of an interface
  kStun = 2,        // as a STUN server saw us
  kPortMapped = 3,  // the router mapped it on our request
  kGuessed = 4,     // the address STUN saw, with our own port
};
struct OwnEndpoint {
  net::Endpoint endpoint;
  EndpointOrigin origin = EndpointOrigin::kInterface;
  friend bool operator==(const OwnEndpoint&, const OwnEndpoint&) = default;
};

// Whether UDP gets through to the internet.
enum class UdpState : uint8_t {
  kUnknown = 0,  // no STUN server to ask, or not asked to the end yet
  kWorks = 1,
  kBlocked = 2,  // none of them answered
};

// What became of asking the router for a port.
enum class PortMapState : uint8_t {
  kUnknown = 0,  // not asked yet, or nobody to ask
  kAbsent = 1,   // neither PCP, NAT-PMP nor UPnP answers
  kFailed = 2,   // one answers, and refuses or fails
  kMapped = 3,
};

// Where an end is.
struct WhyNetwork {
  UdpState udp = UdpState::kUnknown;
  net::NatBehavior nat;
  net::Endpoint mapped_v4;  // by STUN; not set: none seen
  net::Endpoint mapped_v6;
  std::vector<OwnEndpoint> endpoints;  // as told to peers, best first
  uint16_t udp_port = 0;               // of the main IPv4 socket
  PortMapState port_map = PortMapState::kUnknown;
  net::Endpoint port_mapped;  // kMapped: the router's side
  bool captive_portal = false;
  RelayId home_relay;  // 0: none
  bool relay_connected = false;

  friend bool operator==(const WhyNetwork&, const WhyNetwork&) = default;
};

// How an end stands with the other.
struct WhyWay {
  path::Path path;
  std::optional<absl::Duration> rtt;  // of `path`
  RelayId relay;                      // where it would speak to it; 0: nowhere
  bool active = false;                // traffic of its within 45 s
  bool has_disco_key = false;         // the other can be probed
  bool has_session = false;           // of WireGuard
  uint16_t mtu_bytes = 0;  // largest datagram proven on `path`; 0: unknown

  friend bool operator==(const WhyWay&, const WhyWay&) = default;
};

// A candidate address of the other. `sources`: any of kFrom..., or'ed.
struct WhyCandidate {
  static constexpr uint8_t kFromNetmap = 1;
  static constexpr uint8_t kFromCall = 2;
  static constexpr uint8_t kObserved = 4;  // authentic bytes came from it

  net::Endpoint endpoint;
  uint8_t sources = 0;
  std::optional<absl::Duration> ping_ago;  // not set: never
  std::optional<absl::Duration> pong_ago;
  std::optional<absl::Duration> rtt;

  friend bool operator==(const WhyCandidate&, const WhyCandidate&) = default;
};

// As path::ProbeEvent; `ago`: before the report was made.
struct WhyEvent {
  absl::Duration ago;
  path::ProbeKind kind = path::ProbeKind::kPingSent;
  net::Endpoint endpoint;
  absl::Duration rtt;
  uint32_t count = 0;

  friend bool operator==(const WhyEvent&, const WhyEvent&) = default;
};

// One end's view. It has no clock: all ages count back from the moment when it
// was made, and the asker knows when that was (Joined).
struct WhyReport {
  static constexpr size_t kMaxEndpoints = 24;
  static constexpr size_t kMaxCandidates = 32;
  static constexpr size_t kMaxEvents = path::ProbeLog::kMaxEvents;

  WhyNetwork network;
  WhyWay way;
  std::vector<WhyCandidate> candidates;
  std::vector<WhyEvent> events;  // oldest first

  friend bool operator==(const WhyReport&, const WhyReport&) = default;
};

// How to put the other's report on the asker's clock. It answers at once, so
// it made its report between the request and the answer: the middle of the two
// is wrong by half the round trip at most.
struct Joined {
  // The other's report was made so long before the asker's. Negative: after.
  absl::Duration ago;
  absl::Duration error;  // at most, either way
};
Joined JoinClocks(absl::Duration since_request, absl::Duration since_answer);

// A report in bytes, cut into at most kMaxWhyPieces of kWhyPieceSize:
//
//   version u8 (1); then network, way, candidates, events
//
// Lists begin with their length as u8. Endpoints are 16 bytes, IPv4 v4-mapped,
// and the port; not set: zeros. Ages are u32 in units of 100 us, capped; an
// optional one is all ones when not set; round-trip times are u32 in us.
inline constexpr size_t kWhyPieceSize = 1000;
inline constexpr size_t kMaxWhyPieces = 16;
// What is beyond the report's limits is left out: the oldest events, the last
// candidates and endpoints.
std::vector<std::vector<uint8_t>> EncodeWhy(const WhyReport& report);
// The whole, pieces joined. nullopt: malformed, or a later version. Events of
// kinds that this version does not know are left out; bytes behind the known
// ones are ignored.
std::optional<WhyReport> ParseWhy(Bytes bytes);

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_WHY_H_
