#ifndef WARREN_CORE_SIM_SIM_RELAY_H_
#define WARREN_CORE_SIM_SIM_RELAY_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/derp/relay_map.h"
#include "core/relay/relay.h"
#include "core/sim/network.h"
#include "core/sim/world.h"

namespace warren::sim {

// A relay: the real core/relay behind streams that lose nothing, and STUN on
// its UDP socket. The login is skipped: a connection is logged in when it is
// there.
class SimRelay {
 public:
  // The client's end of a connection. None is called after Close().
  struct Client {
    crypto::NodeKey key;
    absl::Duration delay;  // of its link
    std::function<void()> on_connected;
    std::function<void()> on_closed;
    std::function<void(Bytes)> on_bytes;
  };
  using ConnectionId = uint64_t;

  SimRelay(World& world, Network& network, RelayId id);

  // As the netmap tells it.
  derp::RelayRegion region() const;
  const Host& host() const { return host_; }
  Host& host() { return host_; }

  // Connects, or tells `on_closed` while the relay is down.
  ConnectionId Connect(Client client);
  void Send(ConnectionId connection, std::vector<uint8_t> bytes);
  void Close(ConnectionId connection);
  // Every connection breaks; for `down` none is accepted, and STUN is silent.
  void Restart(absl::Duration down);
  uint64_t num_connections() const { return connections_.size(); }
  bool up() const { return world_.now() >= up_at_; }
  absl::Duration RoundTrip(const Link& link) const {
    return 2 * (link.delay + host_.link.delay);
  }

 private:
  struct Connection {
    Client client;
    relay::ClientId id;
    bool open = false;
  };
  void Accept(ConnectionId connection);
  void Receive(ConnectionId connection, Bytes bytes);
  void Pump();
  void ScheduleWake();
  void AnswerStun(const net::Endpoint& from, Bytes datagram);
  absl::Duration DelayOf(const Client& client) const;
  std::map<ConnectionId, Connection>::iterator Find(relay::ClientId id);

  World& world_;
  Network& network_;
  const RelayId id_;
  Host& host_;
  crypto::NodePrivateKey key_;
  std::unique_ptr<relay::Relay> relay_;
  std::map<ConnectionId, Connection> connections_;
  ConnectionId last_connection_ = 0;
  Instant up_at_ = Instant::LongAgo();
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_SIM_RELAY_H_
