#ifndef WARREN_CORE_PORTMAP_PCP_H_
#define WARREN_CORE_PORTMAP_PCP_H_

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/net/ip.h"

// The Port Control Protocol (RFC 6887), to and from UDP port 5351 of the
// router. Big-endian; an IPv4 address is v4-mapped in 16 bytes.
//
//   request   02 op    0000      lifetime32 client_ip16                 24 B
//   response  02 80|op 00 result lifetime32 epoch32 reserved12          24 B
//   ANNOUNCE  op 0, nothing more
//   MAP       op 1, nonce12 protocol8 0^3 internal16 external16
//             external_ip16                                            +36 B
//
// Source: RFC 6887 §7, §11, §14.1.
namespace warren::portmap {

// Names a mapping for as long as it lives: the router lets nobody renew or end
// it who does not know it, and we believe no answer without it (§11.1, §11.4).
using PcpNonce = std::array<uint8_t, 12>;

inline constexpr uint8_t kPcpVersion = 2;

// §7.4. Other values are kept as they are: all of them refuse.
enum class PcpResult : uint8_t {
  kSuccess = 0,
  kUnsupportedVersion = 1,
  kNotAuthorized = 2,
  kNetworkFailure = 7,
  kNoResources = 8,
  kCannotProvideExternal = 11,
  kAddressMismatch = 12,
};

// Asks whether there is a PCP server, and for its epoch.
std::vector<uint8_t> BuildPcpAnnounce(const net::IpAddress& self);

struct PcpMapRequest {
  net::IpAddress self;
  PcpNonce nonce;
  uint16_t internal_port = 0;
  // What we had or would like. Port 0: any.
  net::Endpoint suggested;
  uint32_t lifetime_s = 0;  // 0 ends the mapping
};
// Of UDP.
std::vector<uint8_t> BuildPcpMap(const PcpMapRequest& request);

struct PcpReply {
  uint8_t version = kPcpVersion;  // another with kUnsupportedVersion only
  PcpResult result = PcpResult::kSuccess;
  // Of the mapping; with an error, how long the answer will stay the same.
  uint32_t lifetime_s = 0;
  uint32_t epoch_s = 0;  // since the router forgot all mappings
  struct Map {
    PcpNonce nonce;
    uint16_t internal_port;
    net::Endpoint external;
  };
  std::optional<Map> map;  // to a MAP request for UDP, refused or not
};

// INVALID_ARGUMENT: not a response of PCP version 2 to one of the two requests,
// nor a refusal of that version by another. That it came from the router's
// port, and the nonce, are for the caller to see.
absl::StatusOr<PcpReply> ParsePcpReply(Bytes datagram);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_PCP_H_
