#ifndef WARREN_CLIENT_RELAY_RELAY_CONNECTION_H_
#define WARREN_CLIENT_RELAY_RELAY_CONNECTION_H_

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/relay/client_stream.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/client_session.h"
#include "core/derp/relay_map.h"
#include "core/net/ip.h"
#include "io/event_loop.h"
#include "io/http_upgrade.h"

namespace warren::client {

// What a relay connection tells its owner, on the loop's thread.
struct RelayCallbacks {
  std::function<void()> logged_in;
  // Views die with the call.
  std::function<void(const crypto::NodeKey& source, Bytes packet)> packet;
  // What was readable has all been given to `packet`.
  std::function<void()> drained;
  std::function<void(const crypto::NodeKey& peer)> peer_gone;
  // Final and once: nothing else follows. Called by OnTimeout() alone; the
  // owner may destroy the connection in here, and in no other callback.
  std::function<void(absl::Status)> closed;
};

// One connection to one relay server: TCP, TLS unless the relay is plain HTTP,
// the HTTP upgrade, then DERP (specs/dataplane.md §2.5, §2.8). Never blocks.
// Not thread-safe: the loop's thread owns it.
class RelayConnection {
 public:
  // Bytes that wait for a slow relay; what comes on top is dropped, as by any
  // full queue on the way.
  static constexpr size_t kMaxBacklog = 256 * 1024;
  // From the start to the end of the login, all addresses tried.
  static constexpr absl::Duration kConnectDeadline = absl::Seconds(10);
  // For the answer to a ping of Check() (specs 6.10).
  static constexpr absl::Duration kPongDeadline = absl::Seconds(3);

  // Begins to connect, trying `addresses` in order. INVALID_ARGUMENT: the
  // relay's certificate pin is malformed. FAILED_PRECONDITION: this machine
  // has no root certificates to verify the relay by.
  static absl::StatusOr<std::unique_ptr<RelayConnection>> Start(
      io::EventLoop& loop, Rng& rng, const derp::RelayNode& relay,
      const std::vector<net::IpAddress>& addresses,
      const crypto::NodePrivateKey& node_key, RelayCallbacks callbacks);

  bool logged_in() const {
    return session_ && session_->logged_in() && stream_->open();
  }
  // Queues one packet for `destination`; Flush() sends what was queued, many
  // in one TLS record. false: dropped (not logged in, backlog, rate limit).
  bool Send(Instant now, const crypto::NodeKey& destination, Bytes packet);
  void Flush();
  // Tells the relay whether it is our home; may be called at any time.
  void SetPreferred(bool preferred);
  // Pings the relay, if logged in. Without an answer in time the connection
  // ends with ABORTED: the network has changed, so connect again at once.
  void Check(Instant now);
  // See ClientStream.
  std::optional<ClientStream::Ends> ends() const { return stream_->ends(); }

  // When OnTimeout() must be called.
  Instant Next() const;
  void OnTimeout(Instant now);

 private:
  RelayConnection(io::EventLoop& loop, Rng& rng, const derp::RelayNode& relay,
                  const crypto::NodePrivateKey& node_key,
                  RelayCallbacks callbacks);
  void Connect(StreamTarget target);
  void SendUpgrade();
  absl::Status OnBytes(Bytes bytes);
  absl::Status OnDerp(Bytes bytes);
  absl::Status OnEvent(const derp::ClientEvent& event);
  void OnPong(const derp::PongReceived& pong);
  void PumpSession();

  io::EventLoop& loop_;
  Rng& rng_;
  const derp::RelayNode relay_;
  const crypto::NodePrivateKey node_key_;
  const RelayCallbacks callbacks_;
  std::unique_ptr<ClientStream> stream_;
  io::HttpHeadReader head_;
  std::optional<derp::ClientSession> session_;  // from the upgrade on
  std::optional<bool> preferred_;
  Instant connect_deadline_;
  struct Ping {
    std::array<uint8_t, derp::kPingSize> payload;
    Instant deadline;
  };
  std::optional<Ping> ping_;  // not answered yet
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_RELAY_RELAY_CONNECTION_H_
