#ifndef WARREN_IO_NOISE_DIAL_H_
#define WARREN_IO_NOISE_DIAL_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/cancel.h"
#include "io/control_url.h"
#include "io/noise_pump.h"
#include "io/tls.h"

namespace warren::io {

struct NoiseDialOptions {
  ControlUrl url;
  std::shared_ptr<const TlsContext> tls;       // needed for https
  absl::Duration timeout = absl::Seconds(10);  // of the whole dial
};

// The Noise key that the server at `options.url` says it has (GET /key). Only
// as trustworthy as the TLS below it. Blocks. UNAVAILABLE: no connection, or
// no such answer; NOT_FOUND: no such host; CANCELLED.
absl::StatusOr<crypto::MachineKey> FetchServerKey(
    const NoiseDialOptions& options, const Cancel& cancel);

class DialWire;
struct FirstContact;

// One Noise channel to a control server, with gRPC inside. A thread of its own
// moves the bytes until either end closes. When the connection breaks, every
// call fails with UNAVAILABLE: dial again. Thread-safe.
class NoiseChannel {
 public:
  // Connects and shakes hands. Blocks.
  //   UNAVAILABLE          no connection, no answer, or not such a server; or
  //                        it is busy, and may say when to come: RetryAfter()
  //   NOT_FOUND            no such host
  //   FAILED_PRECONDITION  the server's key is not `server_key`; names both
  //   CANCELLED            `cancel`
  static absl::StatusOr<std::unique_ptr<NoiseChannel>> Dial(
      const NoiseDialOptions& options, const crypto::MachinePrivateKey& machine,
      const crypto::MachineKey& server_key, Rng& rng, const Cancel& cancel);
  // FetchServerKey() and then Dial(), for a server whose key is not known yet.
  // Quicker than these: the connection of the second is made during the first.
  static absl::StatusOr<FirstContact> DialFirst(
      const NoiseDialOptions& options, const crypto::MachinePrivateKey& machine,
      Rng& rng, const Cancel& cancel);
  // Closes the connection; calls still running fail with UNAVAILABLE.
  ~NoiseChannel();

  std::shared_ptr<grpc::Channel> grpc() const { return channel_; }
  // Adds the channel token to a call's metadata. Every call needs it.
  void Authenticate(grpc::ClientContext& context) const;

 private:
  static absl::StatusOr<std::unique_ptr<NoiseChannel>> DialOn(
      const NoiseDialOptions& options, DialWire wire,
      const crypto::MachinePrivateKey& machine,
      const crypto::MachineKey& server_key, Rng& rng, const Cancel& cancel);
  explicit NoiseChannel(noise::ChannelToken token) : token_(std::move(token)) {}
  // Makes the socket pair, gRPC's channel and the thread.
  absl::Status Run(NoisePump pump);

  noise::ChannelToken token_;
  std::shared_ptr<grpc::Channel> channel_;
  Cancel close_;
  std::thread thread_;
};

struct FirstContact {
  crypto::MachineKey server_key;
  std::unique_ptr<NoiseChannel> channel;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_DIAL_H_
