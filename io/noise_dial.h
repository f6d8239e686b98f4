#ifndef WARREN_IO_NOISE_DIAL_H_
#define WARREN_IO_NOISE_DIAL_H_

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <memory>
#include <string>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/channel_registry.h"
#include "io/fd.h"
#include "io/tls.h"

namespace warren::io {

// Where a control server is: "https://host[:port]" or, in labs,
// "http://host[:port]". No path, query, user or fragment.
struct ControlUrl {
  bool https = true;
  std::string host;  // name or address, without brackets
  uint16_t port = 443;

  // INVALID_ARGUMENT says what is wrong with `text`.
  static absl::StatusOr<ControlUrl> Parse(absl::string_view text);
  std::string ToString() const;
  // "host:port", IPv6 in brackets: the Host header.
  std::string Authority() const;
};

// Lets another thread interrupt a wait. Thread-safe; once cancelled, it stays.
class Cancel {
 public:
  Cancel();
  void Now();
  bool cancelled() const;
  // Readable once cancelled: for poll().
  int fd() const { return fd_.get(); }

 private:
  Fd fd_;
};

struct NoiseDialOptions {
  ControlUrl url;
  std::shared_ptr<const TlsContext> tls;       // needed for https
  absl::Duration timeout = absl::Seconds(10);  // of the whole dial
};

// The Noise key that the server at `options.url` says it has: GET /key?v=1.
// Only as trustworthy as the TLS below it. Blocks. UNAVAILABLE: no connection,
// or no such answer; CANCELLED.
absl::StatusOr<crypto::MachineKey> FetchServerKey(
    const NoiseDialOptions& options, Cancel& cancel);

// One Noise channel to a control server, with gRPC inside. A thread of its own
// moves the bytes until either end closes. When the connection breaks every
// call fails with UNAVAILABLE: dial again.
class NoiseChannel {
 public:
  // Connects and shakes hands. Blocks.
  //   UNAVAILABLE          no connection, no answer, or not such a server
  //   FAILED_PRECONDITION  the server does not have `server_key`; names both
  //   CANCELLED            `cancel`
  static absl::StatusOr<std::unique_ptr<NoiseChannel>> Dial(
      const NoiseDialOptions& options, const crypto::MachinePrivateKey& machine,
      const crypto::MachineKey& server_key, Rng& rng, Cancel& cancel);
  // Closes the connection; calls still running fail with UNAVAILABLE.
  ~NoiseChannel();

  std::shared_ptr<grpc::Channel> grpc() const { return channel_; }
  // Adds the channel token. Every call needs it.
  void Authenticate(grpc::ClientContext& context) const;

 private:
  NoiseChannel(std::shared_ptr<grpc::Channel> channel, ChannelToken token);

  std::shared_ptr<grpc::Channel> channel_;
  ChannelToken token_;
  Cancel close_;
  std::thread pump_;
};

}  // namespace warren::io

#endif  // WARREN_IO_NOISE_DIAL_H_
