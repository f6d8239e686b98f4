#include "client/relay/test_relay.h"

#include <utility>

#include "core/base/status_macros.h"

namespace warren::client {

TestRelay::TestRelay(io::EventLoop& loop,
                     std::shared_ptr<const io::TlsContext> tls, uint16_t port)
    : has_tls_(tls != nullptr),
      pin_(tls ? tls->pin() : ""),
      server_(
          loop, [this](TestConnection& c) { OnAccepted(c); }, tls, port) {}

derp::RelayNode TestRelay::node(const std::string& name) const {
  return {.name = name,
          .hostname = "relay.example",
          .ipv4 = "127.0.0.1",
          .ipv6 = "none",
          .stun_port = -1,
          .derp_port = server_.port(),
          .cert_name = pin_,
          .plain_http = !has_tls_};
}

TestRelay::Client* TestRelay::Find(const crypto::NodeKey& key) const {
  for (const auto& client : clients_) {
    if (client->key == key && client->connection->open()) return client.get();
  }
  return nullptr;
}

bool TestRelay::Has(const crypto::NodeKey& client) const {
  return Find(client) != nullptr;
}

std::optional<bool> TestRelay::Preferred(const crypto::NodeKey& client) const {
  const Client* found = Find(client);
  return found == nullptr ? std::nullopt : found->preferred;
}

void TestRelay::DropAll() {
  for (const auto& client : clients_) client->connection->Close();
}

void TestRelay::SendToAll(Bytes frame) {
  for (const auto& client : clients_) client->connection->Write(frame);
}

size_t TestRelay::num_open() const {
  size_t n = 0;
  for (const auto& client : clients_) n += client->connection->open();
  return n;
}

void TestRelay::OnAccepted(TestConnection& connection) {
  clients_.push_back(std::make_unique<Client>());
  Client& client = *clients_.back();
  client.connection = &connection;
  connection.on_bytes = [this, &client](Bytes bytes) {
    if (!OnBytes(client, bytes).ok()) client.connection->Close();
  };
}

absl::Status TestRelay::OnBytes(Client& client, Bytes bytes) {
  if (!client.upgraded) {
    WARREN_ASSIGN_OR_RETURN(const bool complete, client.head.Take(bytes));
    if (!complete || !manners.answers_http) return absl::OkStatus();
    WARREN_ASSIGN_OR_RETURN(const io::HttpRequest request,
                            client.head.Request());
    if (request.target == "/derp/latency-check") {
      client.connection->Write(AsBytes(io::BuildHttpResponse({})));
      client.connection->CloseWhenSent();
      return absl::OkStatus();
    }
    if (request.target != "/derp" || request.Header("Upgrade") != "DERP" ||
        request.Header("Host").empty()) {
      return absl::InvalidArgumentError("not what a client asks");
    }
    io::HttpResponse response;
    response.status = manners.http_status;
    response.headers = {{"Connection", "Upgrade"}, {"Upgrade", "DERP"}};
    client.connection->Write(AsBytes(io::BuildHttpResponse(response)));
    client.connection->Write(derp::BuildServerKey(key_.public_key()));
    client.upgraded = true;
  }
  while (true) {
    WARREN_ASSIGN_OR_RETURN(const auto frame, client.frames.Next(bytes));
    if (!frame) return absl::OkStatus();
    WARREN_RETURN_IF_ERROR(OnFrame(client, *frame));
  }
}

absl::Status TestRelay::OnLogin(Client& client, Bytes payload) {
  WARREN_ASSIGN_OR_RETURN(const derp::Login login,
                          derp::OpenClientInfo(payload, key_));
  if (!manners.answers_login) return absl::OkStatus();
  const auto info = derp::BuildServerInfo(key_, login.client, {}, rng_);
  if (!info) return absl::InvalidArgumentError("unusable key");
  client.key = login.client;
  client.connection->Write(*info);
  if (manners.throws_out) client.connection->CloseWhenSent();
  return absl::OkStatus();
}

absl::Status TestRelay::OnFrame(Client& client, const derp::Frame& frame) {
  switch (frame.type) {
    case derp::FrameType::kClientInfo:
      return OnLogin(client, frame.payload);
    case derp::FrameType::kNotePreferred:
      client.preferred = frame.payload[0] != 0;
      return absl::OkStatus();
    case derp::FrameType::kSendPacket: {
      const auto parts = derp::SplitKey(frame.payload);
      if (!parts) return absl::InvalidArgumentError("too short");
      const Client* to = Find(parts->key);
      if (to == nullptr) {
        client.connection->Write(
            derp::BuildPeerGone(parts->key, derp::GoneReason::kNotHere));
      } else {
        to->connection->Write(derp::BuildPacket(derp::FrameType::kRecvPacket,
                                                client.key, parts->rest));
      }
      return absl::OkStatus();
    }
    case derp::FrameType::kPing:
      if (manners.answers_pings) {
        client.connection->Write(derp::BuildFrame(
            derp::FrameType::kPong, frame.payload.first(derp::kPingSize)));
      }
      return absl::OkStatus();
    default:
      return absl::OkStatus();
  }
}

}  // namespace warren::client
