#ifndef WARREN_CORE_ENGINE_WHY_EXCHANGE_H_
#define WARREN_CORE_ENGINE_WHY_EXCHANGE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/engine/peer_note.h"
#include "core/engine/why.h"

namespace warren::engine {

// Who asks whom for its half of `warren why`, and whom we answer. An ask sends
// a request at once, which also wakes the search for a path at both ends, and
// again every kRetry: for a lost packet, and for what the search brings to
// light meanwhile. Drain PollRequest and PollDone after each call that takes
// `now`.
class WhyExchange {
 public:
  static constexpr size_t kMaxAsks = 16;
  static constexpr absl::Duration kTimeout = absl::Seconds(3);
  static constexpr absl::Duration kRetry = absl::Milliseconds(750);
  // What a search has not found by then it will not find soon.
  static constexpr absl::Duration kPatience = absl::Milliseconds(1500);
  // Answers to one peer: so many at once, and then one a second. Peers beyond
  // kMaxPeers at a time are not answered.
  static constexpr double kAnswerBurst = 6;
  static constexpr double kAnswersPerSecond = 1;
  static constexpr size_t kMaxPeers = 256;

  // A request to be sent.
  struct Request {
    NodeId peer;
    WhyRequest note;
  };
  // An ask that is over.
  struct Done {
    uint64_t id = 0;
    NodeId peer;
    std::optional<WhyReport> report;  // not set: no answer
    Joined joined;                    // of `report`, at the time of PollDone
  };

  // The id of a new ask; nullopt: too many are under way.
  std::optional<uint64_t> Ask(Instant now, NodeId peer);
  // A piece that `from` sent. Only what it was asked for counts.
  void OnPiece(Instant now, NodeId from, const WhyPiece& piece);
  // The peer is no more: its asks are over.
  void Forget(NodeId peer);
  void OnTimeout(Instant now);
  // Whether to answer a request of `peer`; takes from its budget.
  bool MayAnswer(Instant now, NodeId peer);

  std::optional<Request> PollRequest();
  // `settled`: whether the search for a path to a peer is over, so that an
  // answer that has come need not be asked for again.
  template <class Settled>
  std::optional<Done> PollDone(Instant now, Settled settled) {
    for (auto it = asks_.begin(); it != asks_.end(); ++it) {
      const Query& ask = it->second;
      const bool patient = now - ask.began < kPatience;
      const bool enough = ask.report && !(patient && !settled(ask.peer));
      if (enough || now - ask.began >= kTimeout || ask.forgotten) {
        return Finish(now, it);
      }
    }
    return std::nullopt;
  }
  Instant Next() const;

 private:
  // One request and the pieces of its answer.
  struct Attempt {
    uint32_t wire_id = 0;
    Instant sent;
    std::optional<Instant> answered;  // the first piece came
    std::map<uint8_t, std::vector<uint8_t>> pieces;
    uint8_t num_pieces = 0;
  };
  struct Query {
    NodeId peer;
    Instant began;
    Instant next_request;
    std::vector<Attempt> attempts;  // kTimeout / kRetry at most
    std::optional<WhyReport> report;
    Instant sent, answered;  // of `report`
    bool forgotten = false;
  };
  struct Budget {
    double tokens = kAnswerBurst;
    Instant at;
  };
  void SendRequest(Instant now, Query& ask);
  void TakeReport(Query& ask, Attempt& attempt);
  Done Finish(Instant now, std::map<uint64_t, Query>::iterator it);

  uint64_t last_id_ = 0;
  uint32_t last_wire_id_ = 0;
  std::map<uint64_t, Query> asks_;
  std::deque<Request> requests_;
  std::map<NodeId, Budget> budgets_;
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_WHY_EXCHANGE_H_
