#ifndef WARREN_CORE_PATH_PROBE_LOG_H_
#define WARREN_CORE_PATH_PROBE_LOG_H_

#include <cstddef>
#include <cstdint>
#include <deque>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"

namespace warren::path {

// What happened on the search for a path to one peer. The values are on the
// wire (core/engine/peer_note.h): never reuse one.
enum class ProbeKind : uint8_t {
  kPingSent = 1,        // to `endpoint`
  kPongReceived = 2,    // to our ping to `endpoint`, after `rtt`
  kPingLost = 3,        // to `endpoint`: no pong within 5 s
  kPingReceived = 4,    // from `endpoint`
  kCallSent = 5,        // CallMeMaybe, with `count` endpoints
  kCallReceived = 6,    // CallMeMaybe, with `count` endpoints
  kPathTaken = 7,       // traffic goes to `endpoint` now; a relay's: by relay
  kPathDoubted = 8,     // `endpoint` does not answer: both ways for now
  kPathLost = 9,        // `endpoint` is given up
  kPunchStarted = 10,   // birthday or prediction probes; `count` planned
  kPunchEnded = 11,     // `count` were sent
  kMtuFound = 12,       // largest datagram through `endpoint`: `count` bytes
  kLinkChanged = 13,    // our own network changed
  kProbesRefused = 14,  // the probe budget was empty for `endpoint`
};

struct ProbeEvent {
  Instant at;
  ProbeKind kind = ProbeKind::kPingSent;
  net::Endpoint endpoint = {};                // not set where the kind has none
  absl::Duration rtt = absl::ZeroDuration();  // kPongReceived only
  uint32_t count = 0;

  friend bool operator==(const ProbeEvent&, const ProbeEvent&) = default;
};

// The recent events of one peer, oldest first; bounded: the oldest makes room.
// Heartbeats that are answered are not worth a place: in a run of pings and
// pongs of one endpoint, the latest answered ping replaces the one before, and
// the latest ping of theirs does.
class ProbeLog {
 public:
  static constexpr size_t kMaxEvents = 64;

  void Add(const ProbeEvent& event);
  const std::deque<ProbeEvent>& events() const { return events_; }

 private:
  std::deque<ProbeEvent> events_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PROBE_LOG_H_
