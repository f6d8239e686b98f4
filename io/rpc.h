#ifndef WARREN_IO_RPC_H_
#define WARREN_IO_RPC_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"

// What a service sees of the calls that come through Noise channels: gRPC on
// the wire, and one object for each call here. gRPC's own library would cost
// three descriptors and some 100 kB for each connection.
namespace warren::io {

// Metadata that every call through a Noise channel carries: the channel token
// as 64 lower-case hex digits.
inline constexpr char kChannelTokenMetadata[] = "warren-channel-token";

// Who is at the other end of a Noise channel, proven by its handshake.
struct ChannelPeer {
  crypto::MachineKey machine;
  net::Endpoint remote;  // for the audit log; may be a proxy's
};

// What services say, on its way to the thread that owns the connections.
class RpcOutbox {
 public:
  enum class Kind : uint8_t { kMessage, kFinish, kWelcome, kAbort };
  struct Item {
    Kind kind = Kind::kMessage;
    uint64_t connection = 0;
    int32_t stream = 0;
    std::string message{};
    absl::Status status{};  // of kFinish
  };
  // `wake` is called, from any thread, when there is something to Take(): once,
  // until that is done.
  explicit RpcOutbox(std::function<void()> wake) : wake_(std::move(wake)) {}

  // Bytes of messages that may wait to be taken, for those who ask.
  static constexpr size_t kMaxWaiting = 8 << 20;

  void Put(Item item) ABSL_LOCKS_EXCLUDED(mutex_);
  // Waits until less than kMaxWaiting waits. Not for the thread that takes.
  void AwaitRoom() ABSL_LOCKS_EXCLUDED(mutex_);
  // The first `most`; wakes again when that was not all.
  std::vector<Item> Take(size_t most = SIZE_MAX) ABSL_LOCKS_EXCLUDED(mutex_);
  // Nothing is taken any more, and nobody woken.
  void Close() ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  const std::function<void()> wake_;
  absl::Mutex mutex_;
  std::deque<Item> items_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_ ABSL_GUARDED_BY(mutex_) = 0;  // bytes
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

// One call. Thread-safe but for Listen().
class RpcCall {
 public:
  struct Events {
    // All that was given to Send() is on its way: time for more.
    std::function<void()> sent{};
    // Once: the call is over, at whichever end it ended.
    std::function<void()> ended{};
  };
  struct Place {
    std::shared_ptr<RpcOutbox> outbox;
    uint64_t connection = 0;
    int32_t stream = 0;
  };
  RpcCall(ChannelPeer peer, std::string method, Place place)
      : peer_(std::move(peer)),
        method_(std::move(method)),
        place_(std::move(place)) {}

  const ChannelPeer& peer() const { return peer_; }
  // "/warren.v1.Coordination/Report"
  const std::string& method() const { return method_; }

  // Events come on the thread of RpcService::OnCall(), and must not block.
  // To be called there only.
  void Listen(Events events) { events_ = std::move(events); }
  // A message of the answer. Bounded by the service: see Events::sent.
  void Send(std::string message);
  // For who sends much through many calls: see RpcOutbox.
  void AwaitRoom() const { place_.outbox->AwaitRoom(); }
  // Ends the call once what was sent before has gone. Once.
  void Finish(const absl::Status& status);
  // The machine has a node here: its connection does not count among those of
  // strangers any more.
  void Welcome();
  // Drops the whole connection, with what it has not taken.
  void Abort();

  // For who owns the connection.
  void TellSent() const {
    if (events_.sent) events_.sent();
  }
  void TellEnded();

 private:
  void Put(RpcOutbox::Kind kind, std::string message,
           const absl::Status& status) const;

  const ChannelPeer peer_;
  const std::string method_;
  const Place place_;
  Events events_;  // of the connection's thread
};

class RpcService {
 public:
  virtual ~RpcService() = default;
  // A call has come in, with its one request. Keep it as long as it is worth
  // something. Must not block.
  virtual void OnCall(std::shared_ptr<RpcCall> call,
                      absl::string_view request) = 0;
};

}  // namespace warren::io

#endif  // WARREN_IO_RPC_H_
