#ifndef WARREN_CORE_PATH_PUNCH_HUB_H_
#define WARREN_CORE_PATH_PUNCH_HUB_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/path/probe_budget.h"
#include "core/path/punch_note.h"

namespace warren::path {

// Sockets to open or close: indexes as in net::Endpoint::socket().
struct PunchSockets {
  uint16_t first = 0;
  uint16_t count = 0;
  bool wanted = false;
  friend bool operator==(const PunchSockets&, const PunchSockets&) = default;
};

// What all punches of a node share: our own NAT, the extra sockets, whose turn
// it is, and how many probes may leave the node at all, whoever asks for them.
class PunchHub {
 public:
  static constexpr uint16_t kFirstSocket = 16;
  // As many mappings as make 1,400 random probes meet one in 99.6% of attempts.
  static constexpr uint16_t kNumSockets = 256;
  // Places for kNumSockets sockets each. One that lies where a path still uses
  // a socket is not given to another punch.
  static constexpr uint16_t kNumPlaces = 64;
  // Only one at a time opens sockets; so many may probe.
  static constexpr size_t kMaxProbers = 4;
  static constexpr size_t kMaxWaiting = 64;
  // Probes of all punches together, to any number of addresses.
  static constexpr double kBurst = 300;
  static constexpr double kPerSecond = 1000;
  static constexpr double kPerMinute = 6000;

  enum class Turn : uint8_t { kSockets, kProbe };
  struct Granted {
    NodeId peer;
    uint16_t first_socket = 0;  // kSockets: of kNumSockets, being opened
  };

  // As we tell it to peers. True: it is another one.
  bool SetOwnNat(const NatNote& nat);
  const NatNote& own_nat() const { return own_nat_; }
  bool knows_own_nat() const { return knows_own_nat_; }

  // `peer` waits for a turn. False: too many do.
  bool Ask(NodeId peer, Turn turn);
  // It waits no longer, or its turn is over: sockets that it did not keep are
  // closed.
  void Leave(NodeId peer);
  // Whose turn came. Call it after anything that may end one.
  std::optional<Granted> TakeGranted();

  // A path goes through `socket`, which belongs to the turn of `peer` or was
  // kept by it. False: it does not.
  bool Keep(NodeId peer, uint16_t socket);
  // Closes a kept socket.
  void Drop(uint16_t socket);
  // The peer is gone: leaves, and closes what it kept.
  void Forget(NodeId peer);
  std::optional<PunchSockets> PollSockets();

  // Pays for one probe. False: not now.
  bool TakeProbe(Instant now);

 private:
  struct Waiting {
    NodeId peer;
    Turn turn;
  };
  struct Opener {
    NodeId peer;
    uint16_t first_socket;
  };
  bool Grantable(const Waiting& waiting) const;
  // Where no socket is kept; nullopt: nowhere. Not the last one if possible:
  // who still remembers a socket of a former punch should not meet a new one.
  std::optional<uint16_t> FreePlace() const;
  void CloseUnkept(const Opener& opener);
  void Close(uint32_t first, uint32_t end);

  NatNote own_nat_;
  bool knows_own_nat_ = false;
  std::deque<Waiting> waiting_;
  std::optional<Opener> opener_;
  uint16_t next_place_ = 0;
  std::vector<NodeId> probers_;
  std::map<uint16_t, NodeId> kept_;  // by socket
  std::deque<PunchSockets> changes_;
  ProbeBudget per_second_{kBurst, kPerSecond};
  ProbeBudget per_minute_{kPerMinute, kPerMinute / 60};
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_HUB_H_
