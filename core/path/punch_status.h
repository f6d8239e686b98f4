#ifndef WARREN_CORE_PATH_PUNCH_STATUS_H_
#define WARREN_CORE_PATH_PUNCH_STATUS_H_

#include <cstdint>

#include "core/base/instant.h"

namespace warren::path {

// Why there is nothing for a punch to do.
enum class PunchObstacle : uint8_t {
  kNone,
  kStockPeer,        // it has told nothing of its NAT: it takes no part
  kNoUdpHere,        // our network blocks UDP
  kNoUdpThere,       // theirs does
  kNatUnknown,       // of one side; STUN has not told yet
  kNoHardNat,        // both keep their port: something else is in the way
  kBothHard,         // and the ports of one follow no pattern
  kSameAddress,      // both are behind one NAT, which does not turn back
  kNoPublicAddress,  // one side is seen at none, or at one not to be probed
};

// Where the punch to one peer stands.
struct PunchStatus {
  enum class State : uint8_t {
    kNotNeeded,   // there is a direct path, or nobody wants one
    kImpossible,  // `obstacle` says why
    kWaiting,     // for `next`
    kRunning,
  };
  State state = State::kNotNeeded;
  PunchObstacle obstacle = PunchObstacle::kNone;
  int num_failed = 0;  // attempts in a row
  Instant next = Instant::Never();

  friend bool operator==(const PunchStatus&, const PunchStatus&) = default;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_STATUS_H_
