#include "control/store/journal.h"

#include <utility>

#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// How many rows come before old ones are looked for.
constexpr int64_t kTrimEvery = 1000;

// A constraint or condition was not met: of no harm to the database.
bool IsRefusal(const absl::Status& status) {
  return absl::IsAlreadyExists(status) || absl::IsFailedPrecondition(status);
}

}  // namespace

absl::Status Journal::Do(const std::function<absl::Status()>& write,
                         const std::optional<AuditRecord>& audit) {
  const auto both = [&]() -> absl::Status {
    WARREN_RETURN_IF_ERROR(write());
    if (!audit) return absl::OkStatus();
    WARREN_RETURN_IF_ERROR(Append(*audit));
    actions_.push_back(audit->action);
    return absl::OkStatus();
  };
  const absl::Status status =
      batch_ == Batch::kNone ? Alone(both) : InBatch(both);
  if (IsRefusal(status)) metrics_->OnRefused();
  return status;
}

absl::Status Journal::Alone(const std::function<absl::Status()>& write) {
  auto transaction = SqlTransaction::Begin(database_);
  absl::Status status = transaction.status();
  if (status.ok()) status = write();
  if (IsRefusal(status)) return status;
  return Commit([&] { return status.ok() ? transaction->Commit() : status; });
}

absl::Status Journal::Commit(const std::function<absl::Status()>& end) {
  const Instant begin = clock_.Now();
  const absl::Status status = end();
  metrics_->OnTransaction(status, clock_.Now() - begin, actions_);
  actions_.clear();
  return status;
}

absl::Status Journal::Run(const char* sql, SqlConnection::Values values,
                          const std::optional<AuditRecord>& audit) {
  return Do([&] { return database_.Run(sql, values); }, audit);
}

absl::Status Journal::RunIf(const char* sql, SqlConnection::Values values,
                            const char* refusal,
                            const std::optional<AuditRecord>& audit) {
  return Do([&] { return Require(sql, values, refusal); }, audit);
}

absl::Status Journal::Require(const char* sql, SqlConnection::Values values,
                              const char* refusal) {
  WARREN_RETURN_IF_ERROR(database_.Run(sql, values));
  if (database_.num_changed() > 0) return absl::OkStatus();
  return absl::FailedPreconditionError(refusal);
}

void Journal::BeginBatch() {
  batch_ = Batch::kEmpty;
  broken_ = absl::OkStatus();
}

absl::Status Journal::InBatch(const std::function<absl::Status()>& write) {
  if (!broken_.ok()) return broken_;
  if (batch_ == Batch::kEmpty) {
    // Not tried again for the others: each would wait as long.
    broken_ = database_.Run("BEGIN IMMEDIATE");
    if (!broken_.ok()) return broken_;
    batch_ = Batch::kOpen;
  }
  WARREN_RETURN_IF_ERROR(database_.Run("SAVEPOINT write"));
  const absl::Status status = write();
  absl::Status ended = status;
  if (status.ok()) {
    ended = database_.Run("RELEASE write");
  } else if (database_.in_transaction()) {
    ended = database_.RunScript("ROLLBACK TO write; RELEASE write");
  }
  // Whether the writes before are still there, nobody knows.
  if (!ended.ok()) broken_ = ended;
  return status.ok() ? ended : status;
}

void Journal::GiveUpBatch(const absl::Status& why) {
  if (batch_ == Batch::kOpen && broken_.ok()) broken_ = why;
}

absl::StatusOr<bool> Journal::CommitBatch() {
  const bool open = std::exchange(batch_, Batch::kNone) == Batch::kOpen;
  if (!open) {
    // Each write was told; none had a transaction to be in.
    if (!broken_.ok()) Commit([&] { return broken_; }).IgnoreError();
    return false;
  }
  const absl::Status status =
      Commit([&] { return broken_.ok() ? database_.Run("COMMIT") : broken_; });
  if (!status.ok() && database_.in_transaction()) {
    database_.Run("ROLLBACK").IgnoreError();
  }
  if (!status.ok()) return status;
  return true;
}

absl::Status Journal::Append(const AuditRecord& audit) {
  WARREN_RETURN_IF_ERROR(database_.Run(
      "INSERT INTO audit (tailnet_id, time_ms, actor, action, target, before,"
      " after, source) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      {Sql(audit.tailnet), audit.time_ms, audit.actor, audit.action,
       audit.target, audit.before, audit.after, audit.source}));
  const int64_t id = database_.last_id();
  if (id % kTrimEvery == 0) WARREN_RETURN_IF_ERROR(Trim(audit.tailnet));
  if (!outbox_) return absl::OkStatus();
  AuditRecord numbered = audit;
  numbered.id = id;
  for (const DeliveryRecord& delivery : outbox_(numbered)) {
    WARREN_RETURN_IF_ERROR(AppendDelivery(delivery));
  }
  return absl::OkStatus();
}

absl::Status Journal::Trim(TailnetId tailnet) {
  WARREN_RETURN_IF_ERROR(database_.Run(
      "DELETE FROM audit WHERE tailnet_id = ?1 AND id <= (SELECT id FROM audit"
      " WHERE tailnet_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
      {Sql(tailnet), kMaxAuditRows}));
  return database_.Run(
      "DELETE FROM audit WHERE id <= (SELECT max(id) FROM audit) - ?",
      {kMaxAuditRowsOfAll});
}

absl::Status Journal::AppendDelivery(const DeliveryRecord& delivery) {
  WARREN_RETURN_IF_ERROR(database_.Run(
      "INSERT INTO deliveries (webhook_id, body, created_ms, next_ms,"
      " num_attempts, last_error) VALUES (?, ?, ?, ?, ?, ?)",
      {Sql(delivery.webhook), delivery.body, delivery.created_ms,
       delivery.next_ms, delivery.num_attempts, delivery.last_error}));
  return database_.Run(
      "DELETE FROM deliveries WHERE webhook_id = ?1 AND id <= (SELECT id FROM"
      " deliveries WHERE webhook_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
      {Sql(delivery.webhook), kMaxDeliveries});
}

}  // namespace warren::control
