#ifndef WARREN_CORE_WG_LOAD_H_
#define WARREN_CORE_WG_LOAD_H_

#include <cstddef>
#include <cstdint>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "core/net/packet_batch.h"
#include "core/wg/source.h"

// How a device that is flooded with handshakes protects its processor
// (whitepaper §5.3, specs 9.6).
namespace warren::wg {

// Tells pressure without a clock or a queue of its own: a virtual queue that is
// worked off at a fixed rate, of which only the end is remembered.
class HandshakeLoad {
 public:
  static constexpr int kUnderLoadAt = 128;  // waiting
  static constexpr int kFullAt = 1024;      // waiting
  static constexpr absl::Duration kHold = absl::Seconds(1);

  // `per_second`: the rate. 0: under load for ever, never full.
  explicit HandshakeLoad(uint32_t per_second);

  // Whether kUnderLoadAt or more wait, or did within kHold.
  bool IsUnderLoad(Instant now) const { return always_ || now < loaded_until_; }
  // Adds one handshake message; false, and it is to be dropped, if full.
  bool Admit(Instant now);

 private:
  bool always_;
  absl::Duration each_;                // time to work off one
  Instant done_ = Instant::LongAgo();  // when the queue will be empty
  Instant loaded_until_ = Instant::LongAgo();
};

// A token bucket for each source: 20 a second, bursts of 5.
class SourceLimiter {
 public:
  static constexpr absl::Duration kInterval = absl::Milliseconds(50);
  static constexpr int kBurst = 5;
  // Sources remembered at once. When that many were active within a quarter of
  // a second, others are refused: sources have proven their address with a
  // cookie, so that takes as many real hosts.
  static constexpr size_t kMaxSources = 8192;

  // Takes a token of `source`, false if there is none. One IPv4 address is a
  // source, one IPv6 /64, or one node behind a relay.
  bool Take(Instant now, const Source& source);

 private:
  using Key = std::pair<net::IpAddress, net::PeerIndex>;
  void DropIdle(Instant now);

  // When each bucket will be full again. No iteration order gets out.
  absl::flat_hash_map<Key, Instant> full_at_;
  Instant swept_ = Instant::LongAgo();
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_LOAD_H_
