#ifndef WARREN_CORE_RELAY_COUNTERS_H_
#define WARREN_CORE_RELAY_COUNTERS_H_

#include <array>
#include <cstddef>
#include <cstdint>

namespace warren::relay {

// Why the relay did not deliver a packet: the `reason` label of
// `warren_relay_dropped_packets_total`. Add at the end.
enum class Drop : uint8_t {
  kQueueFull = 0,  // the oldest of the destination's queue made room
  kNotHere,        // no such client
  kNoActive,       // duplicates of the destination, and none has spoken
  kShardBusy,      // the queue to the destination's shard is full
};
inline constexpr size_t kNumDrops = 4;

constexpr const char* LabelOf(Drop drop) {
  switch (drop) {
    case Drop::kQueueFull:
      return "queue_full";
    case Drop::kNotHere:
      return "not_here";
    case Drop::kNoActive:
      return "no_active";
    case Drop::kShardBusy:
      return "shard_busy";
  }
  return "?";
}

// Why the relay closes a client: the `reason` label of
// `warren_relay_closed_clients_total`. Add at the end.
enum class CloseReason : uint8_t {
  kDisconnected = 0,  // the client went by itself, or its connection broke
  kBadFrame,          // too long, too short, or not of the exact size
  kNotMesh,           // a frame that only relays may send
  kStalled,           // did not read for 2 s while something waited for it
  kShutdown,          // the relay is going
};
inline constexpr size_t kNumCloseReasons = 5;

constexpr const char* LabelOf(CloseReason reason) {
  switch (reason) {
    case CloseReason::kDisconnected:
      return "disconnected";
    case CloseReason::kBadFrame:
      return "bad_frame";
    case CloseReason::kNotMesh:
      return "not_mesh";
    case CloseReason::kStalled:
      return "stalled";
    case CloseReason::kShutdown:
      return "shutdown";
  }
  return "?";
}

// What one shard has done since it started. Read by its driver.
struct Counters {
  uint64_t packets_received = 0;
  uint64_t bytes_received = 0;  // packets' own bytes, without frames
  uint64_t packets_sent = 0;    // queued for a client
  uint64_t bytes_sent = 0;
  uint64_t logins = 0;
  uint64_t peer_gone_sent = 0;
  uint64_t pongs_sent = 0;
  uint64_t clients = 0;       // connected at this moment
  uint64_t home_clients = 0;  // of those, how many call this relay home
  std::array<uint64_t, kNumDrops> drops{};
  std::array<uint64_t, kNumCloseReasons> closed{};

  void Count(Drop drop) { ++drops[static_cast<size_t>(drop)]; }
  void Count(CloseReason r) { ++closed[static_cast<size_t>(r)]; }
  // Sums the shards of one relay.
  void Add(const Counters& other);
};

inline void Counters::Add(const Counters& other) {
  packets_received += other.packets_received;
  bytes_received += other.bytes_received;
  packets_sent += other.packets_sent;
  bytes_sent += other.bytes_sent;
  logins += other.logins;
  peer_gone_sent += other.peer_gone_sent;
  pongs_sent += other.pongs_sent;
  clients += other.clients;
  home_clients += other.home_clients;
  for (size_t i = 0; i < kNumDrops; ++i) drops[i] += other.drops[i];
  for (size_t i = 0; i < kNumCloseReasons; ++i) closed[i] += other.closed[i];
}

}  // namespace warren::relay

#endif  // WARREN_CORE_RELAY_COUNTERS_H_
