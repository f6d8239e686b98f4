#ifndef WARREN_CONTROL_STORE_LOAD_CONTENTS_H_
#define WARREN_CONTROL_STORE_LOAD_CONTENTS_H_

#include <vector>

#include "absl/status/statusor.h"
#include "control/store/records.h"
#include "control/store/sqlite.h"
#include "core/crypto/keys.h"

namespace warren::control {

// All that a server has to remember in memory. Not loaded: the audit log,
// older policies, webhook deliveries.
struct StoreContents {
  // The public part of the control.key that the database belongs to; absent in
  // one that no server has used yet.
  crypto::MachineKey server_key;
  std::vector<TailnetRecord> tailnets;
  std::vector<UserRecord> users;
  std::vector<AuthKeyRecord> auth_keys;
  std::vector<NodeRecord> nodes;
  std::vector<RelayRecord> relays;
  AccountContents accounts = {};
  AccessContents access = {};
};

// Reads every record from a database of the newest schema.
// FAILED_PRECONDITION names the table and the row that cannot be what we wrote.
absl::StatusOr<StoreContents> LoadContents(SqlConnection& database);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_LOAD_CONTENTS_H_
