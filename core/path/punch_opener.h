#ifndef WARREN_CORE_PATH_PUNCH_OPENER_H_
#define WARREN_CORE_PATH_PUNCH_OPENER_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/path/punch_hub.h"
#include "core/path/punch_note.h"
#include "core/path/punch_output.h"

namespace warren::path {

// The hard side of a punch: holds mappings open to the easy side's address, so
// that a probe to any of them gets in, and says where they may be.
//
//   open sockets, ask STUN through three of them: how does our NAT count?
//     a sequence:  one ping from each of kFew, tell the ports; if that did not
//                  help in kSequenceTime, go on as below
//     else:        one ping from each, tell what is known of their ports
class PunchOpener {
 public:
  static constexpr uint16_t kNumMeasures = 3;
  static constexpr uint16_t kFew = 32;
  static constexpr absl::Duration kSequenceTime = absl::Milliseconds(800);
  // So long may a driver take to open the sockets.
  static constexpr absl::Duration kOpenTime = absl::Milliseconds(50);
  static constexpr absl::Duration kMeasureTime = absl::Milliseconds(400);
  static constexpr absl::Duration kTick = absl::Milliseconds(10);
  static constexpr uint16_t kPerTick = 32;

  struct Task {
    net::Endpoint target;  // the easy side's mapping
    uint32_t generation = 0;
    bool answer = false;   // to a note of the peer with this generation
    net::Endpoint mapped;  // how STUN saw our main socket
    net::PortAllocation ports = net::PortAllocation::kUnknown;
  };
  PunchOpener(Instant now, const Task& task, uint16_t first_socket)
      : task_(task), first_socket_(first_socket), next_(now + kOpenTime) {}

  // How a STUN server saw `socket`.
  void OnMeasured(Instant now, uint16_t socket, const net::Endpoint& seen);
  void OnTimeout(Instant now, PunchOutput& out);
  Instant Next() const { return next_; }
  const net::Endpoint& target() const { return task_.target; }

 private:
  enum class Step : uint8_t { kOpening, kMeasuring, kPinging, kWaiting };
  void Measure(Instant now, PunchOutput& out);
  void PlanPings(Instant now);
  void Ping(Instant now, PunchOutput& out);
  void Tell(PunchOutput& out) const;

  Task task_;
  uint16_t first_socket_;
  Step step_ = Step::kOpening;
  Instant next_;
  PortWindow window_;
  std::vector<net::Endpoint> seen_;  // by socket; not set: no answer
  // Of the sockets, those that asked STUN last.
  uint16_t num_pinged_ = 0;
  uint16_t to_ping_ = 0;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_OPENER_H_
