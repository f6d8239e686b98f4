#ifndef WARREN_CONTROL_STORE_STORE_H_
#define WARREN_CONTROL_STORE_STORE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/store/records.h"
#include "control/store/sqlite.h"
#include "io/fd.h"

namespace warren::control {

// What the control server must not forget, in one SQLite database (WAL,
// synchronous=FULL). Each function that changes something is one transaction
// with its audit row, and durable when it returns OK; otherwise nothing of it
// happened. Not thread-safe: the coordinator's thread owns it.
//
// Files: control.db, control.db-wal, control.db-shm, control.lock, all in the
// state folder, none readable by others.
class Store {
 public:
  // Rows of the audit log kept; older ones go.
  static constexpr int64_t kMaxAuditRows = 100'000;

  // Opens the database of `folder` and migrates it; makes it when there is
  // none. A database that is damaged, foreign or newer is left as it is.
  // FAILED_PRECONDITION says which file, what is wrong and what to do.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& folder);

  // What Open() would say of the database, in full depth and without touching
  // it; may run beside a server. The schema version, when all is well.
  static absl::StatusOr<int64_t> Check(const std::string& folder);

  absl::StatusOr<StoreContents> Load();

  absl::Status PutTailnet(const TailnetRecord& tailnet,
                          const AuditRecord& audit);
  // With its users, keys, nodes and relays.
  absl::Status DeleteTailnet(TailnetId id, const AuditRecord& audit);
  // Netmaps up to `version` may be published from here on.
  absl::Status ReserveVersions(TailnetId id, uint64_t version);

  // Creates or replaces, by id. ALREADY_EXISTS: the login is taken.
  absl::Status PutUser(const UserRecord& user, const AuditRecord& audit);
  // With its keys and nodes.
  absl::Status DeleteUser(UserId id, const AuditRecord& audit);

  absl::Status CreateAuthKey(const AuthKeyRecord& key,
                             const AuditRecord& audit);
  absl::Status RevokeAuthKey(AuthKeyId id, int64_t revoked_ms,
                             const AuditRecord& audit);
  absl::Status DeleteAuthKey(AuthKeyId id, const AuditRecord& audit);

  // Creates the node, or replaces the one with its id.
  absl::Status PutNode(const NodeRecord& node, const AuditRecord& audit);
  // The same, and uses up `node.auth_key` in one step: FAILED_PRECONDITION,
  // and nothing happens, when the key is not (any more) good at `now_ms`.
  absl::Status RegisterNode(const NodeRecord& node, int64_t now_ms,
                            const AuditRecord& audit);
  // What a node tells of itself: no audit row.
  absl::Status UpdateReport(NodeId id, const crypto::DiscoKey& disco,
                            const HostDetails& host, const NodeReach& reach);
  absl::Status SetLastSeen(NodeId id, int64_t last_seen_ms);
  absl::Status DeleteNode(NodeId id, const AuditRecord& audit);

  absl::Status PutRelay(const RelayRecord& relay, const AuditRecord& audit);
  absl::Status DeleteRelay(TailnetId tailnet, RelayId region,
                           const AuditRecord& audit);

  // The newest `limit` rows, newest first.
  absl::StatusOr<std::vector<AuditRecord>> Audit(TailnetId tailnet,
                                                 size_t limit);

 private:
  Store(SqlConnection database, io::Fd lock);
  // One transaction: the statement, then the audit row.
  absl::Status RunAudited(const char* sql, SqlConnection::Values values,
                          const AuditRecord& audit);
  absl::Status AppendAudit(const AuditRecord& audit);
  absl::Status WriteNode(const NodeRecord& node);

  SqlConnection database_;
  io::Fd lock_;  // Held as long as this process uses the database.
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_STORE_H_
