#ifndef WARREN_CLIENT_CONTROL_NETMAP_STREAM_H_
#define WARREN_CLIENT_CONTROL_NETMAP_STREAM_H_

#include <grpcpp/client_context.h>

#include <functional>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"
#include "io/clock.h"
#include "io/noise_dial.h"
#include "warren/v1/coordination.grpc.pb.h"

namespace warren::client {

// One WatchNetmap call, read on a thread of its own.
class NetmapStream {
 public:
  struct Events {
    // Each update in turn. An error ends the stream with it.
    std::function<absl::Status(const v1::NetmapUpdate&)> update;
    // Once: ended() is set.
    std::function<void()> ended;
  };

  // `channel` must outlive this object. Events come on the stream's thread.
  NetmapStream(const io::NoiseChannel& channel, const crypto::NodeKey& node_key,
               Events events);
  // Waits for the thread: what the events wait for must come.
  ~NetmapStream();

  void Cancel() { context_.TryCancel(); }
  // Why the stream ended; nullopt while it is up. Never OK.
  std::optional<absl::Status> ended() const ABSL_LOCKS_EXCLUDED(mutex_);
  // When the last update came, or the stream began.
  Instant last_heard() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void Run(const v1::WatchNetmapRequest& request);
  absl::Status ReadAll(const v1::WatchNetmapRequest& request);

  const io::Clock clock_;
  const Events events_;
  const std::unique_ptr<v1::Coordination::Stub> stub_;
  grpc::ClientContext context_;
  mutable absl::Mutex mutex_;
  Instant last_heard_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::Status> ended_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_CONTROL_NETMAP_STREAM_H_
