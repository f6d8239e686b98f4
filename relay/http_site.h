#ifndef WARREN_RELAY_HTTP_SITE_H_
#define WARREN_RELAY_HTTP_SITE_H_

#include <cstdint>
#include <string>

#include "core/crypto/keys.h"
#include "io/http_upgrade.h"

namespace warren::relay {

// What becomes of a connection after the answer to its request.
enum class Then : uint8_t {
  kClose,
  kDerp,           // frames follow
  kDerpWebSocket,  // frames follow, inside WebSocket messages
};

struct HttpAnswer {
  std::string bytes;  // to be sent first; empty for a fast start
  Then then = Then::kClose;
};

// The relay's web site: /derp and the small endpoints that stock clients
// probe (specs/dataplane.md §2.5, §2.7, §2.14). `server` is the relay's key.
HttpAnswer Answer(const io::HttpRequest& request,
                  const crypto::NodeKey& server);

// For a head that could not be read.
std::string BadRequest();

}  // namespace warren::relay

#endif  // WARREN_RELAY_HTTP_SITE_H_
