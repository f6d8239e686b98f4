#ifndef WARREN_CONTROL_COORDINATOR_REGISTRATION_H_
#define WARREN_CONTROL_COORDINATOR_REGISTRATION_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/coordinator/directory.h"
#include "core/crypto/keys.h"
#include "core/netmap/netmap.h"

namespace warren::control {

// What a machine asks for. Its machine key is proven by its channel.
struct RegisterCommand {
  crypto::MachineKey machine;
  crypto::NodeKey node_key;      // to use from now on
  crypto::NodeKey old_node_key;  // the one it replaces; absent = none
  crypto::DiscoKey disco_key;    // absent = as before
  std::string auth_key;          // empty: renew without one
  std::string wanted_name;       // empty: from host.hostname
  HostDetails host;
  bool ephemeral = false;
};

struct Registration {
  netmap::Node node;
  std::string tailnet;
  std::string user_login;  // of the owner, also of a tagged node
};

// Adds the machine to the tailnet of the auth key, or brings its node there up
// to date. A machine has one node in a tailnet, which keeps its id, address and
// name whatever key it comes with; with a key of another user the node becomes
// that user's. The node's key expires `key_lifetime` later, a tagged one never.
//
// Without an auth key a node that has not expired may change its node key; its
// expiry stays, since only an auth key or an administrator extends it.
//
// A one-off key that this very node has used already is taken again, so that a
// registration whose answer was lost can be repeated.
//
//   INVALID_ARGUMENT    not an auth key
//   PERMISSION_DENIED   the auth key, the machine or the node key is refused;
//                       the message says which and why
//   RESOURCE_EXHAUSTED  no room in the tailnet
absl::StatusOr<Registration> Register(Directory& directory,
                                      const RegisterCommand& command,
                                      int64_t now_ms);

// Ends the node's registration: its key expires now; an ephemeral node is
// removed. NOT_FOUND: the machine has no such node.
absl::Status Logout(Directory& directory, const crypto::MachineKey& machine,
                    const crypto::NodeKey& node_key, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_REGISTRATION_H_
