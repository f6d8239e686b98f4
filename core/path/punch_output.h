#ifndef WARREN_CORE_PATH_PUNCH_OUTPUT_H_
#define WARREN_CORE_PATH_PUNCH_OUTPUT_H_

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <variant>

#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/path/punch_hub.h"
#include "core/path/punch_note.h"

namespace warren::path {

// ---- What a punch wants done. ----

// A disco ping with a random txid. Its pong proves nothing, and the agent does
// not know of it: who gets the ping asks back by the way it came, and that
// proves the path on both sides.
struct PunchPing {
  net::Endpoint to;
};
// Ask a STUN server, IPv4, through `socket`; tell Punch::OnMeasured.
struct PunchMeasure {
  uint16_t socket;
};
struct TellNat {
  NatNote note;
};
struct TellPunch {
  PunchNote note;
};
// For the probe log.
struct PunchStarted {
  net::Endpoint target;  // without a port where that is what is sought
  uint32_t num_planned;
};
struct PunchEnded {
  net::Endpoint target;
  uint32_t num_sent;
};
using PunchAction = std::variant<PunchPing, PunchMeasure, TellNat, TellPunch,
                                 PunchStarted, PunchEnded>;

// Where the parts of one punch put their actions, within the node's budget.
class PunchOutput {
 public:
  explicit PunchOutput(PunchHub& hub) : hub_(hub) {}

  // False: the node has sent too many probes; try again later.
  bool Ping(Instant now, const net::Endpoint& to) {
    if (!hub_.TakeProbe(now)) return false;
    ++num_sent_;
    actions_.push_back(PunchPing{to});
    return true;
  }
  void Measure(uint16_t socket) {
    ++num_sent_;
    actions_.push_back(PunchMeasure{socket});
  }
  void Add(PunchAction action) { actions_.push_back(std::move(action)); }
  std::optional<PunchAction> Poll() {
    if (actions_.empty()) return std::nullopt;
    PunchAction action = std::move(actions_.front());
    actions_.pop_front();
    return action;
  }

  bool empty() const { return actions_.empty(); }

  // Datagrams of the attempt under way.
  uint32_t num_sent() const { return num_sent_; }
  void BeginAttempt() { num_sent_ = 0; }

 private:
  PunchHub& hub_;
  std::deque<PunchAction> actions_;
  uint32_t num_sent_ = 0;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_OUTPUT_H_
