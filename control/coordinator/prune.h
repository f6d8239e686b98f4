#ifndef WARREN_CONTROL_COORDINATOR_PRUNE_H_
#define WARREN_CONTROL_COORDINATOR_PRUNE_H_

#include <cstdint>

#include "control/coordinator/directory.h"

namespace warren::control {

// Forgets, in the store and in memory, what AccountStore::PruneExpired() says:
// sessions, access tokens and invitations that are of no use any more.
void PruneExpired(Directory& directory, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_PRUNE_H_
