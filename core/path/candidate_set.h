#ifndef WARREN_CORE_PATH_CANDIDATE_SET_H_
#define WARREN_CORE_PATH_CANDIDATE_SET_H_

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/path/own_node.h"

namespace warren::path {

// An address where a peer may be reachable. Nothing is sent there but probes
// until a pong proves it.
struct Candidate {
  net::Endpoint endpoint;
  bool in_netmap = false;
  bool in_call = false;  // of the peer's latest CallMeMaybe
  Instant observed_until = Instant::LongAgo();  // authentic bytes came from it
  Instant last_ping = Instant::LongAgo();       // of ours
  Instant last_pong = Instant::LongAgo();       // of the peer
  Instant last_ping_back = Instant::LongAgo();  // of ours, upon theirs
  absl::Duration rtt = absl::InfiniteDuration();  // smoothed
};

// The candidates of one peer, in the order they became known; bounded for each
// source, so that no source can crowd out another. Never what is not plausible
// or is ourselves; behind a NAT64, the way to an address stands for it. Source:
// specs 6.4.
class CandidateSet {
 public:
  // A node has about ten. What is beyond is ignored: the sender's order is its
  // order of preference.
  static constexpr size_t kMaxFromNetmap = 32;
  static constexpr size_t kMaxFromCall = 32;
  // The one not seen longest makes room.
  static constexpr size_t kMaxObserved = 16;
  static constexpr size_t kMaxCandidates =
      kMaxFromNetmap + kMaxFromCall + kMaxObserved;
  // How long an observed address lives after the last ping from it.
  static constexpr absl::Duration kObservedLifetime = absl::Seconds(45);

  // `own` must outlive the set.
  explicit CandidateSet(const OwnNode& own) : own_(own) {}

  // Each replaces what the same source said before; `keep`, the address in
  // use, stays even when nobody names it any more.
  void SetFromNetmap(Instant now, std::span<const net::Endpoint> endpoints,
                     const net::Endpoint& keep);
  void SetFromCall(Instant now, std::span<const net::Endpoint> endpoints,
                   const net::Endpoint& keep);
  // Authentic bytes of the peer came from `endpoint`. Null if that is not
  // plausible.
  Candidate* Observe(Instant now, const net::Endpoint& endpoint);
  // Removes those by way of sockets `first` to `first + count - 1`.
  void RemoveSockets(uint16_t first, uint16_t count);
  // Removes those that no source backs any more, except `keep`.
  void Expire(Instant now, const net::Endpoint& keep);

  // Null if unknown. Valid until the set changes.
  Candidate* Find(const net::Endpoint& endpoint);
  std::span<Candidate> all() { return candidates_; }
  std::span<const Candidate> all() const { return candidates_; }

 private:
  void SetFrom(std::span<const net::Endpoint> endpoints,
               bool Candidate::*source, size_t max);
  Candidate& FindOrAdd(const net::Endpoint& endpoint);

  bool IsUsable(const net::Endpoint& endpoint) const {
    return IsPlausible(endpoint) && !own_.IsOwn(endpoint);
  }

  const OwnNode& own_;
  std::vector<Candidate> candidates_;
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_CANDIDATE_SET_H_
