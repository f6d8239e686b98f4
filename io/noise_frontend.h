#ifndef WARREN_IO_NOISE_FRONTEND_H_
#define WARREN_IO_NOISE_FRONTEND_H_

#include <grpcpp/server.h>

#include <cstdint>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "io/channel_registry.h"
#include "io/event_loop.h"
#include "io/handover.h"
#include "io/tls.h"

namespace warren::io {

struct NoiseFrontendOptions {
  net::Endpoint listen;                   // port 0: any free one, see local()
  std::shared_ptr<const TlsContext> tls;  // null: plain HTTP (labs, proxies)
  // Connections at once. When full the oldest that has not finished its
  // handshake gives way; if all have, the newcomer is refused. Fewer where
  // the process may not open 3 descriptors for each: its limit is raised as
  // far as it may be.
  size_t max_connections = 4096;
  // From accept to the end of the Noise handshake or of the HTTP answer.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // Gets the connections that ask neither for /key nor for a channel, once
  // their first bytes have come; without it they are answered 404 or 400.
  TakeOver site;
};

// What happened at the door, for metrics. All rise only.
struct NoiseFrontendCounters {
  uint64_t accepted = 0;
  uint64_t refused_full = 0;    // closed because of max_connections
  uint64_t timed_out = 0;       // handshake not done in time
  uint64_t bad_requests = 0;    // not HTTP, or an unknown upgrade
  uint64_t bad_handshakes = 0;  // not Noise, or for another server key
  uint64_t channels = 0;        // handshakes that succeeded
  uint64_t handed_over = 0;     // to the site
};

// The server's end of the native control channel (channel_request.h), and the
// door to the site beside it. What comes out of the records goes to gRPC
// through a socket pair; nothing does before a first authentic record.
//
// One thread pumps all connections, with at most 64 KiB buffered in each
// direction of each: who does not read is not read from.
class NoiseFrontend {
 public:
  // Listens and starts the thread. `server` needs no ports of its own; it, the
  // registry and the rng (thread-safe) must outlive this object, and `server`
  // must not be shut down before this object is gone.
  // UNAVAILABLE: the address is in use. PERMISSION_DENIED, INVALID_ARGUMENT:
  // it may not or cannot be bound. The message names it.
  static absl::StatusOr<std::unique_ptr<NoiseFrontend>> Start(
      NoiseFrontendOptions options, crypto::MachinePrivateKey key,
      grpc::Server& server, ChannelRegistry& registry, Rng& rng);
  // Closes the listener and every connection.
  ~NoiseFrontend();

  // Where it listens.
  const net::Endpoint& local() const { return local_; }
  // Thread-safe.
  NoiseFrontendCounters counters() const;

 private:
  class Door;
  explicit NoiseFrontend(std::unique_ptr<EventLoop> loop);

  net::Endpoint local_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Door> door_;  // of the loop's thread
  std::thread thread_;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_FRONTEND_H_
