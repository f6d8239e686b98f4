#ifndef WARREN_CONTROL_COORDINATOR_ADMISSION_H_
#define WARREN_CONTROL_COORDINATOR_ADMISSION_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"
#include "control/coordinator/register_command.h"

// What a machine becomes when it is let in; who lets it in is the concern of
// registration.h and pending_login.h.
namespace warren::control {

// On whose word a machine comes in, and as what.
struct Admission {
  UserId owner;
  AuthKeyId auth_key;  // 0 = by a person
  std::string by;      // for people: "alice", "auth key ab12 of bob"
  // All its tags. Unset: those that it has, if its owner stays; else none.
  std::optional<std::vector<std::string>> tags;
  bool ephemeral = false;
  bool approved = false;  // though new devices wait for approval
};

// The record of the machine's node in `tailnet` as it will be: a new one, or
// that which it has, with its id, addresses and name. Nothing is changed yet.
//
// With another owner it loses what was decided for the one before: tags,
// approval and approved routes. With the same it keeps them, and that its key
// does not expire.
//   RESOURCE_EXHAUSTED  no room in the tailnet, or no address
//   PERMISSION_DENIED   its node key is in use in another tailnet; the owner
//                       is not active
absl::StatusOr<NodeRecord> RecordFor(Directory& directory,
                                     const TailnetState& tailnet,
                                     const RegisterCommand& command,
                                     const Admission& admission,
                                     int64_t now_ms);

// What changes at every registration: keys, host, routes, a wished name.
void Refresh(const TailnetState& tailnet, const RegisterCommand& command,
             int64_t now_ms, NodeRecord& record);

// How long a key of an untagged node lives, in milliseconds.
int64_t KeyLifetimeMs(const Directory& directory, const TailnetState& tailnet);

// Ends every share of the node: it has another owner.
absl::Status EndSharesOf(Directory& directory, const Order& order,
                         TailnetState& tailnet, NodeId node);

// PERMISSION_DENIED: suspended, or waits for approval.
absl::Status RequireActive(const UserRecord& user);

// Keeps `routes` as advertised since `now_ms`, if they are others.
void Advertise(const std::vector<net::IpPrefix>& routes, int64_t now_ms,
               NodeRecord& record);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_ADMISSION_H_
