#ifndef WARREN_CORE_PORTMAP_SSDP_H_
#define WARREN_CORE_PORTMAP_SSDP_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/base/bytes.h"
#include "core/net/ip.h"
#include "core/portmap/mapping.h"

// Finding a UPnP router: SSDP searches and their answers (UPnP Device
// Architecture 1.1 §1.3; specs/dataplane.md 8.6).
namespace warren::portmap {

// The three searches: for everything, to the router alone and to all; for
// gateways, to all. Some routers answer one kind only.
std::vector<Datagram> BuildSearches(const net::IpAddress& router);

// An answer of an InternetGatewayDevice.
struct SearchReply {
  std::string location;  // of its description
  std::string server;
  std::string usn;
};

// INVALID_ARGUMENT: not an answer to a search, of some other device, or
// without a location. That it came from the router is for the caller to see.
absl::StatusOr<SearchReply> ParseSearchReply(Bytes datagram);

}  // namespace warren::portmap

#endif  // WARREN_CORE_PORTMAP_SSDP_H_
