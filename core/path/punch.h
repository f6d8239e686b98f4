#ifndef WARREN_CORE_PATH_PUNCH_H_
#define WARREN_CORE_PATH_PUNCH_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/net/ip.h"
#include "core/path/nat_teller.h"
#include "core/path/path.h"
#include "core/path/punch_hub.h"
#include "core/path/punch_meeter.h"
#include "core/path/punch_note.h"
#include "core/path/punch_opener.h"
#include "core/path/punch_output.h"
#include "core/path/punch_plan.h"
#include "core/path/punch_prober.h"
#include "core/path/punch_status.h"

namespace warren::path {

// Looks for a way to one peer where the ordinary rounds of the Agent find
// none, because the NAT of a side is hard: it takes another port for each
// destination, so nobody can tell it beforehand. Only with peers that take
// part (they have sent a NatNote); stock peers see nothing of it.
//
// A punch opens doors, the agent proves paths: what is sent here are disco
// pings that nobody waits for. The peer's agent asks back by the way one came,
// and from there on all is as always.
//
//   one side hard    that side opens PunchHub::kNumSockets sockets, pings the
//                    other from each and says so (PunchOpener); the other
//                    probes ports of its address (PunchProber)
//   both hard        the same, if the NAT of one looks at the other's address
//                    only; else PunchMeeter, if both count their ports; else
//                    nothing
//
// An attempt costs both sides less than kMaxDatagrams together and takes less
// than kAttemptTime. The peer may begin one, too, but not more often than
// kAnswerSpacing, and ever rarer while they fail. All of a node's punches
// together are bounded by the PunchHub.
//
// A socket that the peer was heard on stays open until it has been silent for
// kKeep and no path of ours goes through it: each side chooses its own way to
// the other, so more than one may be in use.
//
// Time goes in by `now`; drain PollAction() after each call that takes it, and
// PunchHub::TakeGranted() and PollSockets() after that.
class Punch {
 public:
  // The ordinary rounds have had their chance then. The side that opens
  // sockets goes first, if both want the path.
  static constexpr absl::Duration kPatience = absl::Milliseconds(650);
  static constexpr absl::Duration kProberPatience = absl::Milliseconds(950);
  static constexpr absl::Duration kAttemptTime = absl::Seconds(5);
  static constexpr uint32_t kMaxDatagrams = 2000;
  // What the peer said is stale then: its sockets close.
  static constexpr absl::Duration kNoteFresh = absl::Seconds(4);
  static constexpr absl::Duration kMaxQueued = absl::Seconds(60);
  static constexpr absl::Duration kAnswerSpacing = absl::Seconds(10);
  static constexpr absl::Duration kMaxAnswerSpacing = absl::Minutes(10);
  static constexpr absl::Duration kKeep = absl::Seconds(45);

  // `rng` and `hub` must outlive it; call hub.Forget(peer) when it ends.
  Punch(NodeId peer, Rng& rng, PunchHub& hub)
      : peer_(peer), rng_(rng), hub_(hub), out_(hub) {}

  // ---- Facts. ----
  // A WireGuard session began: the peer can read notes.
  void OnSession(Instant now);
  // The peer began anew; OnSession() follows, or belongs to it already.
  void OnRestart() { teller_.OnRestart(); }
  // PunchHub::own_nat() is another.
  void OnOwnNat(Instant now);
  // Our network is another: what failed before may work now.
  void OnMoved(Instant now);
  // How traffic goes to the peer, and whether there is any. Cheap: call it
  // after each use of the agent.
  void OnPath(Instant now, const Path& path, bool wanted);
  // The peer called us (CallMeMaybe): it looks for a way.
  void OnCalled(Instant now);
  // Authentic bytes of the peer came from there, not by relay. Needed only
  // while running(), or if they came through one of the extra sockets.
  void OnHeard(Instant now, const net::Endpoint& from);
  bool running() const { return !idle(); }
  void OnNatNote(Instant now, const NatNote& note);
  void OnPunchNote(Instant now, const PunchNote& note);
  // PunchHub grants the turn.
  void OnTurn(Instant now, uint16_t first_socket);
  // The answer to PunchMeasure.
  void OnMeasured(Instant now, uint16_t socket, const net::Endpoint& seen);
  void OnTimeout(Instant now);

  std::optional<PunchAction> PollAction() { return out_.Poll(); }
  bool has_actions() const { return !out_.empty(); }
  Instant Next() const;

  PunchStatus status() const;
  // What the peer told; nullopt: nothing, so it may be a stock client.
  const std::optional<NatNote>& theirs() const { return theirs_; }

 private:
  struct Idle {};
  // We asked the hard side to open.
  struct Asking {
    uint32_t generation;
    Instant until;
  };
  // For a turn.
  struct Queued {
    PunchRole role;
    PunchNote note;  // that we answer; a default one: we begin
    Instant since;
  };
  template <class Side>
  struct Running {
    Side side;
    uint32_t generation;
    Instant until;
  };
  using Opening = Running<PunchOpener>;
  using Probing = Running<PunchProber>;
  using Meeting = Running<PunchMeeter>;

  struct Want {
    Path path;
    bool wanted = false;
    Instant since;                        // wanted, and not direct
    Instant called = Instant::LongAgo();  // by the peer
  };
  struct History {
    int num_failed = 0;
    bool is_hopeless = false;  // both are hard, and there was no pattern
    Instant next = Instant::LongAgo();         // when we may begin again
    Instant next_answer = Instant::LongAgo();  // when the peer may
    Instant forgiven = Instant::LongAgo();
  };
  struct Kept {
    uint16_t socket;
    Instant until;
  };

  PunchPlan plan() const { return PlanPunch(hub_.own_nat(), theirs_); }
  bool direct() const { return want_.path.kind == PathKind::kDirect; }
  bool idle() const { return std::holds_alternative<Idle>(state_); }
  Instant NextStart() const;
  Instant Deadline() const;
  void Start(Instant now);
  void Enqueue(Instant now, PunchRole role, const PunchNote& note);
  void OnOpened(Instant now, const PunchNote& note);
  void OnMeetNote(Instant now, const PunchNote& note);
  void Answer(Instant now, PunchRole role, const PunchNote& note);
  void StartOpening(Instant now, const PunchNote& note, uint16_t first_socket);
  void StartProbing(Instant now, const PunchNote& note);
  void StartMeeting(Instant now, const PunchNote& note, uint16_t first_socket);
  // Lets the side at work do what is due.
  void Work(Instant now);
  void Begin(const net::Endpoint& target, uint32_t num_planned);
  void Succeed(Instant now);
  void Fail(Instant now);
  // The attempt is over, however it went.
  void End();
  // What failed before says nothing any more.
  void Forgive(Instant now);
  void Tell(Instant now);
  void DropSilentSockets(Instant now);

  const NodeId peer_;
  Rng& rng_;
  PunchHub& hub_;
  PunchOutput out_;
  NatTeller teller_;
  std::optional<NatNote> theirs_;
  Want want_;
  std::variant<Idle, Asking, Queued, Opening, Probing, Meeting> state_;
  net::Endpoint target_;  // of the attempt under way
  History history_;
  std::vector<Kept> kept_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_H_
