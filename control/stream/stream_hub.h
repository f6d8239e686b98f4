#ifndef WARREN_CONTROL_STREAM_STREAM_HUB_H_
#define WARREN_CONTROL_STREAM_STREAM_HUB_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "control/coordinator/directory.h"
#include "control/stream/netmap_stream.h"
#include "core/base/instant.h"
#include "io/histogram.h"

namespace warren::control {

struct StreamHubCounters {
  uint64_t tailnets = 0;
  uint64_t nodes = 0;         // registered, in all tailnets
  uint64_t streams = 0;       // live ones
  uint64_t publications = 0;  // rises only
  // From a change, or the start of a stream, until the node's connection has
  // taken what tells of it.
  io::Histogram::Reading push_time;
};

// All live netmap streams, at most one of each node. A publication marks those
// that may have to say something; a thread of its own makes the netmaps and
// sends them. Thread-safe.
class StreamHub {
 public:
  struct Options {
    absl::Duration keep_alive = absl::Seconds(60);  // of silence
    absl::Duration stuck = absl::Seconds(60);       // one message under way
    // Who is online is told no more often than this: when many come or go,
    // each node hears of many at a time.
    absl::Duration presence = absl::Seconds(1);
    std::function<Instant()> now;
  };
  explicit StreamHub(Options options);
  ~StreamHub();

  // What Directory publishes, in order.
  void OnPublication(const Publication& publication)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // The stream, which is open, gets a full netmap and every change after. An
  // older stream of the same node ends with ABORTED.
  void Attach(std::shared_ptr<NetmapStream> stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Wake(std::shared_ptr<NetmapStream> stream) ABSL_LOCKS_EXCLUDED(mutex_);
  void Detach(const std::shared_ptr<NetmapStream>& stream)
      ABSL_LOCKS_EXCLUDED(mutex_);

  // A stream has told its node what it owed for so long.
  void OnPushed(absl::Duration took) { push_time_.Add(took); }

  // Ends every stream, and those attached later, with UNAVAILABLE.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

  StreamHubCounters counters() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  using Stream = std::shared_ptr<NetmapStream>;
  void Run();
  // How many streams it was.
  size_t PumpReady() ABSL_LOCKS_EXCLUDED(mutex_);
  void ForgetOld() ABSL_LOCKS_EXCLUDED(mutex_);
  void TendAll() ABSL_LOCKS_EXCLUDED(mutex_);
  bool HasWork() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    return stopping_ || !ready_.empty() ||
           later_.streams.empty() == later_.awaited;
  }
  // Waits for what is ready, or has been put off long enough. False: it is
  // time to end.
  bool AwaitWork(absl::Duration wait) ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether those whom it concerns wait a little with others.
  bool MayWait(const Publication& publication)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Mark(NodeId node, bool later) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Mark(Stream stream, bool later) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Options options_;
  io::Histogram push_time_;
  mutable absl::Mutex mutex_;
  std::map<TailnetId, std::shared_ptr<const netmap::Snapshot>> latest_
      ABSL_GUARDED_BY(mutex_);
  std::map<NodeId, Stream> streams_ ABSL_GUARDED_BY(mutex_);
  std::set<Stream> ready_ ABSL_GUARDED_BY(mutex_);
  Instant ready_since_ ABSL_GUARDED_BY(mutex_);  // the first of them
  // Only presence is news for them; ready at `at`.
  struct {
    std::set<Stream> streams{};
    Instant at = Instant::LongAgo();
    bool awaited = false;
  } later_ ABSL_GUARDED_BY(mutex_);
  struct {
    uint64_t all = 0;
    uint64_t forgotten = 0;  // of those
  } publications_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STREAM_STREAM_HUB_H_
