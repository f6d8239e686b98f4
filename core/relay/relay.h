#ifndef WARREN_CORE_RELAY_RELAY_H_
#define WARREN_CORE_RELAY_RELAY_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/derp/login.h"
#include "core/relay/counters.h"
#include "core/relay/send_queue.h"

namespace warren::relay {

// One logged-in connection, unique among the shards of a relay.
using ClientId = StrongId<struct ClientIdTag, uint64_t>;

struct Config {
  uint32_t shard = 0;  // which this is
  uint32_t num_shards = 1;
  // What each client may send: bytes of frames without headers. 0: no limit.
  // Held by reading no faster (§2.13).
  uint64_t rate_bytes_per_second = 0;
  uint64_t rate_burst_bytes = 0;  // at least one largest frame is allowed
};

// Which shard the client with this key belongs to.
uint32_t ShardOf(const crypto::NodeKey& key, uint32_t num_shards);

// From one shard to another.
struct PacketToShard {
  crypto::NodeKey source;
  crypto::NodeKey destination;
  ClientId origin;  // the connection it came in on
  PacketKind kind;
  FrameBytes frame;  // kRecvPacket, ready to be written
};
// The answer to a disco packet for nobody.
struct PeerNotHere {
  ClientId origin;
  crypto::NodeKey peer;
};
// The last connection of `source` went away.
struct SourceGone {
  crypto::NodeKey source;
};
struct ShardMessage {
  uint32_t to_shard;
  std::variant<PacketToShard, PeerNotHere, SourceGone> body;
};

// How far FromClient() got.
enum class Progress : uint8_t {
  kAll,         // the bytes are used up
  kDrainFirst,  // some client's queue is full: drain, then call again
  kClosed,      // this client is (or was) closed: drop the bytes
};

struct Closed {
  ClientId client;
  CloseReason reason;
};

// The clients of one shard and what is on its way to them: all of DERP after
// the login (specs/dataplane.md §2.9, §2.10). Without I/O; one thread.
//
// After each call drain PollClosed, PollShardMessage, and PollReady with
// TakeOutput, until each is empty; then sleep until Next(). Queues drop their
// oldest packet only for clients whose connection is blocked: to one that
// keeps up, FromClient() lets the driver write first.
class Relay {
 public:
  static constexpr absl::Duration kKeepAlive = absl::Seconds(60);
  static constexpr absl::Duration kKeepAliveJitter = absl::Seconds(5);
  static constexpr absl::Duration kWriteStall = absl::Seconds(2);
  // Senders per client that are remembered, to tell it when one leaves. What
  // is beyond is not told, which costs that client only time.
  static constexpr size_t kMaxSources = 512;

  // `server` and `rng` must outlive this.
  Relay(const Config& config, const crypto::NodePrivateKey& server, Rng& rng);
  ~Relay();

  // Adds a client that proved its key; ServerInfo is its first output. It
  // becomes the active one of its key. INVALID_ARGUMENT: nothing can be sealed
  // for that key.
  absl::StatusOr<ClientId> Register(Instant now, const crypto::NodeKey& key);

  // Removes frames from the front of `stream`, and routes them.
  Progress FromClient(Instant now, ClientId client, Bytes& stream);
  // The connection ended by itself. PollClosed() does not name it again.
  void OnDisconnected(ClientId client);
  void FromShard(Instant now, ShardMessage message);
  // Whether some client that keeps up has a full queue: drain before the next
  // FromShard().
  bool wants_drain() const { return wants_drain_; }

  // Clients with new output, each once; stops at nullopt.
  std::optional<ClientId> PollReady();
  // Appends whole frames for `client` to `out` while fewer than `max_bytes`
  // are there. false when nothing waits.
  bool TakeOutput(ClientId client, size_t max_bytes, FrameBytes& out);
  // Bytes taken for it could not all be written: it has 2 s to read some.
  void OnBlocked(Instant now, ClientId client);
  // Some were. Again 2 s.
  void OnProgress(Instant now, ClientId client);
  // All were. It may be PollReady() again.
  void OnUnblocked(ClientId client);

  // Clients to disconnect now; each is already forgotten here.
  std::optional<Closed> PollClosed();
  std::optional<ShardMessage> PollShardMessage();
  // When the rate limit lets `client` be read again; `now` or before: at once.
  Instant ReadableAt(ClientId client) const;

  void OnTimeout(Instant now);
  Instant Next() const;

  // Tells every client to come back after `reconnect_in`.
  void AnnounceRestart(absl::Duration reconnect_in, absl::Duration try_for);
  // A packet for another shard that the driver could not hand over.
  void OnShardBusy() { counters_.Count(Drop::kShardBusy); }

  const Counters& counters() const { return counters_; }

 private:
  struct Client;
  // The connections of one key, oldest first.
  struct Connections {
    std::vector<Client*> clients;
    Client* active = nullptr;  // receives the packets
    bool has_sent = false;     // so others may have to be told when it goes
  };
  struct Outbox {
    std::deque<ClientId> ready;
    std::deque<Closed> closed;
    std::deque<ShardMessage> shards;
  };

  Client* Find(ClientId id) const;
  Progress OnFrame(Instant now, Client& client, const derp::Frame& frame);
  void OnSendPacket(Instant now, Client& client, Bytes payload);
  // Queues the packet here, or says why not.
  std::optional<Drop> Deliver(PacketToShard& packet);
  void OnUndelivered(Instant now, Drop why, const PacketToShard& packet);
  void OnNotHere(Instant now, ClientId origin, const crypto::NodeKey& peer);
  void OnSourceGone(const crypto::NodeKey& source);
  void Remember(Client& client, const crypto::NodeKey& source);
  void MarkReady(Client& client);
  void SetTimer(Client& client);
  void Close(Client& client, CloseReason reason);
  void Remove(Client& client);
  void RemoveFromKey(Client& client);

  const Config config_;
  const crypto::NodePrivateKey& server_;
  Rng& rng_;
  uint64_t next_id_ = 1;
  uint64_t frames_seen_ = 0;  // orders who spoke last
  bool wants_drain_ = false;
  absl::flat_hash_map<ClientId, std::unique_ptr<Client>> clients_;
  absl::flat_hash_map<crypto::NodeKey, Connections> by_key_;
  // Who received something from a key, and has not been told that it left.
  absl::flat_hash_map<crypto::NodeKey, std::vector<ClientId>> listeners_;
  std::set<std::pair<absl::Duration, ClientId>> timers_;  // since the epoch
  Outbox outbox_;
  Counters counters_;
};

}  // namespace warren::relay

#endif  // WARREN_CORE_RELAY_RELAY_H_
