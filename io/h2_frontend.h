#ifndef WARREN_IO_H2_FRONTEND_H_
#define WARREN_IO_H2_FRONTEND_H_

#include <grpcpp/server.h>
#include <grpcpp/server_context.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "core/net/ip.h"
#include "io/event_loop.h"
#include "io/handover.h"
#include "io/noise_pump.h"

namespace warren::io {

// Hands connections that speak HTTP/2 (with TLS or without, it is undone here)
// to a gRPC server, through socket pairs. One thread pumps them; how long one
// may be idle is the server's to say.
class H2Frontend {
 public:
  // At once; a newcomer is refused when they are that many.
  static constexpr size_t kMaxConnections = 256;

  // `server` needs no ports of its own; it must outlive this object, and not
  // be shut down before this object is gone. INTERNAL: no descriptors left.
  static absl::StatusOr<std::unique_ptr<H2Frontend>> Start(
      grpc::Server& server);
  // Closes every connection.
  ~H2Frontend();

  // Serves the connection. Thread-safe, does not block.
  void Take(Handover connection);

  // From where a call came. nullopt: not through here. Thread-safe.
  std::optional<net::IpAddress> RemoteOf(
      const grpc::ServerContextBase& context) const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Slot {
    std::unique_ptr<NoisePump> pump;
    int grpc_end = -1;  // of gRPC; a number alone
    bool socket_watched = false, inner_watched = false;
  };
  explicit H2Frontend(grpc::Server& server) : server_(server) {}
  void OnConnection(Handover given);
  void Follow(uint64_t id);
  void Rewatch(int fd, int events, bool& watched,
               std::function<void(uint32_t)> callback);
  void Drop(uint64_t id);

  grpc::Server& server_;
  std::unique_ptr<EventLoop> loop_;
  uint64_t next_id_ = 0;            // of the loop's thread
  std::map<uint64_t, Slot> slots_;  // the same
  mutable absl::Mutex mutex_;
  // By the number of gRPC's descriptor.
  std::map<int, net::IpAddress> remotes_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

}  // namespace warren::io

#endif  // WARREN_IO_H2_FRONTEND_H_
