#ifndef WARREN_CLIENT_RELAY_CLIENT_STREAM_H_
#define WARREN_CLIENT_RELAY_CLIENT_STREAM_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/net/ip.h"
#include "io/event_loop.h"
#include "io/fd.h"
#include "io/tls.h"

namespace warren::client {

// What a stream tells its owner, on the loop's thread. The owner may destroy
// the stream inside `closed` only.
struct StreamCallbacks {
  std::function<void()> established;  // TCP, and TLS if any
  // What arrived; the view dies with the call. An error closes the stream.
  std::function<absl::Status(Bytes)> bytes;
  // Final: nothing else follows.
  std::function<void(absl::Status)> closed;
};

struct StreamTarget {
  std::vector<net::Endpoint> endpoints;       // tried in order; at least one
  std::string tls_name;                       // verified, and sent as SNI
  std::shared_ptr<const io::TlsContext> tls;  // null: plain TCP
};

// An outgoing TCP connection, with TLS if asked for, driven by an event loop.
// Never blocks. Not thread-safe: the loop's thread owns it.
class ClientStream {
 public:
  // For one address before the next is tried.
  static constexpr absl::Duration kAddressDeadline = absl::Milliseconds(1500);

  ClientStream(io::EventLoop& loop, StreamTarget target,
               StreamCallbacks callbacks);
  ~ClientStream();
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  // Queues bytes, once established. Flush() sends what was queued, in TLS
  // records as large as they get.
  void Write(Bytes bytes);
  void Flush();
  // Bytes that wait for the network.
  size_t backlog() const;

  // When OnTimeout() should be called. Only while connecting.
  Instant Next() const { return address_deadline_; }
  void OnTimeout(Instant now);

  // Ends the stream from inside: `closed` is called with `why`, once.
  void Fail(absl::Status why);

 private:
  enum class Phase : uint8_t { kConnecting, kTls, kOpen, kClosed };

  void TryNextAddress(const std::string& why_not);
  void OnReady(uint32_t events);
  absl::Status OnConnected();
  absl::Status OnReadable();
  absl::Status OnWire(Bytes bytes);
  absl::Status Send();

  io::EventLoop& loop_;
  const StreamTarget target_;
  const StreamCallbacks callbacks_;
  Phase phase_ = Phase::kConnecting;
  size_t next_address_ = 0;
  Instant address_deadline_ = Instant::Never();
  io::Fd socket_;
  std::optional<io::TlsSession> tls_;
  std::vector<uint8_t> queue_;  // plaintext, not yet sealed or sent
  size_t queue_sent_ = 0;       // without TLS: of `queue_`
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_CLIENT_STREAM_H_
