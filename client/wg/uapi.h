#ifndef WARREN_CLIENT_WG_UAPI_H_
#define WARREN_CLIENT_WG_UAPI_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/crypto/keys.h"
#include "core/crypto/secret.h"
#include "core/net/ip.h"
#include "core/wg/device.h"

namespace warren::client {

// The text protocol by which wg(8) configures a userspace WireGuard over its
// Unix socket. A request is lines `key=value`, the first `get=1` or `set=1`, up
// to an empty line; so is the answer, whose last line is `errno=N`, 0 when all
// went well. Source: https://www.wireguard.com/xplatform/
//
// Keys are 64 hex digits; other numbers decimal.
//   set: private_key listen_port fwmark replace_peers, then for each peer
//        public_key remove update_only preshared_key endpoint
//        persistent_keepalive_interval replace_allowed_ips allowed_ip
//        protocol_version
//   get: the same, and last_handshake_time_sec last_handshake_time_nsec
//        rx_bytes tx_bytes

struct AllowedIpChange {
  net::IpPrefix prefix;
  bool remove = false;  // written `allowed_ip=-10.0.0.0/8`
};

// What a request says about one peer. What it does not name stays.
struct PeerChange {
  crypto::NodeKey key;
  bool remove = false;
  bool update_only = false;                 // do not add the peer
  std::optional<crypto::PresharedKey> psk;  // zeros: none
  std::optional<net::Endpoint> endpoint;
  std::optional<absl::Duration> persistent_keepalive;  // zero: off
  bool replace_allowed_ips = false;
  std::vector<AllowedIpChange> allowed_ips;
};

// A whole `set`.
struct SetRequest {
  // The inner nullopt takes the key away.
  std::optional<std::optional<crypto::NodePrivateKey>> private_key;
  std::optional<uint16_t> listen_port;  // 0: one the kernel chooses
  std::optional<uint32_t> fwmark;       // 0: none
  bool replace_peers = false;
  std::vector<PeerChange> peers;  // in order; one key may come again
};

// The lines after `set=1`, without the empty one. Every line is checked before
// anything can be applied. Errors name the number of the line in the request
// and its key, and its value unless that may be a secret:
//   INVALID_ARGUMENT  a value is not one of this key, or a key out of place.
//   UNIMPLEMENTED     a key, or a protocol version, that we do not know.
absl::StatusOr<SetRequest> ParseSet(absl::string_view lines);

// The socket's part of a device's state; the rest is asked of the device.
struct UapiState {
  uint16_t listen_port = 0;
  uint32_t fwmark = 0;
};

// The answer to `get=1`, without errno. Holds secrets: wipe it after use.
std::string FormatGet(const wg::Device& device, const UapiState& state);

// Makes the device's part of `request` so. Cannot fail half-way: what a device
// refuses (a peer with our own key, which wg(8) too ignores; too many peers) is
// left out, and the first such refusal returned.
absl::Status ApplySet(Instant now, SetRequest request, wg::Device& device);

// The `errno` line's number for `status`; 0 for OK.
int ErrnoOf(const absl::Status& status);

}  // namespace warren::client

#endif  // WARREN_CLIENT_WG_UAPI_H_
