#ifndef WARREN_IO_NOISE_FRONTEND_H_
#define WARREN_IO_NOISE_FRONTEND_H_

#include <cstdint>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "io/event_loop.h"
#include "io/handover.h"
#include "io/rpc.h"
#include "io/tls.h"

namespace warren::io {

struct NoiseFrontendOptions {
  net::Endpoint listen;                   // port 0: any free one, see local()
  std::shared_ptr<const TlsContext> tls;  // null: plain HTTP (labs, proxies)
  // Connections at once. When full the oldest that has not finished its
  // handshake gives way; if all have, the newcomer is refused. Fewer where
  // the process may not open that many descriptors: its limit is raised as far
  // as it may be.
  size_t max_connections = 4096;
  // Channels that have not proven themselves by a first record. Who asks for
  // one more waits in line; when the line is full, too, it is told (503) to
  // come again.
  size_t max_handshakes = 256;
  size_t max_line = 4096;
  // Channels of machines whose calls no service has welcomed. When there is
  // one more, the oldest gives way.
  size_t max_strangers = 1024;
  // From accept to the end of the Noise handshake or of the HTTP answer.
  absl::Duration handshake_timeout = absl::Seconds(10);
  // At the end, for calls that have been finished to reach their callers.
  absl::Duration drain = absl::Milliseconds(500);
  // Gets the connections that ask neither for /key nor for a channel, once
  // their first bytes have come; without it they are answered 404 or 400.
  TakeOver site;
};

// What happened at the door, for metrics. All but the last rise only.
struct NoiseFrontendCounters {
  uint64_t accepted = 0;
  uint64_t refused_full = 0;    // closed because of max_connections
  uint64_t timed_out = 0;       // handshake not done in time
  uint64_t bad_requests = 0;    // not HTTP, or an unknown upgrade
  uint64_t bad_handshakes = 0;  // not Noise, or for another server key
  uint64_t channels = 0;        // handshakes that succeeded
  uint64_t channels_ended = 0;  // of those
  uint64_t handed_over = 0;     // to the site
  uint64_t told_to_wait = 0;    // answered 503
  uint64_t strangers_dropped = 0;
  uint64_t in_line = 0;  // now: wait for their handshake
};

class NoiseDoor;

// The server's end of the native control channel (channel_request.h), and the
// door to the site beside it. What comes out of the records are gRPC calls,
// which go to `service`; none before a first authentic record.
//
// One thread does all connections, each with one descriptor and at most 64 KiB
// that wait for its socket: who does not read is not written for.
class NoiseFrontend {
 public:
  // Listens and starts the thread, on which `service` hears of calls. It and
  // the rng (thread-safe) must outlive this object.
  // UNAVAILABLE: the address is in use. PERMISSION_DENIED, INVALID_ARGUMENT:
  // it may not or cannot be bound. The message names it.
  static absl::StatusOr<std::unique_ptr<NoiseFrontend>> Start(
      NoiseFrontendOptions options, crypto::MachinePrivateKey key,
      RpcService& service, Rng& rng);
  // Closes the listener, waits for calls that end, closes every connection.
  ~NoiseFrontend();

  // Where it listens.
  const net::Endpoint& local() const { return local_; }
  // Thread-safe.
  NoiseFrontendCounters counters() const;

 private:
  explicit NoiseFrontend(std::unique_ptr<EventLoop> loop);

  net::Endpoint local_;
  std::unique_ptr<EventLoop> loop_;
  std::shared_ptr<RpcOutbox> outbox_;
  std::unique_ptr<NoiseDoor> door_;  // of the loop's thread
  std::thread thread_;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_FRONTEND_H_
