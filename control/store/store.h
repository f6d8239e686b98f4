#ifndef WARREN_CONTROL_STORE_STORE_H_
#define WARREN_CONTROL_STORE_STORE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/access_store.h"
#include "control/store/account_store.h"
#include "control/store/audit_log.h"
#include "control/store/journal.h"
#include "control/store/load_contents.h"
#include "control/store/records.h"
#include "control/store/sqlite.h"
#include "io/fd.h"

namespace warren::control {

// What the control server must not forget, in one SQLite database (WAL,
// synchronous=FULL). Each function that changes something is one transaction
// with its audit row, and durable when it returns OK; otherwise nothing of it
// happened. Between BeginBatch() and CommitBatch() durability is the batch's,
// see Journal. Not thread-safe: the coordinator's thread owns it.
//
// Files: control.db, control.db-wal, control.db-shm, control.lock, all in the
// state folder, none readable by others.
//
// Codes of all: ALREADY_EXISTS, something unique is taken; UNAVAILABLE,
// another process holds the database; RESOURCE_EXHAUSTED, the disk is full.
class Store {
 public:
  // Opens the database of `folder`; makes it when there is none. An older one
  // is copied (KeepCopy() in backup.h) and migrated. One that is damaged,
  // foreign or newer is left as it is.
  // FAILED_PRECONDITION says which file, what is wrong and what to do.
  static absl::StatusOr<std::unique_ptr<Store>> Open(const std::string& folder);

  // Reads only.
  absl::StatusOr<StoreContents> Load();

  // Thread-safe, and may outlive the store.
  std::shared_ptr<const StoreMetrics> metrics() const {
    return journal_.metrics();
  }

  // Group commit; see Journal.
  void BeginBatch() { journal_.BeginBatch(); }
  absl::StatusOr<bool> CommitBatch() { return journal_.CommitBatch(); }
  void GiveUpBatch(const absl::Status& why) { journal_.GiveUpBatch(why); }
  void SetOutbox(Journal::Outbox outbox) {
    journal_.SetOutbox(std::move(outbox));
  }

  // The other subjects.
  AccountStore& accounts() { return accounts_; }
  AccessStore& access() { return access_; }
  AuditLog& audit_log() { return audit_log_; }

  // From here on the database belongs to the server with this key.
  // FAILED_PRECONDITION: it belongs to another.
  absl::Status BindServer(const crypto::MachineKey& public_key);

  // Creates or replaces, by id, with its settings. ALREADY_EXISTS: the name is
  // taken.
  absl::Status PutTailnet(const TailnetRecord& tailnet,
                          const AuditRecord& audit);
  // With everything in it.
  absl::Status DeleteTailnet(TailnetId id, const AuditRecord& audit);
  // Netmaps up to `version` may be published from here on.
  absl::Status ReserveVersions(TailnetId id, uint64_t version);

  // Creates or replaces, by id. ALREADY_EXISTS: the login is taken.
  absl::Status PutUser(const UserRecord& user, const AuditRecord& audit);
  // With everything of the user: nodes, keys, identities, sessions.
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
  // The same as PutNode, for a node that a person signed in:
  // FAILED_PRECONDITION when the owner is not there or is suspended.
  absl::Status SignInNode(const NodeRecord& node, const AuditRecord& audit);
  // What a node tells of itself: no audit row.
  absl::Status UpdateReport(NodeId id, const crypto::DiscoKey& disco,
                            const HostDetails& host, const NodeReach& reach);
  absl::Status SetLastSeen(NodeId id, int64_t last_seen_ms);
  // With its shares.
  absl::Status DeleteNode(NodeId id, const AuditRecord& audit);

  absl::Status PutRelay(const RelayRecord& relay, const AuditRecord& audit);
  absl::Status DeleteRelay(TailnetId tailnet, RelayId region,
                           const AuditRecord& audit);

 private:
  Store(SqlConnection database, io::Fd lock);
  absl::Status WriteNode(const NodeRecord& node);

  Journal journal_;
  AccountStore accounts_{journal_};
  AccessStore access_{journal_};
  AuditLog audit_log_{journal_};
  io::Fd lock_;  // Held as long as this process uses the database.
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_STORE_H_
