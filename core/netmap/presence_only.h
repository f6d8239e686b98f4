#ifndef WARREN_CORE_NETMAP_PRESENCE_ONLY_H_
#define WARREN_CORE_NETMAP_PRESENCE_ONLY_H_

#include "core/netmap/compile.h"

namespace warren::netmap {

// Whether the only news are who is online, and since when who is not: nobody
// waits for that, as for a peer's endpoint, and nobody is let in or out by it.
// Costs a look at each node that is not shared by both.
bool OnlyPresenceDiffers(const Snapshot& from, const Snapshot& to);

}  // namespace warren::netmap

#endif  // WARREN_CORE_NETMAP_PRESENCE_ONLY_H_
