#ifndef WARREN_CORE_PATH_AGENT_H_
#define WARREN_CORE_PATH_AGENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/strong_id.h"
#include "core/disco/disco.h"
#include "core/net/ip.h"
#include "core/path/action.h"
#include "core/path/agent_parts.h"
#include "core/path/candidate_set.h"
#include "core/path/liveness.h"
#include "core/path/mtu_prober.h"
#include "core/path/own_node.h"
#include "core/path/path.h"
#include "core/path/ping_ledger.h"
#include "core/path/probe_log.h"
#include "core/path/user_pings.h"

namespace warren::path {

// Decides how bytes reach one peer: over its relay first and at once, directly
// as soon as a pong proves an address, both while unsure. Only a pong to a
// ping of ours moves a path; nothing that could be forged or replayed does.
// Wire behaviour as specs 5.3, 5.4 and 6.4 to 6.8; what differs from stock,
// within what stock peers accept, is said at the constants.
//
// A peer we do not send to costs nothing: Next() is Never(). For kActive after
// the last packet each end pings the path it uses at least every kHeartbeat
// (and WireGuard's keepalives make the receiver of a flow send). Those pings
// and their pongs refresh the NAT mappings of both ends on both ends' paths,
// though these may differ, sooner than NATs forget (30 s; RFC 4787 asks for 2
// minutes). So no lifetime of a NAT needs to be learned.
//
// Time goes in by `now`, which never goes back; drain PollAction() after each
// call that takes it.
class Agent {
 public:
  static constexpr absl::Duration kActive = absl::Seconds(45);
  // Stock's 3 s keep a silent path trusted; we send the first packet after a
  // silence both ways instead. While packets flow, Liveness pings more often.
  static constexpr absl::Duration kHeartbeat = absl::Seconds(25);
  static constexpr absl::Duration kTrust = absl::Milliseconds(6500);
  // After so long without trust, a path is as good as any other candidate.
  static constexpr absl::Duration kStale = absl::Seconds(30);
  // A path that was lost is tried again this often, for so long.
  static constexpr absl::Duration kRetryLost = absl::Seconds(3);
  static constexpr absl::Duration kRetryLostFor = absl::Minutes(1);
  // A better path than a good one is looked for this often.
  static constexpr absl::Duration kUpgrade = absl::Seconds(60);
  static constexpr absl::Duration kGoodEnough = absl::Milliseconds(5);
  // In rounds the same address is not pinged more often; stock's 5 s loses a
  // path for 5 s with one lost packet. A ping from there is answered by a ping
  // of ours, this often.
  static constexpr absl::Duration kPingSpacing = absl::Milliseconds(200);
  static constexpr absl::Duration kPingBackSpacing = absl::Seconds(1);
  // Pings to candidates: at most this many at once, and then this many a
  // second, of 124 bytes each. What an evil peer can make us send to victims,
  // beside pongs (ping_replies.h) and within what all peers can (own_node.h).
  static constexpr double kProbeBurst = 128;
  static constexpr double kProbesPerSecond = 20;
  // A peer that called, or that we left, waits so long for our new endpoints.
  static constexpr absl::Duration kNewsAwaited = absl::Seconds(5);

  // `own` must outlive the agent.
  explicit Agent(OwnNode& own);

  // ---- Facts about the peer. ----
  // The relay to reach it by now; 0: none.
  void SetRelay(Instant now, RelayId relay);
  // What we send by that relay arrives from now on; until now it did not.
  void OnRelayUp(Instant now);
  void SetEndpoints(Instant now, std::span<const net::Endpoint> endpoints);
  // Whether it can be pinged at all: it has told a disco key. Each call means
  // a new key: the peer restarted, so what was proven is in doubt.
  void OnDiscoKey(Instant now, bool has_key);

