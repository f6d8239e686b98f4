#ifndef WARREN_CLIENT_CONTROL_CONTROL_WORKER_H_
#define WARREN_CLIENT_CONTROL_CONTROL_WORKER_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "client/control/backoff.h"
#include "client/control/control_options.h"
#include "client/control/netmap_stream.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/clock.h"
#include "io/fd.h"
#include "io/noise_dial.h"
#include "warren/v1/coordination.grpc.pb.h"

namespace warren::client {

// The thread behind a ControlClient, and what it is asked to do. Its public
// methods are thread-safe; events come on its own threads.
class ControlWorker {
 public:
  struct Events {
    std::function<void(const crypto::MachineKey&)> server_key;
    std::function<void(const absl::Status&)> connection;
    // May block until the update has been taken; an error ends the stream.
    std::function<absl::Status(const v1::NetmapUpdate&)> update;
  };
  // One call that somebody waits for.
  struct Command {
    absl::Duration timeout;  // with the dial, if there must be one
    std::function<grpc::Status(v1::Coordination::Stub&, grpc::ClientContext&)>
        call;
    std::function<void(const absl::Status&)> done;
  };
  // Commands that wait; one more is answered RESOURCE_EXHAUSTED.
  static constexpr size_t kMaxCommands = 16;

  ControlWorker(Rng& rng, ControlOptions options, Events events);
  // Interrupts whatever is under way and waits for the threads. Commands that
  // were not done are dropped.
  ~ControlWorker();

  void Do(Command command) ABSL_LOCKS_EXCLUDED(mutex_);
  void Watch(const crypto::NodeKey& node_key) ABSL_LOCKS_EXCLUDED(mutex_);
  void Resync() ABSL_LOCKS_EXCLUDED(mutex_);
  void Report(v1::ReportRequest report) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // What others ask for; taken by the worker's thread at each turn.
  struct Wanted {
    bool stop = false;
    std::deque<Command> commands;
    std::optional<crypto::NodeKey> watch;
    bool resync = false;
    std::optional<v1::ReportRequest> report;
  };
  // The one thing that may be under way and is worth interrupting: for a stop,
  // and for a command if it is nothing that anybody waits for.
  struct UnderWay {
    std::function<void()> interrupt;
    bool background = false;
  };
  struct Connection {
    std::unique_ptr<io::NoiseChannel> channel;
    std::unique_ptr<NetmapStream> stream;
    Backoff backoff;
    Instant stream_since;
    Instant retry_at = Instant::LongAgo();
  };

  void Ask(const std::function<void(Wanted&)>& change)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Run();
  void RunCommand(const Command& command);
  absl::Status Call(const Command& command, absl::Duration timeout);
  void KeepStream();
  void FollowStream();
  void OpenStream();
  void SendReport();
  absl::Status EnsureChannel(absl::Duration timeout, bool background);
  absl::Status Dial(absl::Duration timeout, const io::Cancel& cancel);
  void Disconnect();
  // False: it is not to begin, because of a stop or a waiting command.
  bool Begin(UnderWay under_way) ABSL_LOCKS_EXCLUDED(mutex_);
  void End() ABSL_LOCKS_EXCLUDED(mutex_);
  // Until asked, or a deadline of its own.
  void Wait();
  Instant NextDeadline() const;
  void Wake() const;

  const io::Clock clock_;
  Rng& rng_;
  ControlOptions options_;
  const Events events_;
  const io::Fd wake_;
  absl::Mutex mutex_;
  Wanted wanted_ ABSL_GUARDED_BY(mutex_);
  UnderWay under_way_ ABSL_GUARDED_BY(mutex_);
  // The rest is the worker's thread's.
  Connection connection_;
  std::optional<crypto::NodeKey> watch_;
  struct {
    std::optional<v1::ReportRequest> latest;
    bool due = false;
    Instant not_before = Instant::LongAgo();
    Instant paid_until = Instant::LongAgo();  // by the long-run rate
  } report_;
  std::thread thread_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_CONTROL_CONTROL_WORKER_H_
