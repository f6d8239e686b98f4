#include "client/relay/relay_connection.h"

#include <array>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/relay/relay_dial.h"
#include "core/base/overloaded.h"
#include "core/base/status_macros.h"
#include "core/derp/frame.h"

namespace warren::client {
absl::StatusOr<std::unique_ptr<RelayConnection>> RelayConnection::Start(
    io::EventLoop& loop, Rng& rng, const derp::RelayNode& relay,
    const std::vector<net::IpAddress>& addresses,
    const crypto::NodePrivateKey& node_key, RelayCallbacks callbacks) {
  WARREN_ASSIGN_OR_RETURN(StreamTarget target, RelayTarget(relay, addresses));
  auto connection = std::unique_ptr<RelayConnection>(
      new RelayConnection(loop, rng, relay, node_key, std::move(callbacks)));
  connection->Connect(std::move(target));
  return connection;
}

RelayConnection::RelayConnection(io::EventLoop& loop, Rng& rng,
                                 const derp::RelayNode& relay,
                                 const crypto::NodePrivateKey& node_key,
                                 RelayCallbacks callbacks)
    : loop_(loop),
      rng_(rng),
      relay_(relay),
      node_key_(node_key.Clone()),
      callbacks_(std::move(callbacks)),
      connect_deadline_(loop.Now() + kConnectDeadline) {}

void RelayConnection::Connect(StreamTarget target) {
  StreamCallbacks callbacks;
  callbacks.established = [this] { SendUpgrade(); };
  callbacks.bytes = [this](Bytes bytes) { return OnBytes(bytes); };
  callbacks.closed = [this](absl::Status why) { callbacks_.closed(why); };
  stream_ = std::make_unique<ClientStream>(loop_, std::move(target),
                                           std::move(callbacks));
}

void RelayConnection::SendUpgrade() {
  io::HttpRequest request;
  request.method = "GET";
  request.target = "/derp";
  request.headers = {{"Host", RelayHostHeader(relay_)},
                     {"User-Agent", "warren"},
                     {"Connection", "Upgrade"},
                     {"Upgrade", "DERP"}};
  stream_->Write(AsBytes(io::BuildHttpRequest(request)));
  stream_->Flush();
}

absl::Status RelayConnection::OnBytes(Bytes bytes) {
  if (!session_) {
    WARREN_ASSIGN_OR_RETURN(const bool complete, head_.Take(bytes));
    if (!complete) return absl::OkStatus();
    WARREN_ASSIGN_OR_RETURN(const io::HttpResponse response, head_.Response());
    if (response.status != 101) {
      return absl::UnavailableError(
          absl::StrCat(relay_.hostname, " answered ", response.status,
                       " to the upgrade: it is not a relay"));
    }
    session_.emplace(
        derp::ClientSession::Options{
            .key = node_key_.Clone(), .info = {}, .server = std::nullopt},
        rng_, loop_.Now());
    if (preferred_) session_->SetPreferred(*preferred_);
  }
  return OnDerp(bytes);
}

absl::Status RelayConnection::OnDerp(Bytes bytes) {
  const Instant now = loop_.Now();
  absl::Status status;
  while (status.ok()) {
    const auto event = session_->Next(now, bytes);
    if (!event.ok()) {
      status = event.status();
    } else if (!*event) {
      break;
    } else {
      status = OnEvent(**event);
    }
  }
  if (status.ok()) PumpSession();
  callbacks_.drained();
  return status;
}

absl::Status RelayConnection::OnEvent(const derp::ClientEvent& event) {
  return std::visit(
      Overloaded{
          [this](const derp::LoggedIn&) {
            connect_deadline_ = Instant::Never();
            callbacks_.logged_in();
            return absl::OkStatus();
          },
          [this](const derp::PacketReceived& e) {
            callbacks_.packet(e.source, e.packet);
            return absl::OkStatus();
          },
          [this](const derp::PeerGone& e) {
            callbacks_.peer_gone(e.peer);
            return absl::OkStatus();
          },
          [this](const derp::PongReceived& e) {
            OnPong(e);
            return absl::OkStatus();
          },
          [](const derp::HealthChanged&) { return absl::OkStatus(); },
          [](const derp::KeepAliveReceived&) { return absl::OkStatus(); },
          // Reconnecting at once finds another server of the region, or this
          // one again.
          [](const derp::Restarting&) {
            return absl::UnavailableError("the relay is restarting");
          },
      },
      event);
}

void RelayConnection::PumpSession() {
  stream_->Write(session_->PollTransmit());
  stream_->Flush();
}

bool RelayConnection::Send(Instant now, const crypto::NodeKey& destination,
                           Bytes packet) {
  if (!logged_in() || stream_->backlog() > kMaxBacklog ||
      !session_->TakeSendCredit(now, packet.size())) {
    return false;
  }
  std::array<uint8_t, derp::kPacketHeaderSize> header;
  derp::PutPacketHeader(header, derp::FrameType::kSendPacket, destination,
                        static_cast<uint32_t>(packet.size()));
  stream_->Write(header);
  stream_->Write(packet);
  return true;
}

void RelayConnection::Flush() { stream_->Flush(); }

void RelayConnection::SetPreferred(bool preferred) {
  preferred_ = preferred;
  if (!session_) return;
  session_->SetPreferred(preferred);
  PumpSession();
}

void RelayConnection::Check(Instant now) {
  if (!logged_in()) return;  // has a deadline already
  Ping ping;
  rng_.Fill(ping.payload);
  ping.deadline = now + kPongDeadline;
  session_->Ping(ping.payload);
  ping_ = ping;
  PumpSession();
}

void RelayConnection::OnPong(const derp::PongReceived& pong) {
  if (ping_ && ping_->payload == pong.payload) ping_.reset();
}

Instant RelayConnection::Next() const {
  Instant next = std::min(connect_deadline_, stream_->Next());
  if (ping_) next = std::min(next, ping_->deadline);
  return session_ ? std::min(next, session_->Deadline()) : next;
}

void RelayConnection::OnTimeout(Instant now) {
  if (now >= connect_deadline_ || (session_ && now >= session_->Deadline())) {
    stream_->Fail(absl::UnavailableError(absl::StrCat(
        relay_.hostname,
        logged_in() ? " has been silent for too long" : " does not answer")));
  }
  if (ping_ && now >= ping_->deadline) {
    ping_.reset();
    stream_->Fail(absl::AbortedError(absl::StrCat(
        relay_.hostname, " does not answer since the network has changed")));
  }
  // The last thing done here: `closed` may destroy this object.
  stream_->OnTimeout(now);
}

}  // namespace warren::client
