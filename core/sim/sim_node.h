#ifndef WARREN_CORE_SIM_SIM_NODE_H_
#define WARREN_CORE_SIM_SIM_NODE_H_

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/derp/frame.h"
#include "core/engine/engine.h"
#include "core/net/packet_batch.h"
#include "core/sim/network.h"
#include "core/sim/sim_relay.h"
#include "core/sim/world.h"

namespace warren::sim {

// What a node tells control, and where it finds its relays.
struct NodeHooks {
  std::function<void()> report;  // endpoints, home relay or disco key changed
  std::function<SimRelay*(RelayId)> relay;
  // Traffic takes another way; may be empty.
  std::function<void(const engine::PathChanged&)> path = nullptr;
};

// A device: a real Engine, driven as client/daemon drives it, on a host of the
// network. Its app sends and receives texts, as UDP packets in the tunnel.
class SimNode {
 public:
  // `id` also makes its tunnel address, 100.64.0.<id>.
  SimNode(World& world, Network& network, Host& host, NodeId id,
          NodeHooks hooks);

  NodeId id() const { return id_; }
  net::IpAddress address() const;
  Host& host() { return host_; }
  const Host& host() const { return host_; }
  const crypto::NodePrivateKey& key() const { return key_; }
  engine::Engine& engine() { return *engine_; }

  // The app sends `text` to `to`.
  void Send(const SimNode& to, absl::string_view text);
  void SendPacket(std::vector<uint8_t> packet);
  // What the app received, oldest first.
  const std::vector<std::string>& inbox() const { return inbox_; }
  // The same with times; empties the inbox.
  struct Received {
    Instant at;
    std::string text;
  };
  std::vector<Received> TakeInbox();
  size_t num_received() const { return num_received_; }
  // Keeps the count only: for hours of traffic.
  void KeepOnlyCounts() { keeps_texts_ = false; }

  engine::Path PathTo(const SimNode& peer) const;
  bool IsDirectTo(const SimNode& peer) const;
  const std::vector<engine::EngineEvent>& events() const { return events_; }

  // The process ends and starts anew: same node key, everything else new.
  void Restart();
  // The device is in another network now, and notices.
  void Roam(const NatKind& kind);
  void Roam(Site& site);
  // Its interface goes down or comes up; it notices at once.
  void SetUp(bool up);
  // It loses its IPv6 address, or gets a new one.
  void SetV6(bool on);
  // The device sleeps: nothing runs and nothing arrives, until it wakes.
  void Sleep(absl::Duration duration);
  bool asleep() const { return asleep_; }
  // Neither down nor asleep: control and relays reach it.
  bool online() const { return host_.up && !asleep_; }
  // Somebody sets the wall clock forward, or back.
  void StepClock(absl::Duration by);
  // A datagram from somewhere, as if the network had delivered it.
  void InjectUdp(const net::Endpoint& from, std::vector<uint8_t> bytes);
  // Does something with the engine, then what a driver does after.
  void With(const std::function<void(engine::Engine&, Instant)>& action);

 private:
  struct RelayLink {
    SimRelay* relay = nullptr;
    std::optional<SimRelay::ConnectionId> connection;
    bool connected = false;
    bool wanted = false;
    derp::FrameReader reader{derp::Reader::kClient};
  };
  void Start();
  void TellLink();
  // TCP does not survive another address; a driver notices and dials again.
  void BreakRelayLinks();
  void Wake();
  void Answer(const engine::ExchangeWanted& wanted);
  void Answer(const engine::RelayLatencyWanted& wanted);
  void Drain();
  void Transmit(const net::PacketBatch& batch);
  void TransmitByRelay(const net::Packet& packet);
  void OnEvent(const engine::EngineEvent& event);
  void OpenSockets(const engine::SocketsWanted& wanted);
  void Dial(RelayId relay);
  void DialIfWanted(RelayId relay);
  void OnRelayClosed(RelayId relay);
  void OnRelayBytes(RelayId relay, Bytes bytes);
  void Deliver(const net::PacketBatch& to_tun);
  void ScheduleWake();

  World& world_;
  Network& network_;
  Host& host_;
  const NodeId id_;
  const NodeHooks hooks_;
  crypto::NodePrivateKey key_;
  std::vector<std::unique_ptr<SeededRng>> rngs_;  // one for each start
  std::unique_ptr<engine::Engine> engine_;
  std::map<RelayId, RelayLink> relays_;
  std::vector<std::string> inbox_;
  std::vector<Instant> inbox_times_;
  std::vector<engine::EngineEvent> events_;
  size_t num_received_ = 0;
  bool keeps_texts_ = true;
  Instant wake_at_ = Instant::Never();
  bool asleep_ = false;
  absl::Duration clock_step_;    // how wrong the wall clock is
  absl::Duration latest_stamp_;  // of the engines before this one
};

}  // namespace warren::sim

#endif  // WARREN_CORE_SIM_SIM_NODE_H_
