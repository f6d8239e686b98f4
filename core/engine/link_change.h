#ifndef WARREN_CORE_ENGINE_LINK_CHANGE_H_
#define WARREN_CORE_ENGINE_LINK_CHANGE_H_

#include "absl/time/time.h"
#include "core/engine/link_state.h"
#include "core/path/action.h"

namespace warren::engine {

// What a change of the network under us means for the paths over it. An address
// or a default route that is only new (a bridge, IPv6 appearing) harms none: it
// has grown. An address that vanished, another router or default interface, or
// other sockets: any path may be dead.
path::LinkChange Compare(const LinkState& before, const LinkState& after);

// A call that comes so much later than the engine asked for means that the
// machine slept: CLOCK_BOOTTIME runs on meanwhile, NAT mappings end.
inline constexpr absl::Duration kSlept = absl::Seconds(5);

}  // namespace warren::engine

#endif  // WARREN_CORE_ENGINE_LINK_CHANGE_H_
