#ifndef WARREN_CONTROL_STREAM_NETMAP_STREAM_H_
#define WARREN_CONTROL_STREAM_NETMAP_STREAM_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "control/coordinator/presence.h"
#include "control/stream/netmap_feed.h"
#include "core/base/instant.h"
#include "io/rpc.h"

namespace warren::control {

// The server's end of one WatchNetmap call. At most one message is under way;
// whatever happens meanwhile becomes one more. Thread-safe; lives until the
// call has ended, and longer where it is shared.
class NetmapStream final : public std::enable_shared_from_this<NetmapStream> {
 public:
  struct Hooks {
    // It had to wait for a message under way: pump it again.
    std::function<void(std::shared_ptr<NetmapStream>)> ready;
    // It has ended; the ticket if it had one.
    std::function<void(std::shared_ptr<NetmapStream>,
                       std::optional<StreamTicket>)>
        ended;
    std::function<Instant()> now;
    std::function<int64_t()> unix_now_ms;  // told to the node
    // News went out that it owed for so long; may be null.
    std::function<void(absl::Duration)> pushed{};
  };
  // Hooks are shared by all streams of a service. On the call's own thread.
  static std::shared_ptr<NetmapStream> Make(std::shared_ptr<io::RpcCall> call,
                                            std::shared_ptr<const Hooks> hooks);

  // It speaks for this node from here on. False: it has ended already.
  bool Open(const StreamTicket& ticket) ABSL_LOCKS_EXCLUDED(mutex_);
  StreamTicket ticket() const ABSL_LOCKS_EXCLUDED(mutex_);

  // There may be news that is true since then, for Hooks::pushed.
  void Owe(Instant since) ABSL_LOCKS_EXCLUDED(mutex_);

  // A message that is ready to go, and what it does to the node.
  struct Outgoing {
    std::string bytes;
    netmap::Bearing bearing;
    NetmapFeed::Told before;
  };
  // What the node does not know yet of `latest`: to be given to Send() or
  // TakeBack(). nullopt: nothing, or it has to wait for a message under way
  // (then Hooks::ready comes). One thread at a time, for all these.
  std::optional<Outgoing> Prepare(
      std::shared_ptr<const netmap::Snapshot> latest)
      ABSL_LOCKS_EXCLUDED(mutex_);
  void Send(const Outgoing& message);
  void TakeBack(Outgoing message) ABSL_LOCKS_EXCLUDED(mutex_);
  // Prepare() and Send().
  void Pump(std::shared_ptr<const netmap::Snapshot> latest)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether it is owed a difference, not everything. On the same thread.
  bool has_told() const { return feed_ && feed_->has_told(); }
  // What the node sees is the same in `latest` as in what it was told last:
  // the older snapshot need not be kept. Nothing while a message is under way.
  // On the thread that pumps.
  void SkipTo(std::shared_ptr<const netmap::Snapshot> latest)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Sends a keep-alive when nothing was sent since `silent_since`, and drops
  // the connection when a message is under way since before `stuck_since`. On
  // the thread that pumps.
  void Tend(Instant silent_since, Instant stuck_since)
      ABSL_LOCKS_EXCLUDED(mutex_);
  // Ends the call with `status`, after the message under way if there is one.
  void Close(const absl::Status& status) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  NetmapStream(std::shared_ptr<io::RpcCall> call,
               std::shared_ptr<const Hooks> hooks);
  // Takes the right to write; false when something is under way or it ended.
  // `news`: of the netmap.
  bool BeginWrite(bool news) ABSL_LOCKS_EXCLUDED(mutex_);
  // Whether something was sent.
  void EndWrite(bool sent) ABSL_LOCKS_EXCLUDED(mutex_);
  void OnEnded() ABSL_LOCKS_EXCLUDED(mutex_);

  const std::shared_ptr<io::RpcCall> call_;
  const std::shared_ptr<const Hooks> hooks_;
  // Of whoever has the right to write.
  std::optional<NetmapFeed> feed_;

  mutable absl::Mutex mutex_;
  std::optional<StreamTicket> ticket_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  // Pumped while writing, and not since.
  bool again_ ABSL_GUARDED_BY(mutex_) = false;
  // Since when the news under way, and those after, are true. Never: none.
  Instant sending_since_ ABSL_GUARDED_BY(mutex_) = Instant::Never();
  Instant owed_since_ ABSL_GUARDED_BY(mutex_) = Instant::Never();
  std::optional<absl::Status> closing_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  Instant since_ ABSL_GUARDED_BY(mutex_);  // begin or end of the last write
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STREAM_NETMAP_STREAM_H_
