#ifndef WARREN_CORE_DERP_CLIENT_SESSION_H_
#define WARREN_CORE_DERP_CLIENT_SESSION_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/base/bytes.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/frame.h"
#include "core/derp/login.h"

namespace warren::derp {

// What a relay tells its client. Views die at the next call of Next().
struct LoggedIn {
  crypto::NodeKey server;
};
struct PacketReceived {
  crypto::NodeKey source;
  Bytes packet;
};
struct PeerGone {
  crypto::NodeKey peer;
  GoneReason reason;
};
struct PongReceived {
  std::array<uint8_t, kPingSize> payload;
};
struct HealthChanged {
  std::string problem;  // empty: healthy
};
// The relay is about to restart: reconnect after, and keep trying for.
struct Restarting {
  absl::Duration reconnect_in;
  absl::Duration try_for;
};
struct KeepAliveReceived {};

using ClientEvent =
    std::variant<LoggedIn, PacketReceived, PeerGone, PongReceived,
                 HealthChanged, Restarting, KeepAliveReceived>;

// The client's side of one relay connection, from the first byte after the
// HTTP upgrade: login, then frames (specs/dataplane.md §2.4, §2.8). Answers
// pings by itself. Without I/O: bytes come in by Next(), leave by
// PollTransmit(); packets to peers are framed by the caller with
// PutPacketHeader(kSendPacket), once LoggedIn was seen.
class ClientSession {
 public:
  // Restarted by every byte received; a relay sends a keepalive every minute.
  static constexpr absl::Duration kReadDeadline = absl::Seconds(120);
  // From construction to LoggedIn.
  static constexpr absl::Duration kLoginDeadline = absl::Seconds(10);

  // Pings are not answered while so much waits to be sent.
  static constexpr size_t kMaxQueuedBytes = 16384;

  struct Options {
    crypto::NodePrivateKey key;
    ClientInfo info{};
    // Fast start: the relay's key from its meta-certificate, so that the
    // login is in PollTransmit() at once, to be sent with the HTTP request.
    // nullopt: wait for kServerKey.
    std::optional<crypto::NodeKey> server{};
  };

  ClientSession(Options options, Rng& rng, Instant now);

  // Removes bytes from the front of `stream` until they make an event.
  // nullopt: `stream` is used up. Any error is final, close the connection:
  // INVALID_ARGUMENT when the relay breaks the protocol (after a fast start:
  // the relay may have answered in HTTP), RESOURCE_EXHAUSTED for a frame
  // beyond 1 MiB.
  absl::StatusOr<std::optional<ClientEvent>> Next(Instant now, Bytes& stream);

  // Bytes to send now: login, pongs. Empty when there are none.
  std::vector<uint8_t> PollTransmit();

  // Queues kNotePreferred: whether this relay is our home. Before LoggedIn it
  // is kept until then.
  void SetPreferred(bool preferred);
  // Queues a ping, after LoggedIn; the PongReceived carries the same payload.
  void Ping(const std::array<uint8_t, kPingSize>& payload);

  // Whether the relay's rate limit (ServerInfo) has room for a packet of
  // `packet_size` bytes now, and takes it. false: drop the packet.
  bool TakeSendCredit(Instant now, size_t packet_size);

  // When the connection is to be given up, if nothing arrives before.
  Instant Deadline() const { return deadline_; }
  bool logged_in() const { return logged_in_; }

 private:
  using MaybeEvent = std::optional<ClientEvent>;
  absl::StatusOr<MaybeEvent> OnFrame(Instant now, const Frame& frame);
  absl::StatusOr<MaybeEvent> OnServerKey(Bytes payload);
  absl::StatusOr<MaybeEvent> OnServerInfo(Instant now, Bytes payload);
  absl::Status SendLogin();
  void Queue(Bytes bytes);

  Options options_;
  Rng& rng_;
  FrameReader reader_{Reader::kClient};
  std::vector<uint8_t> transmit_;
  std::optional<bool> preferred_;  // asked for before the login was complete
  bool login_sent_ = false;
  bool logged_in_ = false;
  ServerInfo limits_;
  double credit_bytes_ = 0;
  Instant credit_at_;
  Instant deadline_;
};

}  // namespace warren::derp

#endif  // WARREN_CORE_DERP_CLIENT_SESSION_H_
