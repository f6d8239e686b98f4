#include "core/sim/sim_node.h"

#include <algorithm>
#include <array>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/check.h"
#include "core/net/ip_packet.h"

namespace warren::sim {
namespace {

constexpr size_t kRoom = 64;  // around a packet of the app
constexpr absl::Duration kRedial = absl::Seconds(1);
constexpr uint16_t kAppPort = 7;

std::vector<uint8_t> UdpPacket(const net::IpAddress& from,
                               const net::IpAddress& to,
                               absl::string_view text) {
  const auto size = static_cast<uint16_t>(text.size());
  ByteWriter w;
  w.U16(0x4500).U16(static_cast<uint16_t>(28 + size)).U32(0).U8(64).U8(17);
  w.U16(0).Append(from.bytes()).Append(to.bytes());
  w.U16(kAppPort).U16(kAppPort).U16(static_cast<uint16_t>(8 + size)).U16(0);
  w.Append(AsBytes(text));
  return std::move(w).Take();
}

// A batch of one packet in `bytes`, with `room` before and behind it.
net::PacketBatch BatchOf(std::vector<uint8_t>& bytes, size_t room) {
  net::Packet packet;
  packet.data = bytes.data() + room;
  packet.size = static_cast<uint32_t>(bytes.size() - 2 * room);
  packet.headroom = packet.tailroom = static_cast<uint16_t>(room);
  net::PacketBatch batch;
  batch.Add(packet);
  return batch;
}

}  // namespace

SimNode::SimNode(World& world, Network& network, Host& host, NodeId id,
                 NodeHooks hooks)
    : world_(world),
      network_(network),
      host_(host),
      id_(id),
      hooks_(std::move(hooks)),
      key_(crypto::NodePrivateKey::Generate(world.rng())) {
  host_.receive = [this](const net::Endpoint& from, std::vector<uint8_t> b) {
    InjectUdp(from, std::move(b));
  };
  Start();
}

net::IpAddress SimNode::address() const {
  return net::IpAddress::V4(0x64400000 + static_cast<uint32_t>(id_.value()));
}

void SimNode::Send(const SimNode& to, absl::string_view text) {
  SendPacket(UdpPacket(address(), to.address(), text));
}

void SimNode::SendPacket(std::vector<uint8_t> packet) {
  if (asleep_) return;
  packet.insert(packet.begin(), kRoom, 0);
  packet.insert(packet.end(), kRoom, 0);
  net::PacketBatch plain = BatchOf(packet, kRoom);
  net::PacketBatch to_send;
  engine_->FromTun(world_.now(), plain, to_send);
  Transmit(to_send);
  Drain();
}

std::vector<SimNode::Received> SimNode::TakeInbox() {
  std::vector<Received> taken;
  for (size_t i = 0; i < inbox_.size(); ++i) {
    taken.push_back({inbox_times_[i], std::move(inbox_[i])});
  }
  inbox_.clear();
  inbox_times_.clear();
  return taken;
}

engine::Path SimNode::PathTo(const SimNode& peer) const {
  const auto status = engine_->peer(peer.id());
  return status ? status->path : engine::Path();
}

bool SimNode::IsDirectTo(const SimNode& peer) const {
  return PathTo(peer).kind == engine::PathKind::kDirect;
}

void SimNode::Restart() {
  for (auto& [id, link] : relays_) {
    if (link.connection) link.relay->Close(*link.connection);
  }
  relays_.clear();
  host_.more_ports.clear();
  latest_stamp_ = engine_->latest_wg_stamp();
  engine_.reset();
  Start();
}

void SimNode::InjectUdp(const net::Endpoint& from, std::vector<uint8_t> bytes) {
  if (asleep_) return;
  net::PacketBatch datagrams = BatchOf(bytes, 0);
  datagrams[0].endpoint = from;
  net::PacketBatch to_tun;
  engine_->FromUdp(world_.now(), datagrams, to_tun);
  Deliver(to_tun);
  Drain();
}

void SimNode::With(
    const std::function<void(engine::Engine&, Instant)>& action) {
  action(*engine_, world_.now());
  Drain();
}

void SimNode::Start() {
  rngs_.push_back(std::make_unique<SeededRng>(world_.rng().U64()));
  // As a daemon does that keeps the latest stamp: the clock may be wrong.
  const absl::Duration unix_now =
      std::max(world_.unix_now() + clock_step_, latest_stamp_);
  engine_ =
      std::make_unique<engine::Engine>(engine::EngineConfig{key_.Clone()},
                                       *rngs_.back(), world_.now(), unix_now);
  TellLink();
  // The constructor's caller must be able to store us before we report.
  world_.After(absl::ZeroDuration(), [this] {
    if (online()) hooks_.report();
    Drain();
  });
}

void SimNode::TellLink() {
  engine::LinkState link;
  // Both sockets are there, whether or not they have a way out.
  link.udp4_port = link.udp6_port = host_.port;
  const Site& site = *host_.site;
  if (host_.up && host_.has_v4()) {
    link.addresses.push_back(host_.address);
    link.default_v4_interface = host_.interface;
    if (site.nat() != nullptr) {
      link.gateway = {site.gateway(), host_.address};
    }
  }
  if (host_.up && host_.address6) {
    link.addresses.push_back(*host_.address6);
    link.default_v6_interface = host_.interface;
    if (site.kind().nat64) link.nat64_prefix = Nat64Address(net::IpAddress());
  }
  engine_->OnLinkChange(world_.now(), link);
}

void SimNode::Roam(const NatKind& kind) {
  Roam(network_.AddSite({.nat = kind}));
}

void SimNode::Roam(Site& site) {
  network_.Move(host_, site);
  BreakRelayLinks();
  TellLink();
  Drain();
}

void SimNode::SetUp(bool up) {
  if (up == host_.up) return;
  host_.up = up;
  BreakRelayLinks();
  TellLink();
  if (online()) hooks_.report();
  Drain();
}

void SimNode::SetV6(bool on) {
  network_.SetV6(host_, on);
  TellLink();
  Drain();
}

void SimNode::Sleep(absl::Duration duration) {
  asleep_ = true;
  world_.After(duration, [this] { Wake(); });
}

void SimNode::Wake() {
  asleep_ = false;
  BreakRelayLinks();
  // The monitor looks at once; nothing need have changed.
  TellLink();
  if (engine_->Next().at <= world_.now()) engine_->OnTimeout(world_.now());
  if (online()) hooks_.report();
  Drain();
}

void SimNode::StepClock(absl::Duration by) {
  clock_step_ += by;
  engine_->OnUnixTime(world_.now(), world_.unix_now() + clock_step_);
  Drain();
}

void SimNode::BreakRelayLinks() {
  for (auto& [id, link] : relays_) {
    if (link.connection) {
      link.relay->Close(*link.connection);
      link.connection.reset();
    }
    if (link.connected) {
      link.connected = false;
      engine_->OnRelayDisconnected(world_.now(), id);
    }
    if (link.wanted) Dial(id);
  }
}

void SimNode::Drain() {
  for (bool more = true; more;) {
    while (auto event = engine_->PollEvent()) OnEvent(*event);
    net::PacketBatch to_send;
    engine_->PollTransmit(to_send);
    more = !to_send.empty();
    Transmit(to_send);
  }
  net::PacketBatch to_tun;
  engine_->PollToTun(to_tun);
  Deliver(to_tun);
  while (auto event = engine_->PollEvent()) OnEvent(*event);
  ScheduleWake();
}

void SimNode::Transmit(const net::PacketBatch& batch) {
  for (const net::Packet& packet : batch) {
    WARREN_CHECK(packet.endpoint.IsSet());
    if (packet.endpoint.IsRelay()) {
      TransmitByRelay(packet);
    } else if (packet.endpoint.socket() != net::Endpoint::kMainSocket &&
               packet.endpoint.address().is_v6()) {
      continue;  // The other sockets are of IPv4.
    } else {
      network_.SendUdp(host_, packet.endpoint,
                       {packet.data, packet.data + packet.size});
    }
  }
}

void SimNode::TransmitByRelay(const net::Packet& packet) {
  const crypto::NodeKey* key = engine_->KeyOf(packet.peer);
  if (key == nullptr) return;  // The peer was removed meanwhile.
  RelayLink& link = relays_[packet.endpoint.relay()];
  if (world_.keeps_trace()) {
    world_.Note(absl::StrCat(host_.name, " => ", packet.endpoint.ToString(),
                             " for peer ", packet.peer, ", ", packet.size,
                             " B, first ", *packet.data,
                             link.connected ? "" : ", not connected"));
  }
  auto frame =
      derp::BuildPacket(derp::FrameType::kSendPacket, *key, packet.bytes());
  // As client/relay does: what cannot go out now is dropped.
  if (link.connected) link.relay->Send(*link.connection, std::move(frame));
}

void SimNode::OnEvent(const engine::EngineEvent& event) {
  events_.push_back(event);
  if (const auto* wanted = std::get_if<engine::RelayWanted>(&event)) {
    RelayLink& link = relays_[wanted->relay];
    link.wanted = wanted->wanted;
    if (wanted->wanted && !link.connection) Dial(wanted->relay);
    if (!wanted->wanted && link.connection) {
      link.relay->Close(*link.connection);
      link.connection.reset();
      link.connected = false;
      const RelayId relay = wanted->relay;
      engine_->OnRelayDisconnected(world_.now(), relay);
    }
  } else if (std::holds_alternative<engine::EndpointsChanged>(event) ||
             std::holds_alternative<engine::HomeRelayChanged>(event)) {
    if (online()) hooks_.report();
  } else if (const auto* exchange =
                 std::get_if<engine::ExchangeWanted>(&event)) {
    Answer(*exchange);
  } else if (const auto* latency =
                 std::get_if<engine::RelayLatencyWanted>(&event)) {
    Answer(*latency);
  } else if (const auto* sockets = std::get_if<engine::SocketsWanted>(&event)) {
    OpenSockets(*sockets);
  } else if (const auto* path = std::get_if<engine::PathChanged>(&event)) {
    if (hooks_.path) hooks_.path(*path);
    if (!world_.keeps_trace()) return;
    world_.Note(absl::StrCat(host_.name, " path to ", path->peer.value(), ": ",
                             path->path.endpoint.ToString()));
  }
}

void SimNode::OpenSockets(const engine::SocketsWanted& wanted) {
  for (uint16_t i = 0; i < wanted.count; ++i) {
    const auto socket = static_cast<uint16_t>(wanted.first + i);
    host_.more_ports.erase(socket);
    if (!wanted.wanted) continue;
    // As a kernel gives them: from its range of ephemeral ports.
    uint16_t port = 0;
    do {
      port = static_cast<uint16_t>(32768 + world_.rng().Below(28232));
    } while (host_.SocketOf(port));
    host_.more_ports[socket] = port;
  }
}

void SimNode::Answer(const engine::ExchangeWanted& wanted) {
  // No host of this internet speaks TCP but to relays.
  world_.After(2 * host_.link.delay, [this, id = wanted.id] {
    engine_->OnExchange(world_.now(), id,
                        absl::UnavailableError("connection refused"));
    Drain();
  });
}

void SimNode::Answer(const engine::RelayLatencyWanted& wanted) {
  for (const RelayId relay : wanted.relays) {
    const absl::Duration latency = hooks_.relay(relay)->RoundTrip(host_.link);
    world_.After(2 * latency, [this, relay, latency] {
      const bool reachable = online() && hooks_.relay(relay)->up();
      engine_->OnRelayLatency(
          world_.now(), relay,
          reachable ? std::optional(latency) : std::nullopt);
      Drain();
    });
  }
}

void SimNode::Dial(RelayId relay) {
  if (!online()) {
    return world_.After(kRedial, [this, relay] { DialIfWanted(relay); });
  }
  RelayLink& link = relays_[relay];
  link.relay = hooks_.relay(relay);
  link.reader = derp::FrameReader(derp::Reader::kClient);
  SimRelay::Client client;
  client.key = key_.public_key();
  client.delay = host_.link.delay;
  client.on_connected = [this, relay] {
    if (!online()) return;
    RelayLink& up = relays_[relay];
    up.connected = true;
    engine_->OnRelayConnected(world_.now(), relay);
    Drain();
  };
  client.on_closed = [this, relay] { OnRelayClosed(relay); };
  client.on_bytes = [this, relay](Bytes bytes) { OnRelayBytes(relay, bytes); };
  link.connection = link.relay->Connect(std::move(client));
}

void SimNode::OnRelayClosed(RelayId relay) {
  RelayLink& link = relays_[relay];
  link.connection.reset();
  if (asleep_) return;
  if (link.connected) {
    link.connected = false;
    engine_->OnRelayDisconnected(world_.now(), relay);
    Drain();
  }
  world_.After(kRedial, [this, relay] { DialIfWanted(relay); });
}

void SimNode::DialIfWanted(RelayId relay) {
  const RelayLink& link = relays_[relay];
  if (link.wanted && !link.connection && !asleep_) Dial(relay);
}

void SimNode::OnRelayBytes(RelayId relay, Bytes bytes) {
  if (!online()) return;  // Wake() ends this connection.
  while (true) {
    const auto frame = relays_[relay].reader.Next(bytes);
    WARREN_CHECK(frame.ok());
    if (!*frame) return;
    const auto parts = derp::SplitKey((*frame)->payload);
    if (!parts) continue;
    if ((*frame)->type == derp::FrameType::kPeerGone) {
      engine_->OnRelayPeerGone(world_.now(), relay, parts->key);
    } else if ((*frame)->type == derp::FrameType::kRecvPacket) {
      std::vector<uint8_t> copy(parts->rest.begin(), parts->rest.end());
      net::PacketBatch frames = BatchOf(copy, 0);
      frames[0].peer = engine_->FindPeer(parts->key);
      net::PacketBatch to_tun;
      engine_->FromRelay(world_.now(), relay, frames, to_tun);
      Deliver(to_tun);
    }
    Drain();
  }
}

void SimNode::Deliver(const net::PacketBatch& to_tun) {
  for (const net::Packet& packet : to_tun) {
    net::IpPacket ip;
    WARREN_CHECK(net::ParseIp(packet.bytes(), ip) == net::IpError::kNone);
    ++num_received_;
    if (!keeps_texts_ || ip.payload.size() < 8) continue;
    const absl::string_view text = AsText(ip.payload.subspan(8));
    inbox_.emplace_back(text);
    inbox_times_.push_back(world_.now());
    if (world_.keeps_trace()) {
      world_.Note(absl::StrCat(host_.name, " app got ", text));
    }
  }
}

void SimNode::ScheduleWake() {
  if (asleep_) return;
  const Instant next = engine_->Next().at;
  if (next >= wake_at_) return;
  wake_at_ = next;
  world_.At(next, [this, next] {
    if (wake_at_ != next) return;  // An earlier wake-up took its place.
    wake_at_ = Instant::Never();
    if (asleep_) return;
    if (engine_->Next().at <= world_.now()) engine_->OnTimeout(world_.now());
    Drain();
  });
}

}  // namespace warren::sim
