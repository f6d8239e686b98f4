#include "core/engine/link_change.h"

#include <algorithm>
#include <optional>

namespace warren::engine {
namespace {

bool Vanished(uint32_t before, uint32_t after) {
  return before != 0 && before != after;
}

template <class T>
bool Vanished(const std::optional<T>& before, const std::optional<T>& after) {
  return before && before != after;
}

}  // namespace

path::LinkChange Compare(const LinkState& before, const LinkState& after) {
  if (before == after) return path::LinkChange::kNone;
  const bool address_vanished =
      std::ranges::any_of(before.addresses, [&](const net::IpAddress& address) {
        return std::ranges::find(after.addresses, address) ==
               after.addresses.end();
      });
  const bool moved =
      address_vanished || Vanished(before.udp4_port, after.udp4_port) ||
      Vanished(before.udp6_port, after.udp6_port) ||
      Vanished(before.gateway, after.gateway) ||
      Vanished(before.default_v4_interface, after.default_v4_interface) ||
      Vanished(before.default_v6_interface, after.default_v6_interface) ||
      Vanished(before.nat64_prefix, after.nat64_prefix);
  return moved ? path::LinkChange::kMoved : path::LinkChange::kGrown;
}

}  // namespace warren::engine
