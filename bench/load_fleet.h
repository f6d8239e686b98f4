#ifndef WARREN_BENCH_LOAD_FLEET_H_
#define WARREN_BENCH_LOAD_FLEET_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "bench/load_node.h"
#include "core/crypto/system_rng.h"
#include "io/event_loop.h"

namespace warren::bench {

// All simulated nodes, on a thread of their own, and when each heard what.
class LoadFleet {
 public:
  struct Place {
    net::Endpoint server;
    crypto::MachineKey key;
    std::shared_ptr<const io::TlsContext> tls;
  };
  // `auth_keys` of the users, whom the nodes are dealt out to in turn.
  LoadFleet(Place place, int nodes, std::vector<std::string> auth_keys);
  ~LoadFleet();

  // Starts all of them, at most `at_once` that have not registered yet, and
  // waits until they have. False: not within `patience`.
  bool RegisterAll(int at_once, absl::Duration patience);
  bool AwaitAllUp(absl::Duration patience);
  // `reporter` says that it is elsewhere: how long it took for each of
  // `hearers` others to hear of it.
  std::vector<absl::Duration> Move(int reporter, uint16_t port, int hearers,
                                   absl::Duration patience);
  // Runs `change`, which puts a newer policy in force: how long it took from
  // its begin for each node to have it.
  std::vector<absl::Duration> ChangePolicy(
      const std::function<uint64_t()>& change, absl::Duration patience);
  uint64_t refused() const;
  int up() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void OnUpdate(int number, const v1::NetmapUpdate& update)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void OnLost(int number, absl::Duration wait);
  void OnRegistered(int number) ABSL_LOCKS_EXCLUDED(mutex_);
  void StartDue(Instant now);
  void OnLoop(const std::function<void()>& task);

  crypto::SystemRng rng_;
  std::unique_ptr<io::EventLoop> loop_;
  LoadWorld world_;
  std::vector<std::unique_ptr<LoadNode>> nodes_;  // the loop's thread
  std::multimap<Instant, int> due_;               // the loop's thread
  size_t started_ = 0;                            // the loop's thread
  mutable absl::Mutex mutex_;
  struct {
    int registered = 0;
    std::vector<bool> up{};
    int num_up = 0;
    int64_t moved = 0;  // node that is awaited to move
    std::string endpoint{};
    std::vector<Instant> heard{};
    std::map<uint64_t, std::vector<Instant>> policies{};
  } seen_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace warren::bench

#endif  // WARREN_BENCH_LOAD_FLEET_H_
