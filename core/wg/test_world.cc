#include "core/wg/test_world.h"

#include <algorithm>
#include <utility>

#include "core/base/check.h"

namespace warren::wg {
namespace {

net::IpAddress Ip(absl::string_view text) {
  return *net::IpAddress::Parse(text);
}

// Unix time of the world's beginning.
constexpr absl::Duration kUnixStart = absl::Seconds(1700000000);

}  // namespace

Octets InnerPacket(absl::string_view source, absl::string_view destination,
                   absl::string_view payload) {
  const auto from = Ip(source), to = Ip(destination);
  const bool v4 = from.is_v4();
  Octets packet(v4 ? 20 : 40);
  packet[0] = v4 ? 0x45 : 0x60;
  const size_t length = payload.size() + (v4 ? packet.size() : 0);
  StoreBe16(packet.data() + (v4 ? 2 : 4), static_cast<uint16_t>(length));
  packet[v4 ? 9 : 6] = 253;
  std::copy(from.bytes().begin(), from.bytes().end(),
            packet.begin() + (v4 ? 12 : 8));
  std::copy(to.bytes().begin(), to.bytes().end(),
            packet.begin() + (v4 ? 16 : 24));
  packet.insert(packet.end(), payload.begin(), payload.end());
  return packet;
}

Buffer::Buffer(Bytes bytes)
    : bytes_(net::kSealHeadroom + bytes.size() + net::kSealTailroom) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + net::kSealHeadroom);
  packet_.data = bytes_.data() + net::kSealHeadroom;
  packet_.size = static_cast<uint32_t>(bytes.size());
  packet_.headroom = net::kSealHeadroom;
  packet_.tailroom = net::kSealTailroom;
}

Node::Node(World& its_world, uint8_t key_start,
           const net::Endpoint& its_endpoint, const DeviceConfig& config)
    : world(its_world),
      device(config, its_world.rng, its_world.now, kUnixStart),
      endpoint(its_endpoint) {
  std::array<uint8_t, 32> bytes;
  for (uint8_t& byte : bytes) byte = key_start++;
  device.SetPrivateKey(its_world.now, crypto::NodePrivateKey::FromBytes(bytes));
}

void Node::Send(Bytes inner) {
  Buffer buffer(inner);
  net::PacketBatch plain, to_send;
  plain.Add(buffer.packet());
  device.Seal(world.now, plain, to_send);
  for (const net::Packet& packet : to_send) {
    world.Put({endpoint, packet.endpoint,
               Octets(packet.data, packet.data + packet.size)});
  }
  Drain();
}

void Node::Receive(const Datagram& datagram) {
  Buffer buffer(datagram.bytes);
  buffer.packet().endpoint = datagram.from;
  net::PacketBatch datagrams, plain;
  datagrams.Add(buffer.packet());
  device.Open(world.now, datagrams, plain);
  for (const net::Packet& packet : plain) {
    inbox.emplace_back(packet.data, packet.data + packet.size);
    inbox_packets.push_back(packet);
  }
  Drain();
}

void Node::Drain() {
  net::PacketBatch batch;
  do {
    batch.clear();
    device.PollTransmit(batch);
    for (const net::Packet& packet : batch) {
      world.Put({endpoint, packet.endpoint,
                 Octets(packet.data, packet.data + packet.size)});
    }
  } while (!batch.empty());
  while (auto event = device.PollEvent()) events.push_back(*event);
}

Node& World::Add(uint8_t key, absl::string_view endpoint, DeviceConfig config) {
  nodes.push_back(std::make_unique<Node>(
      *this, key, *net::Endpoint::Parse(endpoint), config));
  return *nodes.back();
}

void World::Link(Node& a, absl::string_view a_prefix, Node& b,
                 absl::string_view b_prefix) {
  const auto add = [this](Node& to, Node& peer, absl::string_view prefix) {
    PeerConfig config;
    config.key = peer.key();
    config.endpoint = peer.endpoint;
    config.allowed_ips = {*net::IpPrefix::Parse(prefix)};
    WARREN_CHECK(to.device.AddPeer(now, std::move(config)).ok());
  };
  add(a, b, b_prefix);
  add(b, a, a_prefix);
}

void World::Put(Datagram datagram) {
  sent.emplace_back(now, datagram);
  std::vector<absl::Duration> arrivals = {absl::ZeroDuration()};
  if (fate) arrivals = fate(datagram);
  for (const absl::Duration after : arrivals) {
    flying_.emplace_back(now + after, sequence_++, datagram);
  }
}

Node* World::NodeAt(const net::Endpoint& endpoint) {
  for (const auto& node : nodes) {
    if (node->endpoint == endpoint) return node.get();
  }
  return nullptr;
}

void World::RunFor(absl::Duration duration) {
  const Instant until = now + duration;
  while (now < until) Step(until);
}

void World::Step(Instant until) {
  const auto first = std::min_element(
      flying_.begin(), flying_.end(), [](const Flight& a, const Flight& b) {
        return std::tie(std::get<0>(a), std::get<1>(a)) <
               std::tie(std::get<0>(b), std::get<1>(b));
      });
  Instant next = until;
  for (const auto& node : nodes) {
    next = std::min(next, node->device.Next().at);
  }
  if (first != flying_.end() && std::get<0>(*first) <= next) {
    now = std::max(now, std::get<0>(*first));
    const Datagram datagram = std::move(std::get<2>(*first));
    flying_.erase(first);
    if (Node* node = NodeAt(datagram.to)) node->Receive(datagram);
    return;
  }
  now = std::max(now, next);
  for (const auto& node : nodes) {
    if (node->device.Next().at > now) continue;
    node->device.OnTimeout(now);
    node->Drain();
  }
}

size_t World::CountSent(const Node& node, uint8_t type) const {
  size_t count = 0;
  for (const auto& [at, datagram] : sent) {
    count += datagram.from == node.endpoint && datagram.type() == type;
  }
  return count;
}

}  // namespace warren::wg
