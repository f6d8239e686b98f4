#ifndef WARREN_CLIENT_DAEMON_TUNNEL_H_
#define WARREN_CLIENT_DAEMON_TUNNEL_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/daemon/interface_config.h"
#include "client/io/netlink.h"
#include "client/io/tun.h"
#include "client/io/udp.h"
#include "client/relay/relay_links.h"
#include "client/relay/resolver.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "core/engine/engine.h"
#include "core/net/packet_batch.h"
#include "core/netmap/netmap.h"
#include "io/event_loop.h"

namespace warren::client {

struct TunnelOptions {
  std::string interface = "warren0";
  uint16_t udp_port = 0;  // 0: one the kernel chooses
};

// What the tunnel tells its owner, on the loop's thread, between packets. They
// must not call Start(), Stop() or the destructor: post that.
struct TunnelCallbacks {
  // What control should know of this node has changed: endpoints() or
  // home_relay() of the engine.
  std::function<void()> report;
  std::function<void(const engine::EngineEvent&)> event;
  // The interface was deleted under us: nothing works any more.
  std::function<void()> lost;
};

// The engine and everything it reaches the world by: the TUN interface, the
// UDP sockets, the relays, addresses and routes. Not thread-safe: the loop's
// thread owns it.
class Tunnel {
 public:
  // Makes the interface and the sockets; nothing passes before Start(). Errors
  // are those of Tun::Create, Udp::Open and Netlink::Open. What is passed by
  // reference must outlive this object.
  static absl::StatusOr<std::unique_ptr<Tunnel>> Create(
      io::EventLoop& loop, Rng& rng, const TunnelOptions& options,
      TunnelCallbacks callbacks);
  ~Tunnel();

  // A new engine for `node_key`, without a netmap. `stamp_floor`: see
  // engine::Engine's constructor.
  void Start(const crypto::NodePrivateKey& node_key,
             absl::Duration stamp_floor);
  // Ends the engine: sessions, relays, addresses and routes are gone. A port
  // that the router mapped for us is given back, which may take a moment more.
  void Stop();
  // Calls `done` when that moment is over: at once, or within a second. For
  // when stopped, and once.
  void WhenQuiet(std::function<void()> done);

  // Null when stopped. Call through Command() what changes it.
  const engine::Engine* engine() const { return engine_.get(); }
  // Runs `command` on the engine, which must be there; what follows is done at
  // the end of this turn.
  template <class Function>
  auto Command(Function command) {
    return command(*engine_, loop_.Now());
  }

  // See the engine. Then the interface and the relays follow the netmap.
  absl::Status OnNetmap(netmap::Netmap netmap);
  absl::Status OnNetmapDiff(const netmap::NetmapDiff& diff);
  // What control's clock says now, since 1970-01-01 UTC: key expiry goes by it.
  void OnServerTime(absl::Duration unix_now);

  const std::string& interface() const { return tun_->name(); }

  // When OnTimeout() should be called; what follows from a turn of the loop is
  // sent by OnTurnEnd().
  Instant Next() const;
  void OnTimeout(Instant now);
  void OnTurnEnd();

 private:
  Tunnel(io::EventLoop& loop, Rng& rng, TunnelCallbacks callbacks);
  absl::Status Open(const TunnelOptions& options);
  absl::Status Watch();
  absl::Status WatchUdp();
  void UnwatchUdp();
  // Opens the UDP sockets anew if they can send nothing any more.
  void MendUdp(Instant now);
  void FollowNetmap();
  // Treats a sleep of the machine as a change of the network.
  void NoticeSleep();
  void OnLinkChange();
  void TellLinks();

  void OnTun();
  void OnUdp(net::Family family);
  void OnSockets(net::PacketBatch& datagrams);
  void CountReceived(size_t messages, bool has_train);
  void FromUdp(net::PacketBatch& datagrams);
  void OnRelayPacket(RelayId relay, const crypto::NodeKey& source,
                     Bytes packet);
  void FlushRelayPackets();
  RelayLinksCallbacks LinkCallbacks();

  // Gives packets to their sockets; leaves `packets` empty.
  void Send(net::PacketBatch& packets);
  void SendByRelay(Instant now, const net::Packet& packet);
  // What the engine wants sent and done, until it wants nothing.
  void Drain();
  // False: a callback has stopped us.
  bool DrainEvents();
  void SayFarewell();
  void TellQuiet();
  void OnEvent(const engine::EngineEvent& event);
  void OnSocketsWanted(const engine::SocketsWanted& wanted);

  io::EventLoop& loop_;
  Rng& rng_;
  const TunnelCallbacks callbacks_;
  struct Devices;
  std::unique_ptr<Devices> devices_;
  struct Lanes;
  std::unique_ptr<Lanes> lanes_;
  std::unique_ptr<Tun> tun_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<RelayLinks> links_;
  // Unix time less the loop's, as the engine knows it.
  absl::Duration unix_offset_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_TUNNEL_H_
