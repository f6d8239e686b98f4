#ifndef WARREN_IO_WIRE_CHANNEL_H_
#define WARREN_IO_WIRE_CHANNEL_H_

#include <grpcpp/channel.h>

#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "io/cancel.h"
#include "io/control_url.h"
#include "io/noise_pump.h"
#include "io/tls.h"

namespace warren::io {

// A gRPC channel to a server's port, over TLS or (http) in clear: HTTP/2 from
// the first byte. A thread of its own moves the bytes until either end closes;
// when the connection breaks, every call fails with UNAVAILABLE.
class WireChannel {
 public:
  // Connects; blocks. Errors as of DialWire.
  static absl::StatusOr<std::unique_ptr<WireChannel>> Dial(
      const ControlUrl& url, std::shared_ptr<const TlsContext> tls,
      absl::Duration timeout);
  // Closes the connection.
  ~WireChannel();

  std::shared_ptr<grpc::Channel> grpc() const { return channel_; }

 private:
  WireChannel() = default;
  absl::Status Run(NoisePump pump);

  Cancel close_;
  std::shared_ptr<grpc::Channel> channel_;
  std::thread thread_;
};

}  // namespace warren::io

#endif  // WARREN_IO_WIRE_CHANNEL_H_
