#ifndef WARREN_CLIENT_CONTROL_HOST_INFO_H_
#define WARREN_CLIENT_CONTROL_HOST_INFO_H_

#include "warren/v1/coordination.pb.h"

namespace warren::client {

// What this machine says of itself: its name, "linux", the kernel's release
// and our version.
v1::HostInfo ThisHost();

}  // namespace warren::client

#endif  // WARREN_CLIENT_CONTROL_HOST_INFO_H_
