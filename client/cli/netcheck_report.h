#ifndef WARREN_CLIENT_CLI_NETCHECK_REPORT_H_
#define WARREN_CLIENT_CLI_NETCHECK_REPORT_H_

#include <string>

#include "io/cli/json.h"
#include "warren/v1/local.pb.h"

// What `warren netcheck` prints. Pure.
namespace warren::client {

// One screen for people: what gets through, the NAT in words and in the terms
// of RFC 4787, the relays, and advice when something is bad.
std::string NetcheckText(const v1::NetcheckReport& report);

// For scripts: every key is always there; null is unknown or none.
cli::Json NetcheckJson(const v1::NetcheckReport& report);

}  // namespace warren::client

#endif  // WARREN_CLIENT_CLI_NETCHECK_REPORT_H_
