#ifndef WARREN_CONTROL_COORDINATOR_ADMINISTRATION_H_
#define WARREN_CONTROL_COORDINATOR_ADMINISTRATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"

// What administrators change. Every function checks, stores the change with
// its audit row, and then applies it; on an error nothing happened. Things to
// change are found first, see lookup.h.
//
// Codes: INVALID_ARGUMENT names the field; ALREADY_EXISTS says what is in the
// way; FAILED_PRECONDITION what to do first; RESOURCE_EXHAUSTED which limit.
namespace warren::control {

// Names are labels in lower case; an empty one is two words.
absl::StatusOr<TailnetState*> CreateTailnet(Directory& directory,
                                            const Order& order,
                                            const std::string& name);
absl::Status RenameTailnet(Directory& directory, const Order& order,
                           TailnetState& tailnet, const std::string& name);
// FAILED_PRECONDITION while it has users, unless `force`.
absl::Status DeleteTailnet(Directory& directory, const Order& order,
                           TailnetState& tailnet, bool force);

absl::StatusOr<UserRecord> CreateUser(Directory& directory, const Order& order,
                                      TailnetState& tailnet,
                                      const std::string& login,
                                      const std::string& display_name);
absl::Status RenameUser(Directory& directory, const Order& order,
                        TailnetState& tailnet, UserRecord& user,
                        const std::string& login);
// With the user's keys and nodes. FAILED_PRECONDITION while there are nodes,
// unless `force`.
absl::Status DeleteUser(Directory& directory, const Order& order,
                        TailnetState& tailnet, const UserRecord& user,
                        bool force);

absl::Status RenameNode(Directory& directory, const Order& order,
                        TailnetState& tailnet, const NodeState& node,
                        const std::string& name);
// `key_expiry_ms`: 0 = never; a time that is past expires it now.
absl::Status SetNodeExpiry(Directory& directory, const Order& order,
                           TailnetState& tailnet, const NodeState& node,
                           int64_t key_expiry_ms);
absl::Status DeleteNode(Directory& directory, const Order& order,
                        TailnetState& tailnet, const NodeState& node);

struct AuthKeyParams {
  UserId user;
  AuthKeyGrant grant;
  int64_t lifetime_ms = 0;  // 0 = 90 days
  std::string description;
};
struct CreatedAuthKey {
  AuthKeyRecord record;
  std::string secret;  // the text to give away; kept nowhere
};
absl::StatusOr<CreatedAuthKey> CreateAuthKey(Directory& directory,
                                             const Order& order,
                                             TailnetState& tailnet,
                                             const AuthKeyParams& params);
// Nodes that joined with it stay.
absl::Status RevokeAuthKey(Directory& directory, const Order& order,
                           TailnetState& tailnet, AuthKeyRecord& key);
absl::Status DeleteAuthKey(Directory& directory, const Order& order,
                           TailnetState& tailnet, const AuthKeyRecord& key);

// Creates the region, or replaces the one with its id. ALREADY_EXISTS: its
// code is another region's.
absl::Status PutRelay(Directory& directory, const Order& order,
                      TailnetState& tailnet, derp::RelayRegion region);
absl::Status DeleteRelay(Directory& directory, const Order& order,
                         TailnetState& tailnet,
                         const derp::RelayRegion& region);

}  // namespace warren::control

#endif  // WARREN_CONTROL_COORDINATOR_ADMINISTRATION_H_
