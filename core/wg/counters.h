#ifndef WARREN_CORE_WG_COUNTERS_H_
#define WARREN_CORE_WG_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::wg {

// Why a packet was dropped: the `reason` label of
// `warren_wg_dropped_packets_total`. Add before kNumDrops; never reuse a value.
enum class Drop : uint8_t {
  kNone = 0,
  // Seal:
  kMalformed,     // not an IP packet
  kNoPeer,        // nobody's allowed-ips hold the destination
  kNoEndpoint,    // roaming, and the peer's address is not known yet
  kNoRoom,        // head- or tailroom too small for header, padding, tag
  kStageFull,     // no session yet and 128 newer packets wait
  kGaveUp,        // waited for a handshake that never completed
  kTransmitFull,  // PollTransmit was not drained
  // Open, any message:
  kUnknownType,   // not WireGuard, or reserved bytes not zero
  kBadLength,     // size does not fit the type
  kNoPrivateKey,  // the device has no key yet; Seal too
  // Open, handshake:
  kBadMac1,         // not for us
  kCookieDemanded,  // under load without a valid mac2: a cookie was sent
  kRateLimited,     // under load: over 20/s from one address
  kHandshakeFlood,  // the virtual queue of 1024 is full
  kBadHandshake,    // does not decrypt, or a low-order key
  kUnknownPeer,     // authentic, from a key that is not configured
  kOldTimestamp,    // a replayed initiation
  kTooSoon,         // within 20 ms of the last one accepted
  // Open, response, cookie and data:
  kUnknownIndex,   // receiver index is nobody's
  kExpired,        // session older than 180 s
  kForged,         // does not decrypt
  kReplayed,       // counter used before, or too old to tell
  kBadInner,       // decrypted to something that is not an IP packet
  kSourceNotPeer,  // inner source is not in the peer's allowed-ips
};
inline constexpr size_t kNumDrops =
    static_cast<size_t>(Drop::kSourceNotPeer) + 1;

// The Prometheus label.
constexpr const char* LabelOf(Drop drop) {
  switch (drop) {
    case Drop::kNone:
      return "none";
    case Drop::kMalformed:
      return "malformed";
    case Drop::kNoPeer:
      return "no_peer";
    case Drop::kNoEndpoint:
      return "no_endpoint";
    case Drop::kNoRoom:
      return "no_room";
    case Drop::kStageFull:
      return "stage_full";
    case Drop::kGaveUp:
      return "gave_up";
    case Drop::kTransmitFull:
      return "transmit_full";
    case Drop::kUnknownType:
      return "unknown_type";
    case Drop::kBadLength:
      return "bad_length";
    case Drop::kNoPrivateKey:
      return "no_private_key";
    case Drop::kBadMac1:
      return "bad_mac1";
    case Drop::kCookieDemanded:
      return "cookie_demanded";
    case Drop::kRateLimited:
      return "rate_limited";
    case Drop::kHandshakeFlood:
      return "handshake_flood";
    case Drop::kBadHandshake:
      return "bad_handshake";
    case Drop::kUnknownPeer:
      return "unknown_peer";
    case Drop::kOldTimestamp:
      return "old_timestamp";
    case Drop::kTooSoon:
      return "too_soon";
    case Drop::kUnknownIndex:
      return "unknown_index";
    case Drop::kExpired:
      return "expired";
    case Drop::kForged:
      return "forged";
    case Drop::kReplayed:
      return "replayed";
    case Drop::kBadInner:
      return "bad_inner";
    case Drop::kSourceNotPeer:
      return "source_not_peer";
  }
  return "?";
}

// Everything one device counted since it was made. Only rises.
struct Counters {
  std::array<uint64_t, kNumDrops> drops{};
  uint64_t packets_sealed = 0;  // data only
  uint64_t packets_opened = 0;  // data only
  uint64_t keepalives_sent = 0;
  uint64_t keepalives_received = 0;
  uint64_t initiations_sent = 0;
  uint64_t initiations_accepted = 0;
  uint64_t responses_sent = 0;
  uint64_t responses_accepted = 0;
  uint64_t cookies_sent = 0;
  uint64_t cookies_accepted = 0;
  uint64_t sessions_established = 0;

  void Count(Drop drop) { ++drops[static_cast<size_t>(drop)]; }
  uint64_t dropped(Drop drop) const { return drops[static_cast<size_t>(drop)]; }
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_COUNTERS_H_
