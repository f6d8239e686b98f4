#ifndef WARREN_CLIENT_CLI_WHY_JSON_H_
#define WARREN_CLIENT_CLI_WHY_JSON_H_

#include "io/cli/json.h"
#include "warren/v1/local.pb.h"

namespace warren::client {

// For scripts, all that is known: {"verdict", "cause": {"code", "side",
// "text"}, "details": [...], "remedy", "remedy_side", "suggestion",
// "clock_error_ms", "local": end, "remote": end}. Ages are "..._ago_ms" on
// this device's clock; null: never.
cli::Json WhyToJson(const v1::WhyReport& report);

// {"translates", "mapping", "filtering", "ports", "port_step", "hairpins"} in
// the terms of RFC 4787; null: unknown.
cli::Json NatToJson(const v1::NatBehavior& nat);

// "none", "easy", "hard", "no_udp", or "unknown".
const char* NatNameOf(v1::NatClass nat);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_WHY_JSON_H_
