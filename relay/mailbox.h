#ifndef WARREN_RELAY_MAILBOX_H_
#define WARREN_RELAY_MAILBOX_H_

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/relay/relay.h"

namespace warren::relay {

// What the other shards have for this one. Bounded: beyond the soft limit the
// senders are held back at their sockets, so that flooding slows only who
// floods; beyond the hard limit packets are dropped. Thread-safe.
class Mailbox {
 public:
  static constexpr size_t kSoftBytes = 2 * 1024 * 1024;
  static constexpr size_t kHardBytes = 16 * 1024 * 1024;

  struct Pushed {
    bool was_empty = false;  // wake the owner
    bool dropped = false;
    bool hold = false;  // stop reading the sender until the owner has taken
  };
  // `from` is told by TakeWaiters() when it has to hold its sender.
  Pushed Push(ShardMessage message, uint32_t from) ABSL_LOCKS_EXCLUDED(mutex_) {
    const auto* packet = std::get_if<PacketToShard>(&message.body);
    // What a message takes besides its frame, about.
    const size_t bytes = 160 + (packet ? packet->frame.size() : 0);
    absl::MutexLock lock(&mutex_);
    Pushed result;
    result.hold = packet && bytes_ > kSoftBytes;
    if (result.hold) waiters_.push_back(from);
    result.dropped = packet && bytes_ > kHardBytes;
    if (result.dropped) return result;
    result.was_empty = messages_.empty();
    bytes_ += bytes;
    messages_.push_back(std::move(message));
    return result;
  }

  // All messages, and who waits for there to be room again.
  std::pair<std::vector<ShardMessage>, std::vector<uint32_t>> TakeAll()
      ABSL_LOCKS_EXCLUDED(mutex_) {
    absl::MutexLock lock(&mutex_);
    bytes_ = 0;
    return {std::exchange(messages_, {}), std::exchange(waiters_, {})};
  }

 private:
  absl::Mutex mutex_;
  std::vector<ShardMessage> messages_ ABSL_GUARDED_BY(mutex_);
  std::vector<uint32_t> waiters_ ABSL_GUARDED_BY(mutex_);
  size_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace warren::relay

#endif  // WARREN_RELAY_MAILBOX_H_
