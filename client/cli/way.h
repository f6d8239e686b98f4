#ifndef WARREN_CLIENT_CLI_WAY_H_
#define WARREN_CLIENT_CLI_WAY_H_

#include <string>

#include "io/cli/json.h"
#include "warren/v1/local.pb.h"

namespace warren::client {

// How packets reach a peer, for people: "direct 203.0.113.20:41641",
// "relay fra", "" when there is no way.
std::string WayOf(const v1::Path& path);

// The same for scripts: {"kind": "direct"|"relayed"|"none", "via": endpoint or
// relay code, "rtt_ms": number or null}.
cli::Json WayToJson(const v1::Path& path);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_WAY_H_
