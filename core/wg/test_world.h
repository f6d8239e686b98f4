#ifndef WARREN_CORE_WG_TEST_WORLD_H_
#define WARREN_CORE_WG_TEST_WORLD_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/net/ip.h"
#include "core/wg/device.h"

namespace warren::wg {

using Octets = std::vector<uint8_t>;

// An IPv4 or IPv6 packet of protocol 253 around `payload`.
Octets InnerPacket(absl::string_view source, absl::string_view destination,
                   absl::string_view payload);
// A packet of a batch over bytes with room around them.
class Buffer {
 public:
  explicit Buffer(Bytes bytes);
  net::Packet& packet() { return packet_; }

 private:
  Octets bytes_;
  net::Packet packet_;
};

// What is on the wire.
struct Datagram {
  net::Endpoint from;
  net::Endpoint to;
  Octets bytes;
  uint8_t type() const { return bytes.empty() ? 0 : bytes[0]; }
};

class World;

// A device and its driver: arrays where a program has a TUN and a socket.
class Node {
 public:
  Node(World& world, uint8_t key, const net::Endpoint& endpoint,
       const DeviceConfig& config);

  // Seals a packet of the app and puts it on the wire.
  void Send(Bytes inner);
  void Send(absl::string_view source, absl::string_view destination,
            absl::string_view payload) {
    Send(InnerPacket(source, destination, payload));
  }
  // A datagram arrives.
  void Receive(const Datagram& datagram);
  // Puts on the wire, and keeps events, until the device has nothing more.
  void Drain();

  template <class Event>
  size_t Count() const {
    size_t count = 0;
    for (const auto& e : events) count += std::holds_alternative<Event>(e);
    return count;
  }
  uint64_t dropped(Drop reason) const {
    return device.counters().dropped(reason);
  }
  const crypto::NodeKey& key() const {
    return device.private_key()->public_key();
  }

  World& world;
  Device device;
  net::Endpoint endpoint;  // of its socket; tests move it
  std::vector<Octets> inbox;
  std::vector<net::Packet> inbox_packets;  // the same; bytes are gone
  std::vector<DeviceEvent> events;
};

// Nodes, a wire between them and virtual time, which starts at 1 h.
class World {
 public:
  explicit World(uint64_t seed = 1) : rng(seed), noise(seed + 1) {}

  Node& Add(uint8_t key, absl::string_view endpoint, DeviceConfig config = {});
  // Makes each a peer of the other, with these allowed-ips.
  void Link(Node& a, absl::string_view a_prefix, Node& b,
            absl::string_view b_prefix);
  void Put(Datagram datagram);
  // Delivers and lets deadlines pass until `duration` is over.
  void RunFor(absl::Duration duration);
  // Delivers what is on the wire and what answers it, in almost no time.
  void Settle() { RunFor(absl::Milliseconds(1)); }

  // Everything that was ever put on the wire, lost or not.
  size_t CountSent(const Node& node, uint8_t type) const;

  Instant now = Instant::FromEpoch(absl::Hours(1));
  SeededRng rng;    // the devices'
  SeededRng noise;  // the wire's
  // What happens to a datagram: how often it arrives, each time after how
  // long. By default once and at once.
  std::function<std::vector<absl::Duration>(const Datagram&)> fate;
  std::vector<std::pair<Instant, Datagram>> sent;
  std::vector<std::unique_ptr<Node>> nodes;

 private:
  Node* NodeAt(const net::Endpoint& endpoint);
  void Step(Instant until);

  using Flight = std::tuple<Instant, uint64_t, Datagram>;
  std::vector<Flight> flying_;  // unordered
  uint64_t sequence_ = 0;
};

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_TEST_WORLD_H_
