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

// What a stream tells its owner, on the loop's thread.
struct StreamCallbacks {
  std::function<void()> established;  // TCP, and TLS if any
  // What arrived; the view dies with the call. An error closes the stream.
  std::function<absl::Status(Bytes)> bytes;
  // Final and once: nothing else follows. Called by OnTimeout() alone, so that
  // no other call ends with a stream that is gone; the owner may destroy the
  // stream in here, and in no other callback.
  std::function<void(absl::Status)> closed;
};

struct StreamTarget {
  std::vector<net::Endpoint> endpoints;       // tried in order
  std::string tls_name;                       // verified, and sent as SNI
  std::shared_ptr<const io::TlsContext> tls;  // null: plain TCP
};

// An outgoing TCP connection, with TLS if asked for, driven by an event loop.
// Never blocks. Not thread-safe: the loop's thread owns it.
class ClientStream {
 public:
  // For one address before the next is tried: one SYN may get lost.
  static constexpr absl::Duration kAddressDeadline = absl::Milliseconds(1500);
  // For the last one, which has no other to give way to.
  static constexpr absl::Duration kLastAddressDeadline = absl::Seconds(5);

  ClientStream(io::EventLoop& loop, StreamTarget target,
               StreamCallbacks callbacks);
  ~ClientStream();
  ClientStream(const ClientStream&) = delete;
  ClientStream& operator=(const ClientStream&) = delete;

  // Whether Write() takes bytes: established, and not failed.
  bool open() const { return phase_ == Phase::kOpen; }
  // Queues bytes; without effect unless open(). Flush() sends what was queued,
  // in TLS records as large as they get; a lot is sent without it.
  void Write(Bytes bytes);
  void Flush();
  // Bytes that wait for the network.
  size_t backlog() const;
  // Both ends of the connection, or of the attempt under way; nullopt without.
  struct Ends {
    net::IpAddress local;
    net::Endpoint remote;
  };
  std::optional<Ends> ends() const;

  // When OnTimeout() must be called: while connecting, and to hear `closed`.
  Instant Next() const { return deadline_; }
  void OnTimeout(Instant now);

  // Ends the stream; OnTimeout() will say `why`. Of several, the first counts.
  void Fail(absl::Status why);

 private:
  enum class Phase : uint8_t {
    kConnecting,
    kTls,
    kOpen,
    kFailed,  // `closed` is still to be called
    kClosed,
  };

  void TryNextAddress(absl::Status why_not);
  absl::Status StartConnecting(const net::Endpoint& to);
  void OnReady(uint32_t events);
  absl::Status OnConnected();
  absl::Status OnReadable();
  absl::Status OnWire(Bytes bytes);
  absl::Status Send();
  void CloseSocket();

  io::EventLoop& loop_;
  const StreamTarget target_;
  const StreamCallbacks callbacks_;
  Phase phase_ = Phase::kConnecting;
  size_t next_address_ = 0;
  Instant deadline_ = Instant::Never();
  absl::Status why_;  // once failed
  io::Fd socket_;
  bool blocked_ = false;  // the kernel takes no more until it says so
  std::optional<io::TlsSession> tls_;
  std::vector<uint8_t> queue_;  // plaintext, not yet sealed or sent
  size_t queue_sent_ = 0;       // without TLS: of `queue_`
};

// Which of our addresses the kernel would send from to `remote` now; nullopt:
// there is no way there.
std::optional<net::IpAddress> SourceFor(const net::Endpoint& remote);

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_CLIENT_STREAM_H_