  // ---- Traffic. ----
  // A WireGuard datagram of `size` bytes for the peer goes out now: where to?
  // Notes that the peer is wanted.
  Route OnSend(Instant now, size_t size);
  // The same for one that does not mean that anybody wants the peer.
  Route WayNow(Instant now) const;
  // A WireGuard packet of the peer, authentic and fresh, came from `from`.
  void OnAuthentic(Instant now, const net::Endpoint& from);

  // ---- Disco, opened and thus authentic. ----
  // True: answer it by a pong to `from`.
  bool OnPing(Instant now, const disco::TxId& txid, const net::Endpoint& from);
  // False if it answers no ping of ours.
  bool OnPong(Instant now, const disco::TxId& txid);
  void OnCallMeMaybe(Instant now, std::span<const net::Endpoint> endpoints);

  // ---- Commands, and facts about this node. ----
  // Pings by the way the traffic takes. False: there is none, or too many.
  bool Ping(Instant now, uint64_t ping_id);
  // `own` is up to date. kMoved: every path is in doubt until it proves itself
  // again; traffic goes both ways meanwhile.
  void OnLinkChange(Instant now, LinkChange change);
  // Our own endpoints changed: peers that wait for a way should know.
  void OnOwnEndpointsChanged(Instant now);
  // These sockets of ours are closed: no path goes through them.
  void OnSocketsClosed(Instant now, uint16_t first, uint16_t count);
  void OnTimeout(Instant now);

  std::optional<Action> PollAction();
  Instant Next() const;

  Path path() const;
  std::optional<absl::Duration> rtt() const;  // of path(), if known
  // The largest inner packet worth sending. Larger ones do not pass the direct
  // path and take the relay: tell the app, which may send smaller ones.
  size_t largest_inner() const;
  // nullopt: nobody wants the peer, or the direct path is good.
  std::optional<Search> search(Instant now) const;
  bool active(Instant now) const { return now < activity_.until; }
  std::span<const Candidate> candidates() const { return candidates_.all(); }
  // Whoever else looks for a way adds to it.
  ProbeLog& log() { return out_.log; }
  const ProbeLog& log() const { return out_.log; }

 private:
  struct Output {
    Path reported;
    std::deque<Action> actions;
    ProbeLog log;
  };

  // ---- agent.cc ----
  bool Trusted(Instant now) const;
  net::Endpoint BestEndpoint() const;  // not set if there is none
  void NoteActivity(Instant now);
  // Something authentic came from there: learn whether we can reach it.
  void AskBack(Instant now, const net::Endpoint& from);
  void OnUserPong(Instant now, const SentPing& ping);
  void SendPingTo(Instant now, const net::Endpoint& to, uint64_t ping_id,
                  uint16_t size = 0);
  void Log(Instant now, ProbeKind kind, const net::Endpoint& endpoint = {},
           uint32_t count = 0);

  // ---- agent_search.cc ----
  bool NeedsSearch(Instant now) const;
  void SearchIfNeeded(Instant now);
  void StartDiscovery(Instant now);
  void RunDiscovery(Instant now);
  void PingAll(Instant now);
  bool PingCandidate(Instant now, Candidate& candidate, uint64_t ping_id = 0);
  void CallPeer(Instant now);
  void ConsiderBest(Instant now, const Candidate& candidate);
  void TakeBest(Instant now, const Candidate& candidate);
  // In doubt: another path may have answered since.
  void TakeFresherPath(Instant now);
  void DropBest(Instant now);
  void RetryLost(Instant now);
  void ReportPath(Instant now);
  void OnHeartbeat(Instant now);
  void OnLivenessTimeout(Instant now);
  void FollowMtu(Instant now, bool changed);
  void ExpirePings(Instant now);

  OwnNode& own_;
  Reach reach_;
  CandidateSet candidates_;
  PingLedger pings_;
  std::optional<Best> best_;
  Liveness liveness_;  // of best_
  MtuProber mtu_;      // of best_
  Discovery discovery_;
  Bounds bounds_{{kProbeBurst, kProbesPerSecond}, {}};
  Activity activity_;
  UserPings user_pings_;
  Output out_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_AGENT_H_
