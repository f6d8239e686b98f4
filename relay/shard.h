#ifndef WARREN_RELAY_SHARD_H_
#define WARREN_RELAY_SHARD_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/relay/counters.h"
#include "core/relay/relay.h"
#include "io/acceptor.h"
#include "io/event_loop.h"
#include "relay/front.h"
#include "relay/mailbox.h"
#include "relay/transport.h"

namespace warren::relay {

// One thread of the relay: it accepts, serves the clients whose keys hash to
// it, and exchanges packets with the other shards by their mailboxes. Run()
// owns the thread; what says so may be called from others.
class Shard {
 public:
  // How often it is looked whether blocked clients read at all. The kernel
  // reports room in large steps only, which a slow link takes long to make.
  static constexpr absl::Duration kProbe = absl::Milliseconds(500);
  // From the announcement of a restart until what still lingers is cut.
  static constexpr absl::Duration kDrain = absl::Seconds(2);

  static absl::StatusOr<std::unique_ptr<Shard>> Create(
      const Config& config, const Front::Settings& front, Rng& rng);
  ~Shard();

  // Before Run(): all shards by index, this one included.
  void SetPeers(std::vector<Shard*> shards) { shards_ = std::move(shards); }
  // Before Run(). The descriptor may be shared with the other shards (dup).
  absl::Status Listen(io::Fd listener);
  io::EventLoop& loop() { return *loop_; }
  // Before Run(): another front on this loop, whose deadlines to keep.
  void SetSecondFront(Front* front) { second_front_ = front; }

  void Run() { loop_->Run(); }
  // Stops accepting, tells the clients, lets them go, and ends Run(). Any
  // thread.
  void BeginShutdown();

  // As of the end of the last turn. Any thread.
  struct Report {
    Counters counters;
    uint64_t refused_connections = 0;
    uint64_t failed_logins = 0;
  };
  Report report() const ABSL_LOCKS_EXCLUDED(report_mutex_);

 private:
  struct Served;

  Shard(const Config& config, const Front::Settings& front, Rng& rng,
        std::unique_ptr<io::EventLoop> loop);
  void OnArrival(Arrival arrival);
  // Any thread.
  void Adopt(Arrival arrival);
  void OnReady(ClientId id, uint32_t events);
  void OnBytes(ClientId id, Bytes stream);
  void OnMailbox();
  void SendToShards();
  void Resume(uint32_t shard);
  void Drain();
  void WriteTo(Served& served);
  void SetBlocked(Served& served, bool blocked);
  void ProbeBlocked(Instant now);
  void Hold(Served& served, uint32_t shard);
  void UpdateEvents(Served& served);
  // The connection is broken, or its peer went.
  void Disconnect(ClientId id);
  void Forget(ClientId id);
  Served* Find(ClientId id) const;
  Instant Next() const;
  void OnTimeout(Instant now);
  void OnTurnEnd();
  void StartDraining();

  // Times and connections that this thread waits for.
  struct Waiting {
    // Clients over their rate, by when they may be read again.
    std::set<std::pair<absl::Duration, ClientId>> rate;
    // By shard: clients held until its mailbox has room.
    std::vector<std::vector<ClientId>> held;
    std::set<ClientId> blocked;
    Instant probe_at = Instant::Never();    // while some are blocked
    Instant drained_by = Instant::Never();  // shutting down
  };
  struct Buffers {
    std::vector<uint8_t> wire;
    std::vector<uint8_t> plain;
    FrameBytes out;
  };

  const Config config_;
  std::unique_ptr<io::EventLoop> loop_;
  Relay relay_;
  Front front_;
  Front* second_front_ = nullptr;
  std::unique_ptr<io::Acceptor> acceptor_;
  std::vector<Shard*> shards_;
  Mailbox mailbox_;
  absl::flat_hash_map<ClientId, std::unique_ptr<Served>> served_;
  Waiting waiting_;
  Buffers buffers_;
  mutable absl::Mutex report_mutex_;
  Report report_ ABSL_GUARDED_BY(report_mutex_);
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_SHARD_H_
