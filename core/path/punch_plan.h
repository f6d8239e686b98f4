#ifndef WARREN_CORE_PATH_PUNCH_PLAN_H_
#define WARREN_CORE_PATH_PUNCH_PLAN_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/net/nat_behavior.h"
#include "core/path/punch_note.h"
#include "core/path/punch_status.h"

// What two NATs permit, and where their ports are likely to be. All pure.
namespace warren::path {

// Our part of a punch.
enum class PunchRole : uint8_t {
  kNone,
  // Our NAT is hard, and lets them in: theirs is easy, so we can name their
  // port to it, or ours only looks at addresses. Hold many mappings open.
  kOpen,
  kProbe,  // the other side of that: find one of their mappings
  kMeet,   // both are hard, and look at ports: meet at predicted ones
};

struct PunchPlan {
  PunchRole role = PunchRole::kNone;
  PunchObstacle obstacle = PunchObstacle::kStockPeer;  // kNone: there is a role
  friend bool operator==(const PunchPlan&, const PunchPlan&) = default;
};
PunchPlan PlanPunch(const NatNote& mine, const std::optional<NatNote>& theirs);

// Whether probes may go there because a peer says that it is there: public
// IPv4 unicast. Private addresses only if `mine`, how STUN sees us, is one,
// too: then that is the internet here.
bool IsPunchTarget(const net::IpAddress& target, const net::IpAddress& mine);

// No guess is below: NATs keep away from there (RFC 4787 §4.2.2).
inline constexpr uint16_t kFirstPunchPort = 1024;

// Where the next mappings of a NAT will be, from how it mapped fresh sockets
// one after another (`seen`, in that order), and what is known of it already:
//
//   sequential   the ports after the last one, if all lie one step apart, or a
//                few steps where others took ports in between
//   blocks       the neighbourhood, if all lie close together: a carrier gave
//                its customer a block of ports
//   preserving   the range from which kernels choose local ports
//
// Else nothing.
PortWindow PredictPorts(std::span<const net::Endpoint> seen,
                        net::PortAllocation known);
// The longest window that is a sequence: each port is likelier than the next.
inline constexpr uint16_t kMaxSequence = 64;

// Ports to try, each once: the predicted ones first; then any from 1024 on, at
// random. Of a sequence, of which many are mappings of the peer, those far from
// each other come first: 8, 24, 40, 56, 0, 16, ... Of other windows any, and
// not all.
class PortGuesses {
 public:
  // Of a window that is no sequence. Enough to meet one mapping in a hundred.
  static constexpr uint32_t kMaxDraws = 512;

  // `rng` must outlive it.
  explicit PortGuesses(Rng& rng) : rng_(&rng), tried_(65536) {}

  // Tries these before all others.
  void Predict(const PortWindow& window);
  // Whether a predicted one comes next.
  bool has_predicted() const { return num_predicted_ < to_predict_; }
  // The size of the window that the next one is of; 0: of none.
  uint16_t predicted() const {
    return has_predicted() ? window_.count : uint16_t{0};
  }
  // nullopt: all were tried.
  std::optional<uint16_t> Next();

 private:
  std::optional<uint16_t> NextPredicted();
  // A port not tried yet among `count` from `first` on.
  std::optional<uint16_t> Draw(uint32_t first, uint32_t count);
  bool Try(uint16_t port);

  Rng* rng_;
  std::vector<bool> tried_;
  PortWindow window_;
  uint32_t num_predicted_ = 0;
  uint32_t to_predict_ = 0;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_PLAN_H_
