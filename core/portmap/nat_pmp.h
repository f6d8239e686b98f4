#ifndef WARREN_CORE_PORTMAP_NAT_PMP_H_
#define WARREN_CORE_PORTMAP_NAT_PMP_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/net/ip.h"

// NAT-PMP (RFC 6886), to and from UDP port 5351 of the router. Big-endian.
//
//   external address?   00 00
//                    -> 00 80 result16 epoch32 ip4                      12 B
//   map UDP             00 01 0000 internal16 external16 lifetime32     12 B
//                    -> 00 81 result16 epoch32 internal16 external16
//                       lifetime32                                      16 B
//
// A reply with a result other than 0 may end after the epoch.
namespace warren::portmap {

inline constexpr uint16_t kPortControlPort = 5351;  // also of PCP

// RFC 6886 §3.5. Other values are kept as they are: all of them refuse.
enum class PmpResult : uint16_t {
  kSuccess = 0,
  kUnsupportedVersion = 1,  // it is a NAT-PMP router, asked by PCP
  kNotAuthorized = 2,
  kNetworkFailure = 3,
  kOutOfResources = 4,
  kUnsupportedOpcode = 5,
};

std::vector<uint8_t> BuildPmpAddressRequest();

// Asks for `external_port`, 0 = any, to lead to our `internal_port`. A
// `lifetime_s` of 0, with an `external_port` of 0, ends the mapping (§3.4).
std::vector<uint8_t> BuildPmpMapRequest(uint16_t internal_port,
                                        uint16_t external_port,
                                        uint32_t lifetime_s);

struct PmpReply {
  PmpResult result = PmpResult::kSuccess;
  uint32_t epoch_s = 0;  // since the router forgot all mappings
  // kSuccess, to the first request. 0.0.0.0: it has none now.
  std::optional<net::IpAddress> external_address;
  struct Map {
    uint16_t internal_port;
    uint16_t external_port;
    uint32_t lifetime_s;  // 0: the mapping has ended
  };
  std::optional<Map> map;  // kSuccess, to the second
  bool to_map_request = false;
};

// INVALID_ARGUMENT: not a NAT-PMP reply to one of the two requests. That it
// came from the router's port is for the caller to see.
absl::StatusOr<PmpReply> ParsePmpReply(Bytes datagram);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_NAT_PMP_H_
