#ifndef WARREN_CLIENT_DAEMON_TUNNEL_PARTS_H_
#define WARREN_CLIENT_DAEMON_TUNNEL_PARTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "client/daemon/interface_config.h"
#include "client/daemon/link_watch.h"
#include "client/daemon/nat64.h"
#include "client/daemon/tcp_exchanges.h"
#include "client/daemon/tunnel.h"
#include "client/io/intermission.h"
#include "client/io/netlink.h"
#include "client/io/udp.h"
#include "client/io/udp_sockets.h"
#include "client/relay/relay_latencies.h"
#include "client/relay/resolver.h"
#include "core/net/packet_batch.h"

// What a Tunnel is made of; for its own sources alone.
namespace warren::client {

struct Tunnel::Devices {
  std::unique_ptr<Udp> udp;
  Instant udp_opened_at = Instant::LongAgo();
  UdpSockets sockets;  // beside the main ones of `udp`
  std::unique_ptr<Netlink> netlink;
  std::unique_ptr<LinkWatch> links;
  std::optional<InterfaceConfig> interface;
  absl::Status interface_status;  // of its latest change
  std::set<RelayId> lost_relays;  // said to be so
  Intermission intermission;
  Resolver resolver;
  TcpExchanges exchanges;
  RelayLatencies latencies;
  Nat64Discovery nat64;
  absl::Duration time_asleep;   // of this machine, as of the last turn
  std::function<void()> quiet;  // called when `exchanges` is idle, if set
  Devices(io::EventLoop& loop, Tunnel& tunnel);
};

// Room for what one relay read brings; a full arena is handed on at once.
inline constexpr size_t kRelayArena = 128 * 1024;

// Batches that are reused for every turn.
struct Tunnel::Lanes {
  net::PacketBatch in;       // from TUN or UDP
  net::PacketBatch to_send;  // datagrams
  net::PacketBatch to_tun;
  net::PacketBatch by_main;    // of those: by the main sockets
  net::PacketBatch by_others;  // and by the ones beside them
  net::PacketBatch relayed;    // from one relay, bytes in `arena`
  RelayId relay;
  size_t arena_used = 0;
  std::array<uint8_t, kRelayArena> arena;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_TUNNEL_PARTS_H_
