#ifndef WARREN_CORE_DERP_RELAY_MAP_H_
#define WARREN_CORE_DERP_RELAY_MAP_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/base/strong_id.h"

// Where the relays of a tailnet are: what stock software calls a DERPMap
// (specs/dataplane.md §3), as plain values.
namespace warren::derp {

inline constexpr uint16_t kDefaultDerpPort = 443;
inline constexpr uint16_t kDefaultStunPort = 3478;
inline constexpr size_t kMaxRegions = 1024;
inline constexpr size_t kMaxNodesPerRegion = 64;

// One relay server.
struct RelayNode {
  std::string name;      // unique in the map, "900a"
  std::string hostname;  // TLS name, and DNS name when an address is empty
  // Literal addresses. Empty: resolve `hostname`. Any text that is no address,
  // by custom "none", switches the family off, for DERP and for STUN.
  std::string ipv4;
  std::string ipv6;
  int stun_port = 0;  // 0: 3478; -1: no STUN here
  int derp_port = 0;  // 0: 443
  bool stun_only = false;
  // Empty: verify `hostname` against the system's roots. "sha256-raw:" + 64
  // hex: exactly that certificate. Else: verify this name instead.
  std::string cert_name;
  bool insecure_for_tests = false;  // TLS without verification
  bool plain_http = false;          // no TLS; for labs, ours alone

  uint16_t DerpPort() const;
  // 0 when the node does not speak STUN.
  uint16_t StunPort() const;
  friend bool operator==(const RelayNode&, const RelayNode&) = default;
};

// Relays that are interchangeable: a node's home is a region.
struct RelayRegion {
  RelayId id;                       // 1 to 65535
  std::string code;                 // short, "fra"
  std::string name;                 // for people, "Frankfurt"
  bool no_measure_no_home = false;  // reach peers here, never live here
  std::vector<RelayNode> nodes;     // best first
  friend bool operator==(const RelayRegion&, const RelayRegion&) = default;
};

struct RelayMap {
  std::vector<RelayRegion> regions;  // by rising id

  // nullptr when there is no such region.
  const RelayRegion* Find(RelayId id) const;
  friend bool operator==(const RelayMap&, const RelayMap&) = default;
};

// INVALID_ARGUMENT names the region or node and what is wrong with it: an id
// of 0 or out of order, no hostname, a port out of range, a malformed pin, a
// limit exceeded.
absl::Status Validate(const RelayMap& map);

}  // namespace warren::derp

#endif  // WARREN_CORE_DERP_RELAY_MAP_H_
