#ifndef WARREN_CONTROL_COORDINATOR_ROUTES_H_
#define WARREN_CONTROL_COORDINATOR_ROUTES_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "core/net/ip.h"

namespace warren::control {

// Prefixes that a node serves, or would: ascending, each once. `what` names the
// field. Routes are networks of unicast addresses outside the tailnet's own
// ranges, or 0.0.0.0/0 and ::/0 (an exit node). INVALID_ARGUMENT names the one
// that is none and why, or says that there are more than kMaxNodeRoutes.
absl::StatusOr<std::vector<net::IpPrefix>> ParseRoutes(
    absl::string_view what, const std::vector<std::string>& texts);

// "10.0.0.0/8 192.0.2.0/24".
std::string RoutesText(const std::vector<net::IpPrefix>& routes);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_ROUTES_H_
