#ifndef WARREN_CORE_PATH_ACTION_H_
#define WARREN_CORE_PATH_ACTION_H_

#include <cstdint>
#include <optional>
#include <variant>

#include "absl/time/time.h"
#include "core/base/instant.h"
#include "core/disco/disco.h"
#include "core/net/ip.h"
#include "core/path/path.h"

namespace warren::path {

// ---- What an agent wants done. ----

// A disco ping with `txid` to a UDP endpoint or, by relay, to the peer; if
// `size` is not 0, padded so that its datagram has that many bytes.
struct SendPing {
  net::Endpoint to;
  disco::TxId txid;
  uint16_t size = 0;
};
// A disco CallMeMaybe with our endpoints, by the relay.
struct SendCallMeMaybe {};
// Traffic takes another way.
struct PathTaken {
  Path path;
};
// The answer to Ping(). No `rtt`: none came in time.
struct PingAnswered {
  uint64_t ping_id;
  Path path;
  std::optional<absl::Duration> rtt;
};
using Action = std::variant<SendPing, SendCallMeMaybe, PathTaken, PingAnswered>;

// Where one packet goes: to either, or to both while the direct path is not
// sure. WireGuard's replay window absorbs the second copy.
struct Route {
  net::Endpoint direct;  // not set: do not
  bool relay = false;
};

// A direct path is wanted, and none is trusted.
struct Search {
  Instant since;
  int num_rounds = 0;  // of pings to all candidates, and calls; 3 take 1 s
};

// How much of the network under this node is another one now.
enum class LinkChange : uint8_t {
  kNone,
  kGrown,  // there is more of it; what was there still is
  kMoved,  // any path may be dead, and any NAT mapping gone
};

}  // namespace warren::path

#endif  // WARREN_CORE_PATH_ACTION_H_
