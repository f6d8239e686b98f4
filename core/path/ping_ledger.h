#ifndef WARREN_CORE_PATH_PING_LEDGER_H_
#define WARREN_CORE_PATH_PING_LEDGER_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/disco/disco.h"
#include "core/net/ip.h"

namespace warren::path {

// A ping of ours that waits for its pong.
struct SentPing {
  disco::TxId txid{};
  net::Endpoint to;  // UDP endpoint or relay
  Instant sent_at;
  uint64_t ping_id = 0;  // of the PingPath command it serves; 0: none
  uint16_t size = 0;     // of the datagram, if padded to probe the MTU; else 0
};

// The pings of one peer under way. Only a pong to one of them proves anything,
// and only once. Bounded: the oldest makes room, as if it had timed out.
class PingLedger {
 public:
  static constexpr size_t kMaxPings = 256;
  static constexpr absl::Duration kTimeout = absl::Seconds(5);

  // Records a ping with a new random txid.
  const SentPing& Add(Instant now, Rng& rng, const net::Endpoint& to,
                      uint64_t ping_id, uint16_t size = 0);
  // The ping that a pong with `txid` answers; it is no longer under way.
  std::optional<SentPing> Take(const disco::TxId& txid);
  // The oldest ping that timed out.
  std::optional<SentPing> TakeTimedOut(Instant now);
  // Whether any ping under way serves `ping_id`.
  bool Serves(uint64_t ping_id) const;
  // Forgets all: no pong proves anything any more.
  void Clear() { pings_.clear(); }
  Instant Next() const;

 private:
  std::deque<SentPing> pings_;  // oldest first
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_PING_LEDGER_H_
