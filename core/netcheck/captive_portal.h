#ifndef WARREN_CORE_NETCHECK_CAPTIVE_PORTAL_H_
#define WARREN_CORE_NETCHECK_CAPTIVE_PORTAL_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "core/net/ip.h"

// Whether a network answers in a relay's place until one signs in: a relay
// answers GET /generate_204 over plain HTTP with 204 and our challenge, and a
// captive portal does not. Pure. Source: specs 7.6, 2.14.
namespace warren::netcheck {

inline constexpr uint16_t kPortalPort = 80;
inline constexpr size_t kMaxPortalResponse = 4096;  // the head is enough

// The request for the relay at `server`. `nonce` keeps caches from answering.
std::string PortalRequest(const net::Endpoint& server, uint64_t nonce);

enum class PortalVerdict : uint8_t {
  kRelay,    // the relay itself answered
  kPortal,   // somebody else did
  kUnclear,  // that was no HTTP
};
// Any bytes may have come; cut off behind the head is fine.
PortalVerdict JudgePortalResponse(absl::string_view response,
                                  const net::Endpoint& server);

}  // namespace warren::netcheck

#endif  // WARREN_CORE_NETCHECK_CAPTIVE_PORTAL_H_
