#ifndef WARREN_CORE_ENGINE_DROP_H_
#define WARREN_CORE_ENGINE_DROP_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::engine {

// Why the engine dropped a packet before or after WireGuard: the `reason`
// label of `warren_dropped_packets_total`. What WireGuard itself drops is in
// wg::Counters. Add before kNumDrops; never reuse a value.
enum class Drop : uint8_t {
  kNone = 0,
  // Both ways:
  kMalformed,   // not an IP packet, or one that could hide a header
  kMulticast,   // to a multicast address
  kLinkLocal,   // to a link-local address
  kNotRunning,  // no netmap yet, or our node key has expired
  // Out:
  kNoPeer,       // nobody's allowed-ips hold the destination
  kNoPath,       // no direct path, and no relay to reach the peer by
  kTsmpFromTun,  // protocol 99 belongs to the engine (specs 10.1)
  kSendFull,     // no room for a control message: PollTransmit not drained
  // In:
  kNoRule,              // no rule of the netmap allows it
  kNotLocal,            // to an address that is not ours
  kUnknownRelaySource,  // a relay names a node that is not in our netmap
  kBadDisco,            // not from a peer's disco key, or forged
  kBadStun,             // answers nothing we asked
  kTsmp,                // consumed: answered or learned from, not for the app
  kBadPortMapping,      // not from the router, or answers nothing we asked
};
inline constexpr size_t kNumDrops =
    static_cast<size_t>(Drop::kBadPortMapping) + 1;

// The Prometheus label. No default: a new reason without a name is an error
// under -Werror=switch.
constexpr const char* LabelOf(Drop drop) {
  switch (drop) {
    case Drop::kNone:
      return "none";
    case Drop::kMalformed:
      return "malformed";
    case Drop::kMulticast:
      return "multicast";
    case Drop::kLinkLocal:
      return "link_local";
    case Drop::kNotRunning:
      return "not_running";
    case Drop::kNoPeer:
      return "no_peer";
    case Drop::kNoPath:
      return "no_path";
    case Drop::kTsmpFromTun:
      return "tsmp_from_tun";
    case Drop::kSendFull:
      return "send_full";
    case Drop::kNoRule:
      return "no_rule";
    case Drop::kNotLocal:
      return "not_local";
    case Drop::kUnknownRelaySource:
      return "unknown_relay_source";
    case Drop::kBadDisco:
      return "bad_disco";
    case Drop::kBadStun:
      return "bad_stun";
    case Drop::kTsmp:
      return "tsmp";
    case Drop::kBadPortMapping:
      return "bad_port_mapping";
  }
  return "?";
}

// Everything one engine counted since it was made. Only rises.
struct Counters {
  std::array<uint64_t, kNumDrops> drops{};
  uint64_t tx_direct_packets = 0;  // WireGuard only, as are the next three
  uint64_t tx_relay_packets = 0;   // one sent both ways counts in both
  uint64_t rx_direct_packets = 0;
  uint64_t rx_relay_packets = 0;
  uint64_t disco_sent = 0;
  uint64_t disco_received = 0;
  uint64_t punch_sent = 0;  // of disco_sent: probes to get through hard NATs
  uint64_t stun_sent = 0;
  uint64_t stun_received = 0;

  void Count(Drop drop) { ++drops[static_cast<size_t>(drop)]; }
  uint64_t dropped(Drop drop) const { return drops[static_cast<size_t>(drop)]; }
};

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_DROP_H_
