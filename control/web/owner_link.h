#ifndef WARREN_CONTROL_WEB_OWNER_LINK_H_
#define WARREN_CONTROL_WEB_OWNER_LINK_H_

#include <string>

#include "absl/status/status.h"
#include "control/coordinator/coordinator.h"

namespace warren::control {

// For a server whose only tailnet has no owner yet: leaves a new one-time link
// for the first one in `folder`/owner-link (0600), and no other stays good.
// With an owner there is no such file. FAILED_PRECONDITION names the file that
// cannot be written.
absl::Status OfferOwnership(Coordinator& coordinator,
                            const std::string& folder);

// "/var/lib/warren-control/owner-link".
std::string OwnerLinkFile(const std::string& folder);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_OWNER_LINK_H_
