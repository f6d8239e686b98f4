#ifndef WARREN_CONTROL_COORDINATOR_REGISTRATION_H_
#define WARREN_CONTROL_COORDINATOR_REGISTRATION_H_

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/register_command.h"
#include "core/crypto/keys.h"
#include "core/netmap/netmap.h"

namespace warren::control {

struct Registration {
  netmap::Node node;  // without an id while `auth_url` is set
  std::string tailnet;
  std::string user_login;  // of the owner, also of a tagged node
  // A person has to sign in there; see pending_login.h.
  std::string auth_url;
  // It is in, but has no peers before an administrator approves it.
  bool waits_for_approval = false;
};

// Adds the machine to the tailnet of the auth key, or brings its node there up
// to date. A machine has one node in a tailnet, which keeps its id, address and
// name whatever key it comes with; with a key of another user the node becomes
// that user's. The node's key expires after a time, a tagged one never.
//
// Its tags are those of the auth key. It may wish for others that the key's
// user or one of the key's tags owns, and has them too then.
//
// Without an auth key a node that has not expired may change its node key; its
// expiry stays. Otherwise, and with `force_sign_in` or for other tags than it
// has, a person is asked: the answer is an `auth_url`.
//
// With `follow_url` the answer is what came of that: the node, or an `auth_url`
// again, which is another one when that was unknown or over its time.
//
// A key that this very node has used up is taken again, so that a registration
// whose answer was lost can be repeated.
//
//   INVALID_ARGUMENT    not an auth key
//   PERMISSION_DENIED   the auth key, the machine, the node key or a tag is
//                       refused, or the person said no; the message says which
//                       and why. A person is needed, and no public URL is set
//   NOT_FOUND           there is no such tailnet
//   RESOURCE_EXHAUSTED  no room in the tailnet
//
// What is refused with PERMISSION_DENIED is on record ("node.refused") in the
// tailnet of the key that was claimed or tried.
absl::StatusOr<Registration> Register(Directory& directory,
                                      const RegisterCommand& command,
                                      int64_t now_ms);

// Whether Register() of `command` would only say again what it has said: the
// login that it follows is still open. Then `wake` is called, once, when asking
// again makes sense; see PendingLogins::Wait().
bool WaitForLogin(Directory& directory, const RegisterCommand& command,
                  int64_t now_ms, std::function<void()> wake);

// The node keys a machine names must not be another machine's:
// PERMISSION_DENIED.
absl::Status CheckNodeKeys(Directory& directory,
                           const RegisterCommand& command);

// What is said to a machine whose node this is.
Registration AnswerOf(const TailnetState& tailnet, const NodeState& node);

// Ends the node's registration: its key expires now; an ephemeral node is
// removed. NOT_FOUND: the machine has no such node.
absl::Status Logout(Directory& directory, const crypto::MachineKey& machine,
                    const crypto::NodeKey& node_key, int64_t now_ms);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_REGISTRATION_H_
