#include "core/derp/client_session.h"

#include <algorithm>
#include <utility>

namespace warren::derp {
namespace {

std::array<uint8_t, kPingSize> FirstEight(Bytes payload) {
  std::array<uint8_t, kPingSize> out{};
  std::copy_n(payload.begin(), kPingSize, out.begin());
  return out;
}

// A frame whose payload is too short to mean anything is ignored (§2.8).
std::optional<ClientEvent> ToEvent(const Frame& frame) {
  switch (frame.type) {
    case FrameType::kRecvPacket:
      if (const auto parts = SplitKey(frame.payload)) {
        return PacketReceived{parts->key, parts->rest};
      }
      return std::nullopt;
    case FrameType::kKeepAlive:
      return KeepAliveReceived{};
    case FrameType::kPeerGone:
      if (const auto parts = SplitKey(frame.payload)) {
        const bool not_here = !parts->rest.empty() && parts->rest[0] == 0x01;
        return PeerGone{parts->key, not_here ? GoneReason::kNotHere
                                             : GoneReason::kDisconnected};
      }
      return std::nullopt;
    case FrameType::kPong:
      if (frame.payload.size() < kPingSize) return std::nullopt;
      return PongReceived{FirstEight(frame.payload)};
    case FrameType::kHealth:
      return HealthChanged{std::string(frame.payload.begin(),  //
                                       frame.payload.end())};
    case FrameType::kRestarting: {
      ByteReader r(frame.payload);
      const auto reconnect_in = r.U32();
      const auto try_for = r.U32();
      if (!try_for) return std::nullopt;
      return Restarting{absl::Milliseconds(*reconnect_in),
                        absl::Milliseconds(*try_for)};
    }
    default:
      return std::nullopt;
  }
}

}  // namespace

ClientSession::ClientSession(Options options, Rng& rng, Instant now)
    : options_(std::move(options)),
      rng_(rng),
      credit_at_(now),
      deadline_(now + kLoginDeadline) {
  // A key that is none makes a login that is never sent: the deadline acts.
  if (options_.server) (void)SendLogin();
}

absl::StatusOr<std::optional<ClientEvent>> ClientSession::Next(Instant now,
                                                               Bytes& stream) {
  if (logged_in_ && !stream.empty()) deadline_ = now + kReadDeadline;
  while (true) {
    auto frame = reader_.Next(stream);
    if (!frame.ok()) return frame.status();
    if (!*frame) return std::nullopt;
    auto event = OnFrame(now, **frame);
    if (!event.ok() || *event) return event;
  }
}

absl::StatusOr<ClientSession::MaybeEvent> ClientSession::OnFrame(
    Instant now, const Frame& frame) {
  if (!login_sent_) {
    if (frame.type != FrameType::kServerKey) {
      return absl::InvalidArgumentError(
          "DERP: the relay's first frame is not its key");
    }
    return OnServerKey(frame.payload);
  }
  if (!logged_in_) {
    // After a fast start the key still comes first (§12 trap 1).
    if (frame.type == FrameType::kServerKey) return OnServerKey(frame.payload);
    if (frame.type == FrameType::kServerInfo) {
      return OnServerInfo(now, frame.payload);
    }
    return absl::InvalidArgumentError(
        "DERP: the relay sent another frame before it answered the login");
  }
  if (frame.type == FrameType::kPing) {
    if (frame.payload.size() < kPingSize) return MaybeEvent();
    if (transmit_.size() < kMaxQueuedBytes) {
      Queue(BuildFrame(FrameType::kPong, frame.payload.first(kPingSize)));
    }
    return MaybeEvent();
  }
  return ToEvent(frame);
}

absl::StatusOr<ClientSession::MaybeEvent> ClientSession::OnServerKey(
    Bytes payload) {
  const auto key = ParseServerKey(payload);
  if (!key.ok()) return key.status();
  if (options_.server) {
    if (*key == *options_.server) return MaybeEvent();
    return absl::InvalidArgumentError(
        "DERP: the relay's key is not the one of its certificate");
  }
  options_.server = *key;
  const absl::Status sent = SendLogin();
  if (!sent.ok()) return sent;
  return MaybeEvent();
}

absl::StatusOr<ClientSession::MaybeEvent> ClientSession::OnServerInfo(
    Instant now, Bytes payload) {
  const auto info = OpenServerInfo(payload, options_.key, *options_.server);
  if (!info.ok()) return info.status();
  limits_ = *info;
  credit_bytes_ = static_cast<double>(limits_.burst_bytes);
  credit_at_ = now;
  logged_in_ = true;
  deadline_ = now + kReadDeadline;
  if (preferred_) Queue(BuildNotePreferred(*preferred_));
  return MaybeEvent(LoggedIn{*options_.server});
}

absl::Status ClientSession::SendLogin() {
  const auto login =
      BuildClientInfo(options_.key, *options_.server, options_.info, rng_);
  if (!login) {
    return absl::InvalidArgumentError("DERP: the relay's key is unusable");
  }
  Queue(*login);
  login_sent_ = true;
  return absl::OkStatus();
}

void ClientSession::Queue(Bytes bytes) {
  transmit_.insert(transmit_.end(), bytes.begin(), bytes.end());
}

std::vector<uint8_t> ClientSession::PollTransmit() {
  return std::exchange(transmit_, {});
}

void ClientSession::SetPreferred(bool preferred) {
  preferred_ = preferred;
  if (logged_in_) Queue(BuildNotePreferred(preferred));
}

void ClientSession::Ping(const std::array<uint8_t, kPingSize>& payload) {
  Queue(BuildFrame(FrameType::kPing, payload));
}

bool ClientSession::TakeSendCredit(Instant now, size_t packet_size) {
  if (limits_.bytes_per_second == 0) return true;
  const double burst = static_cast<double>(limits_.burst_bytes);
  const double earned = absl::ToDoubleSeconds(now - credit_at_) *
                        static_cast<double>(limits_.bytes_per_second);
  credit_bytes_ = std::min(burst, credit_bytes_ + earned);
  credit_at_ = now;
  const auto cost = static_cast<double>(kPacketHeaderSize + packet_size);
  if (credit_bytes_ < cost) return false;
  credit_bytes_ -= cost;
  return true;
}

}  // namespace warren::derp
