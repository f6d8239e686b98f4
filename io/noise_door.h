#ifndef WARREN_IO_NOISE_DOOR_H_
#define WARREN_IO_NOISE_DOOR_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"
#include "io/acceptor.h"
#include "io/event_loop.h"
#include "io/noise_connection.h"
#include "io/noise_frontend.h"
#include "io/retry_schedule.h"
#include "io/rpc.h"

namespace warren::io {

// All connections of a NoiseFrontend: who may come in, and when each has to
// go. On the loop's thread, but for what says otherwise.
class NoiseDoor {
 public:
  NoiseDoor(NoiseFrontendOptions options, crypto::MachinePrivateKey key,
            RpcService& service, std::shared_ptr<RpcOutbox> outbox, Rng& rng,
            EventLoop& loop);
  ~NoiseDoor();

  absl::Status Open(Fd listener);
  void Deliver(std::vector<RpcOutbox::Item> items);
  // Takes no more connections and no more calls.
  void Drain();
  // Waits until nothing is under way any more, or for options.drain. For
  // another thread.
  void AwaitDrained() ABSL_LOCKS_EXCLUDED(mutex_);
  // Thread-safe.
  NoiseFrontendCounters counters() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Id = uint64_t;  // in order of arrival
  using State = NoiseConnection::State;
  struct Slot {
    std::unique_ptr<NoiseConnection> connection;
    Instant deadline = Instant::Never();
    State state = State::kRequest;  // the last one accounted for
    bool watched = false;
    bool is_channel = false;
  };

  void OnConnection(Fd fd);
  bool MakeRoom();
  // Does what a connection now wants: watch, deadline, counters, its end.
  void Follow(Id id);
  void Account(Id id, Slot& slot);
  void OnAsking(Id id);
  void AdmitFromLine();
  void OnChannel(Id id, Slot& slot);
  void SetDeadline(Id id, Slot& slot, Instant deadline);
  void Watch(Id id, Slot& slot);
  void OnDeadline(Instant now);
  void GiveAway(Id id);
  void Drop(Id id);
  void LeaveLine(Id id) ABSL_LOCKS_EXCLUDED(mutex_);
  void Count(uint64_t NoiseFrontendCounters::*counter)
      ABSL_LOCKS_EXCLUDED(mutex_);

  const NoiseFrontendOptions options_;
  const crypto::MachinePrivateKey key_;
  NoiseConnectionContext context_;
  EventLoop& loop_;
  std::unique_ptr<Acceptor> acceptor_;
  struct {
    Id next_id = 0;
    std::map<Id, Slot> slots{};
    std::set<Id> young{};      // have not proven themselves
    std::set<Id> unproven{};   // of those: the handshake is done
    std::set<Id> line{};       // of those: want a handshake
    std::set<Id> strangers{};  // channels that nobody welcomed
    std::set<std::pair<Instant, Id>> deadlines{};
  } all_;
  RetrySchedule retries_;
  bool draining_ = false;
  mutable absl::Mutex mutex_;
  NoiseFrontendCounters counters_ ABSL_GUARDED_BY(mutex_);
  bool drained_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_DOOR_H_
