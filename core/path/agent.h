#ifndef WARREN_CORE_PATH_AGENT_H_
#define WARREN_CORE_PATH_AGENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/disco/disco.h"
#include "core/net/ip.h"
#include "core/path/action.h"
#include "core/path/candidate_set.h"
#include "core/path/liveness.h"
#include "core/path/path.h"
#include "core/path/ping_ledger.h"
#include "core/path/probe_budget.h"
#include "core/path/probe_log.h"
#include "core/path/score.h"
#include "core/path/user_pings.h"

namespace warren::path {

// Decides how bytes reach one peer: over its relay first and at once, directly
// as soon as a pong proves an address, both while unsure. Only a pong to a
// ping of ours moves a path; nothing that could be forged or replayed does.
// Wire behaviour as specs 5.3, 5.4 and 6.4 to 6.8; what differs from stock,
// within what stock peers accept, is said at the constants.
//
// A peer we do not send to costs nothing: Next() is Never().
// Time goes in by `now`, which never goes back; drain PollAction() after each
// call that takes it.
class Agent {
 public:
  static constexpr absl::Duration kActive = absl::Seconds(45);
  static constexpr absl::Duration kHeartbeat = absl::Seconds(3);
  static constexpr absl::Duration kTrust = absl::Milliseconds(6500);
  // A better path than a good one is looked for this often.
  static constexpr absl::Duration kUpgrade = absl::Seconds(60);
  static constexpr absl::Duration kGoodEnough = absl::Milliseconds(5);
  // In rounds the same address is not pinged more often; stock's 5 s loses a
  // path for 5 s with one lost packet. A ping from there is answered by a ping
  // of ours, this often.
  static constexpr absl::Duration kPingSpacing = absl::Milliseconds(200);
  static constexpr absl::Duration kPingBackSpacing = absl::Seconds(1);
  // Pings to addresses that proved nothing: at most this many at once, and
  // then this many a second. What an evil peer can make us send to a victim.
  static constexpr double kProbeBurst = 128;
  static constexpr double kProbesPerSecond = 20;
  // A peer that called waits so long for news of our endpoints.
  static constexpr absl::Duration kCallerWaits = absl::Seconds(5);

  // `rng` must outlive the agent.
  explicit Agent(Rng& rng) : rng_(rng) {}

  // ---- Facts about the peer. ----
  // The relay to reach it by now; 0: none.
  void SetRelay(Instant now, RelayId relay);
  void SetEndpoints(Instant now, std::span<const net::Endpoint> endpoints);
  // Whether it can be pinged at all: it has told a disco key. Each call means
  // a new key: the peer restarted, so what was proven is in doubt.
  void OnDiscoKey(Instant now, bool has_key);

  // ---- Traffic. ----
  // A packet for the peer goes out now: where to? Notes that the peer is
  // wanted.
  Route OnSend(Instant now);
  // A WireGuard packet of the peer, authentic and fresh, came from `from`.
  void OnAuthentic(Instant now, const net::Endpoint& from);

  // ---- Disco, opened and thus authentic. Pings are answered by the caller. --
  void OnPing(Instant now, const net::Endpoint& from);
  // False if it answers no ping of ours.
  bool OnPong(Instant now, const disco::TxId& txid);
  void OnCallMeMaybe(Instant now, std::span<const net::Endpoint> endpoints);

  // ---- Commands. ----
  // Pings by the way the traffic takes. False: there is none, or too many.
  bool Ping(Instant now, uint64_t ping_id);
  // We moved: nothing that was proven holds.
  void OnLinkChange(Instant now);
  // Our own endpoints changed: peers that wait for a way should know.
  void OnOwnEndpointsChanged(Instant now);
  void OnTimeout(Instant now);

  std::optional<Action> PollAction();
  Instant Next() const;

  Path path() const;
  std::optional<absl::Duration> rtt() const;  // of path(), if known
  // nullopt: nobody wants the peer, or the direct path is good.
  std::optional<Search> search(Instant now) const;
  bool active(Instant now) const { return now < activity_.until; }
  std::span<const Candidate> candidates() const { return candidates_.all(); }
  // Whoever else looks for a way adds to it.
  ProbeLog& log() { return log_; }
  const ProbeLog& log() const { return log_; }

 private:
  // The direct path in use, proven at least once.
  struct Best {
    net::Endpoint endpoint;
    absl::Duration rtt;
    Instant trusted_until;
  };
  // Rounds of pings to all candidates.
  struct Discovery {
    int round = 0;
    Instant since;                    // while it runs
    Instant next = Instant::Never();  // while it runs
    Instant last = Instant::LongAgo();
    Instant last_call = Instant::LongAgo();
  };
  struct Activity {
    Instant called_us = Instant::LongAgo();
    Instant until = Instant::LongAgo();
    Instant heartbeat = Instant::Never();
    // Where authentic packets came from lately, other than the path in use.
    net::Endpoint heard_at;
    Instant heard = Instant::LongAgo();
  };
  struct Output {
    Path reported;
    std::deque<Action> actions;
  };
  // How the peer can be reached at all.
  struct Reach {
    RelayId relay;
    bool has_disco_key = false;
  };

  bool Trusted(Instant now) const;
  // Something authentic came from there: learn whether we can reach it.
  void AskBack(Instant now, const net::Endpoint& from);
  net::Endpoint BestEndpoint() const;  // not set if there is none
  void NoteActivity(Instant now);
  void StartDiscovery(Instant now);
  void RunDiscovery(Instant now);
  void PingAll(Instant now);
  // False if the budget is empty.
  bool PingCandidate(Instant now, Candidate& candidate, uint64_t ping_id = 0);
  void CallPeer(Instant now);
  void SendPingTo(Instant now, const net::Endpoint& to, uint64_t ping_id);
  void ConsiderBest(Instant now, const Candidate& candidate);
  void DropBest(Instant now);
  void ReportPath(Instant now);
  void OnUserPong(Instant now, const SentPing& ping);
  void OnHeartbeat(Instant now);
  void OnLivenessTimeout(Instant now);
  void ExpirePings(Instant now);
  void Log(const ProbeEvent& event) { log_.Add(event); }

  Rng& rng_;
  Reach reach_;
  CandidateSet candidates_;
  PingLedger pings_;
  std::optional<Best> best_;
  Liveness liveness_;  // of best_
  Discovery discovery_;
  ProbeBudget budget_{kProbeBurst, kProbesPerSecond};
  Activity activity_;
  UserPings user_pings_;
  ProbeLog log_;
  Output out_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_AGENT_H_
