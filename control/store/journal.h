#ifndef WARREN_CONTROL_STORE_JOURNAL_H_
#define WARREN_CONTROL_STORE_JOURNAL_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/records.h"
#include "control/store/sqlite.h"
#include "control/store/store_metrics.h"
#include "io/clock.h"

namespace warren::control {

// The writes of the store, through its one connection. Alone, each is a
// transaction: durable when it returns OK, undone when not. Between
// BeginBatch() and CommitBatch() each is a savepoint of one transaction: a
// failing one is undone and does not harm the others, and all of them are
// durable together when CommitBatch() returns OK. Not thread-safe.
class Journal {
 public:
  // Rows of the audit log kept, of one tailnet and of all; older ones go.
  static constexpr int64_t kMaxAuditRows = 100'000;
  static constexpr int64_t kMaxAuditRowsOfAll = 2'000'000;
  // Deliveries kept for one webhook; older ones go.
  static constexpr int64_t kMaxDeliveries = 10'000;

  // What webhooks want of an audit row (with its id): stored beside it, in the
  // same transaction. Must not use the journal.
  using Outbox = std::function<std::vector<DeliveryRecord>(const AuditRecord&)>;

  explicit Journal(SqlConnection database) : database_(std::move(database)) {}

  void SetOutbox(Outbox outbox) { outbox_ = std::move(outbox); }
  SqlConnection& database() { return database_; }
  // May outlive the journal.
  std::shared_ptr<const StoreMetrics> metrics() const { return metrics_; }

  // Runs `write` and appends `audit`, both or neither.
  absl::Status Do(const std::function<absl::Status()>& write,
                  const std::optional<AuditRecord>& audit);
  // The same with one statement.
  absl::Status Run(const char* sql, SqlConnection::Values values,
                   const std::optional<AuditRecord>& audit);
  // The same, and FAILED_PRECONDITION with `refusal` when the statement
  // changes no row: for conditions that must hold in the transaction.
  absl::Status RunIf(const char* sql, SqlConnection::Values values,
                     const char* refusal,
                     const std::optional<AuditRecord>& audit);

  // Within Do(): one statement, FAILED_PRECONDITION as RunIf().
  absl::Status Require(const char* sql, SqlConnection::Values values,
                       const char* refusal);
  // Within Do().
  absl::Status AppendDelivery(const DeliveryRecord& delivery);

  // What is written from here on is durable only after CommitBatch().
  void BeginBatch();
  // Whether anything was written; if not, the disk is not touched. On an error
  // nothing since BeginBatch() happened, also what had returned OK.
  absl::StatusOr<bool> CommitBatch();
  // CommitBatch() will fail with `why`, which must not be OK: something of the
  // batch was done by halves. Without a batch nothing happens.
  void GiveUpBatch(const absl::Status& why);

 private:
  enum class Batch : uint8_t {
    kNone,
    kEmpty,  // nothing written yet
    kOpen,   // in a transaction
  };
  absl::Status Append(const AuditRecord& audit);
  absl::Status Trim(TailnetId tailnet);
  absl::Status Alone(const std::function<absl::Status()>& write);
  absl::Status InBatch(const std::function<absl::Status()>& write);
  // Ends a transaction with `end`, which makes it durable.
  absl::Status Commit(const std::function<absl::Status()>& end);

  SqlConnection database_;
  const io::Clock clock_;
  const std::shared_ptr<StoreMetrics> metrics_ =
      std::make_shared<StoreMetrics>();
  std::vector<std::string> actions_;  // of the transaction under way
  Outbox outbox_;
  Batch batch_ = Batch::kNone;
  absl::Status broken_;  // why the rest of the batch cannot be written
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_JOURNAL_H_
