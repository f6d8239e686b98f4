#ifndef WARREN_CORE_WG_CONFIG_H_
#define WARREN_CORE_WG_CONFIG_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/net/ip.h"

namespace warren::wg {

// How one device behaves. Plain values, fixed when it is made; `mtu_bytes` can
// change later (Device::SetMtu).
struct DeviceConfig {
  // MTU of the inner interface, bytes. Padding to 16 never takes a packet
  // beyond it (specs 9.7).
  uint16_t mtu_bytes = 1420;

  // true, plain WireGuard: each peer has one endpoint, which follows the
  // source of authenticated packets; what is for a peer without one is dropped.
  // false, the mesh: a peer's endpoint changes by SetEndpoint only, and may be
  // unset, then packets leave with `peer` alone and the caller finds the way.
  bool roaming = true;

  // Whether the greatest initiation timestamp of a peer is forgotten together
  // with its keys, after 540 s without a session. It lets a peer whose clock
  // went back recover by itself (reliability row 79), at the price that an old
  // initiation can be replayed to an idle device: harmless unless `roaming`.
  bool forget_idle_timestamps = false;

  // Handshake messages a second this device means to work off. The arrivals
  // above it fill a virtual queue; from 128 waiting on (and 1 s longer) the
  // device is under load and demands cookies (specs 9.6). 0: always under load.
  uint32_t handshakes_per_second = 1000;
};

// What is configured about one peer. Moves only, for the secret.
struct PeerConfig {
  crypto::NodeKey key;
  crypto::PresharedKey psk;  // zeros: none
  std::vector<net::IpPrefix> allowed_ips;
  std::optional<net::Endpoint> endpoint;
  absl::Duration persistent_keepalive = absl::ZeroDuration();  // zero: off
};

// One peer as it stands: what `wg show` prints. A copy.
struct PeerInfo {
  crypto::NodeKey key;
  net::Endpoint endpoint;  // IsSet() is false when none is known
  absl::Duration persistent_keepalive;
  std::vector<net::IpPrefix> allowed_ips;  // sorted
  uint64_t rx_bytes = 0;  // outer bytes of authenticated datagrams
  uint64_t tx_bytes = 0;  // outer bytes of datagrams made, handshakes too
  // Unix time of the last completed handshake, nullopt before the first.
  std::optional<absl::Duration> last_handshake;
  Instant last_received = Instant::LongAgo();  // any authenticated message
  bool has_session = false;                    // can seal at once
};

// Bounds, and what happens at them. What the device itself wants sent is
// bounded by Outbox::kMaxWaiting: newest dropped.
inline constexpr size_t kMaxPeers = 1 << 16;         // AddPeer: says no
inline constexpr size_t kMaxAllowedIps = 1 << 20;    // AddAllowedIp: no
inline constexpr size_t kMaxStagedPackets = 128;     // a peer; oldest dropped
inline constexpr size_t kMaxEvents = 4 * kMaxPeers;  // oldest dropped

}  // namespace warren::wg

#endif  // WARREN_CORE_WG_CONFIG_H_
