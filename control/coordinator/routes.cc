#include "control/coordinator/routes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/names.h"
#include "control/coordinator/register_command.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

struct Reserved {
  const char* prefix;
  const char* why;
};
constexpr Reserved kReserved[] = {
    {"100.64.0.0/10", "overlaps the addresses of the tailnet itself"},
    {"fd7a:115c:a1e0::/48", "overlaps the addresses of the tailnet itself"},
    {"127.0.0.0/8", "is loopback"},
    {"::1/128", "is loopback"},
    {"169.254.0.0/16", "is link-local"},
    {"fe80::/10", "is link-local"},
    {"224.0.0.0/4", "is multicast"},
    {"ff00::/8", "is multicast"},
    {"0.0.0.0/8", "is this host on this network (RFC 1122)"},
};

absl::StatusOr<net::IpPrefix> ParseRoute(absl::string_view what,
                                         absl::string_view text) {
  const auto refusal = [&](absl::string_view why) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": \"", Printable(text), "\" ", why));
  };
  const auto prefix = net::IpPrefix::Parse(text);
  if (!prefix.ok()) {
    return refusal("is not a network such as 192.0.2.0/24 without host bits");
  }
  if (prefix->bits() == 0) return *prefix;  // an exit node
  for (const Reserved& one : kReserved) {
    const auto reserved = *net::IpPrefix::Parse(one.prefix);
    if (reserved.Contains(*prefix) || prefix->Contains(reserved)) {
      return refusal(one.why);
    }
  }
  return *prefix;
}

}  // namespace

absl::StatusOr<std::vector<net::IpPrefix>> ParseRoutes(
    absl::string_view what, const std::vector<std::string>& texts) {
  if (texts.size() > kMaxNodeRoutes) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": ", texts.size(), ", at most ", kMaxNodeRoutes));
  }
  std::vector<net::IpPrefix> routes;
  for (const std::string& text : texts) {
    WARREN_ASSIGN_OR_RETURN(const net::IpPrefix route, ParseRoute(what, text));
    routes.push_back(route);
  }
  std::ranges::sort(routes);
  const auto doubles = std::ranges::unique(routes);
  routes.erase(doubles.begin(), doubles.end());
  return routes;
}

std::string RoutesText(const std::vector<net::IpPrefix>& routes) {
  return absl::StrJoin(routes, " ",
                       [](std::string* out, const net::IpPrefix& prefix) {
                         absl::StrAppend(out, prefix.ToString());
                       });
}

}  // namespace warren::control
