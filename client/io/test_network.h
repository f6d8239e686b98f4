#ifndef WARREN_CLIENT_IO_TEST_NETWORK_H_
#define WARREN_CLIENT_IO_TEST_NETWORK_H_

#include <sched.h>

namespace warren::client {

// Gives the calling thread a network namespace of its own, where a test may
// make interfaces and routes: as root, or inside a user namespace for those
// who are not. false where this machine allows neither; errno says why.
inline bool EnterPrivateNetwork() {
  return unshare(CLONE_NEWNET) == 0 ||
         unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
}

}  // namespace warren::client

#endif  // WARREN_CLIENT_IO_TEST_NETWORK_H_
