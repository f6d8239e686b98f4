#ifndef WARREN_CORE_PATH_PUNCH_MEETER_H_
#define WARREN_CORE_PATH_PUNCH_MEETER_H_

#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/path/punch_note.h"
#include "core/path/punch_output.h"

namespace warren::path {

// A punch between two hard NATs that both give out ports in sequence. Each
// side asks STUN through fresh sockets, so it knows the port of its i-th next
// mapping, a[i] and b[i]:
//
//   A: asks STUN, tells B where a[0] is and by which step it goes on
//   B: asks STUN; its i-th fresh socket pings a[i], which makes b[i] and lets
//      in what comes from a[i]; then it answers where b[0] is
//   A: asks STUN again, so it knows the k mappings that others took meanwhile;
//      its j-th fresh socket, whose mapping is a[k + j], pings b[k + j + g]
//
// where g is how many mappings others took at B between its STUN and its
// pings: mostly 0, but up to 3 is tried. A rests when it hears B, so as not to
// make more ways than one.
class PunchMeeter {
 public:
  static constexpr uint16_t kNumMeasures = 3;
  static constexpr uint16_t kNumPings = 48;
  static constexpr absl::Duration kOpenTime = absl::Milliseconds(50);
  static constexpr absl::Duration kMeasureTime = absl::Milliseconds(400);
  static constexpr absl::Duration kTick = absl::Milliseconds(10);
  static constexpr uint16_t kPerTick = 8;                              // of B
  static constexpr absl::Duration kSlowTick = absl::Milliseconds(20);  // of A
  static constexpr absl::Duration kRest = absl::Milliseconds(400);

  struct Task {
    uint32_t generation = 0;
    PunchNote theirs;  // that we answer; kind of a request: we begin
  };
  PunchMeeter(Instant now, const Task& task, uint16_t first_socket)
      : task_(task),
        begins_(task.theirs.IsRequest()),
        first_socket_(first_socket),
        next_(now + kOpenTime) {}

  void OnMeasured(Instant now, uint16_t socket, const net::Endpoint& seen);
  // The peer answers. Ignored unless that is awaited.
  void OnAnswer(Instant now, const PunchNote& note);
  // The peer was heard.
  void Rest(Instant now);
  void OnTimeout(Instant now, PunchOutput& out);
  Instant Next() const { return next_; }

  bool awaits_answer() const { return step_ == Step::kAwaiting; }
  bool begins() const { return begins_; }
  uint16_t first_socket() const { return first_socket_; }
  // The ports of one side follow no pattern: it will not work.
  bool hopeless() const { return hopeless_; }

 private:
  enum class Step : uint8_t {
    kOpening,
    kMeasuring,
    kAwaiting,
    kMeasuringAgain,
    kPinging,
    kDone,
  };
  void Measure(Instant now, uint16_t count, PunchOutput& out);
  void OnAllMeasured(Instant now, PunchOutput& out);
  void Tell(PunchOutput& out) const;
  void StartPings(Instant now);
  void Ping(Instant now, PunchOutput& out);
  // The index among the predicted ports that the i-th ping goes to.
  uint32_t TargetOf(uint16_t i) const;

  Task task_;
  bool begins_;
  uint16_t first_socket_;
  bool hopeless_ = false;
  Step step_ = Step::kOpening;
  Instant next_;
  std::vector<net::Endpoint> seen_;  // by socket since the last Measure()
  PunchNote ours_;
  uint16_t num_used_ = 0;    // of our sockets
  uint16_t num_pinged_ = 0;  // from the last of them
  uint32_t next_index_ = 0;  // which of our ports comes with the first ping
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PUNCH_MEETER_H_
