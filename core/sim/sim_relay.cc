#include "core/sim/sim_relay.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/stun/stun.h"

namespace warren::sim {
namespace {

constexpr size_t kMaxTake = 1 << 20;
constexpr uint16_t kOtherSocket = 1;  // of STUN (RFC 5780)

}  // namespace

SimRelay::SimRelay(World& world, Network& network, RelayId id)
    : world_(world),
      network_(network),
      id_(id),
      host_(network.AddHost(absl::StrCat("relay-", id.value()),
                            network.AddSite({.v6 = true}))),
      key_(crypto::NodePrivateKey::Generate(world.rng())),
      relay_(
          std::make_unique<relay::Relay>(relay::Config(), key_, world.rng())) {
  host_.port = derp::kDefaultStunPort;
  host_.more_ports[kOtherSocket] = derp::kDefaultStunPort + 1;
  host_.receive = [this](const net::Endpoint& from,
                         std::vector<uint8_t> bytes) {
    AnswerStun(from, bytes);
  };
}

derp::RelayRegion SimRelay::region() const {
  derp::RelayRegion region;
  region.id = id_;
  region.code = host_.name;
  derp::RelayNode& node = region.nodes.emplace_back();
  node.name = host_.name;
  node.hostname = host_.name;
  node.ipv4 = host_.address.ToString();
  node.ipv6 = host_.address6->ToString();
  return region;
}

SimRelay::ConnectionId SimRelay::Connect(Client client) {
  const ConnectionId connection = ++last_connection_;
  // TCP and TLS: two round trips before the login is through.
  const absl::Duration wait = 4 * DelayOf(client);
  connections_.emplace(connection, Connection{std::move(client), {}, false});
  world_.After(wait, [this, connection] { Accept(connection); });
  return connection;
}

void SimRelay::Accept(ConnectionId connection) {
  const auto it = connections_.find(connection);
  if (it == connections_.end()) return;
  if (world_.now() < up_at_) {
    const auto on_closed = it->second.client.on_closed;
    connections_.erase(it);
    return on_closed();
  }
  const auto id = relay_->Register(world_.now(), it->second.client.key);
  WARREN_CHECK(id.ok());
  it->second.id = *id;
  it->second.open = true;
  it->second.client.on_connected();
  Pump();
}

void SimRelay::Send(ConnectionId connection, std::vector<uint8_t> bytes) {
  const auto it = connections_.find(connection);
  if (it == connections_.end()) return;
  world_.After(DelayOf(it->second.client),
               [this, connection, bytes = std::move(bytes)] {
                 Receive(connection, bytes);
               });
}

void SimRelay::Close(ConnectionId connection) {
  const auto it = connections_.find(connection);
  if (it == connections_.end()) return;
  if (it->second.open) relay_->OnDisconnected(it->second.id);
  connections_.erase(it);
  Pump();
}

void SimRelay::Restart(absl::Duration down) {
  up_at_ = world_.now() + down;
  relay_ = std::make_unique<relay::Relay>(relay::Config(), key_, world_.rng());
  auto broken = std::move(connections_);
  connections_.clear();
  for (auto& [id, connection] : broken) connection.client.on_closed();
}

void SimRelay::Receive(ConnectionId connection, Bytes bytes) {
  const auto it = connections_.find(connection);
  if (it == connections_.end() || !it->second.open) return;
  while (relay_->FromClient(world_.now(), it->second.id, bytes) ==
         relay::Progress::kDrainFirst) {
    Pump();
  }
  Pump();
}

void SimRelay::Pump() {
  while (const auto closed = relay_->PollClosed()) {
    const auto it = Find(closed->client);
    if (it == connections_.end()) continue;
    const auto on_closed = it->second.client.on_closed;
    connections_.erase(it);
    on_closed();
  }
  while (const auto ready = relay_->PollReady()) {
    relay::FrameBytes out;
    while (relay_->TakeOutput(*ready, kMaxTake, out)) {
    }
    const auto it = Find(*ready);
    if (it == connections_.end() || out.empty()) continue;
    const ConnectionId connection = it->first;
    world_.After(DelayOf(it->second.client),
                 [this, connection, out = std::move(out)] {
                   const auto to = connections_.find(connection);
                   if (to != connections_.end())
                     to->second.client.on_bytes(out);
                 });
  }
  ScheduleWake();
}

void SimRelay::ScheduleWake() {
  const Instant next = relay_->Next();
  if (next.IsNever()) return;
  world_.At(next, [this, next] {
    if (relay_->Next() != next) return;  // A later wake-up is scheduled.
    relay_->OnTimeout(world_.now());
    Pump();
  });
}

void SimRelay::AnswerStun(const net::Endpoint& from, Bytes datagram) {
  if (world_.now() < up_at_) return;
  const auto request =
      stun::ParseRequest(datagram, stun::Answer::kTailnetClients);
  if (!request) return;
  const uint16_t here = from.socket();
  const uint16_t there = here == kOtherSocket ? 0 : kOtherSocket;
  const stun::ResponseBytes answer =
      stun::BuildResponse(*request, from, *host_.PortOf(there));
  network_.SendUdp(host_, from.Through(request->change_port ? there : here),
                   {answer.view().begin(), answer.view().end()});
}

absl::Duration SimRelay::DelayOf(const Client& client) const {
  return client.delay + host_.link.delay;
}

std::map<SimRelay::ConnectionId, SimRelay::Connection>::iterator SimRelay::Find(
    relay::ClientId id) {
  return std::ranges::find_if(connections_, [id](const auto& entry) {
    return entry.second.open && entry.second.id == id;
  });
}

}  // namespace warren::sim
