#include "control/store/audit_log.h"

#include "control/store/sql_values.h"
#include "core/base/status_macros.h"

namespace warren::control {

absl::StatusOr<std::vector<AuditRecord>> AuditLog::Read(
    const AuditFilter& filter) {
  // What starts with "node." lies between "node." and "node/".
  std::string past = filter.action;
  const bool prefix = !past.empty() && past.back() == '.';
  if (prefix) past.back() = '/';
  std::vector<AuditRecord> out;
  WARREN_RETURN_IF_ERROR(journal_.database().Query(
      "SELECT id, tailnet_id, time_ms, actor, action, target, before, after,"
      " source FROM audit WHERE tailnet_id = ?1 AND (?2 = 0 OR id < ?2)"
      " AND (?3 = '' OR actor = ?3) AND (?4 = '' OR target = ?4)"
      " AND time_ms >= ?5 AND (?6 = '' OR action = ?6"
      "  OR (?7 AND action >= ?6 AND action < ?8))"
      " ORDER BY id DESC LIMIT ?9",
      {Sql(filter.tailnet), filter.before_id, filter.actor, filter.target,
       filter.since_ms, filter.action, Sql(prefix), past,
       static_cast<int64_t>(filter.limit)},
      [&](const SqlRow& row) {
        out.push_back({TailnetId(row.Int(1)), row.Int(2), row.Text(3),
                       row.Text(4), row.Text(5), row.Text(6), row.Text(7),
                       row.Text(8), row.Int(0)});
        return absl::OkStatus();
      }));
  return out;
}

absl::Status AuditLog::Append(const AuditRecord& audit) {
  return journal_.Do([] { return absl::OkStatus(); }, audit);
}

bool AuditLog::CountRefusal(TailnetId tailnet, const std::string& source,
                            int most) {
  int& num = refusals_[{tailnet, source}];
  if (num >= most) return false;
  ++num;
  return true;
}

absl::Status AuditLog::AppendRefusal(const AuditRecord& audit) {
  // The calendar's clock may be set back.
  const int64_t passed_ms = audit.time_ms - refusals_since_ms_;
  if (passed_ms < 0 || passed_ms >= kRefusalsOverMs) {
    refusals_.clear();
    refusals_since_ms_ = audit.time_ms;
  }
  const bool wanted =
      CountRefusal(audit.tailnet, "", kMaxRefusalsOfTailnet) &&
      CountRefusal(audit.tailnet, "from " + audit.source, kMaxRefusalsOfSource);
  return wanted ? Append(audit) : absl::OkStatus();
}

absl::Status AuditLog::AppendDelivery(const DeliveryRecord& delivery) {
  return journal_.Do([&] { return journal_.AppendDelivery(delivery); },
                     std::nullopt);
}

absl::StatusOr<std::vector<DeliveryRecord>> AuditLog::DueDeliveries(
    int64_t now_ms, size_t limit) {
  std::vector<DeliveryRecord> out;
  WARREN_RETURN_IF_ERROR(journal_.database().Query(
      "SELECT id, webhook_id, body, created_ms, next_ms, num_attempts,"
      " last_error FROM deliveries WHERE next_ms <= ?"
      " ORDER BY next_ms, id LIMIT ?",
      {now_ms, static_cast<int64_t>(limit)}, [&](const SqlRow& row) {
        out.push_back({row.Int(0), WebhookId(row.Int(1)), row.Text(2),
                       row.Int(3), row.Int(4), row.Int(5), row.Text(6)});
        return absl::OkStatus();
      }));
  return out;
}

absl::StatusOr<std::optional<int64_t>> AuditLog::NextDeliveryMs() {
  std::optional<int64_t> next;
  WARREN_RETURN_IF_ERROR(journal_.database().Query(
      "SELECT next_ms FROM deliveries ORDER BY next_ms LIMIT 1", {},
      [&](const SqlRow& row) {
        next = row.Int(0);
        return absl::OkStatus();
      }));
  return next;
}

absl::StatusOr<int64_t> AuditLog::CountDeliveries(WebhookId webhook) {
  return journal_.database().QueryInt(
      "SELECT count(*) FROM deliveries WHERE webhook_id = ?", {Sql(webhook)});
}

absl::StatusOr<int64_t> AuditLog::CountAllDeliveries() {
  return journal_.database().QueryInt("SELECT count(*) FROM deliveries");
}

absl::StatusOr<std::string> AuditLog::LastError(WebhookId webhook) {
  std::string error;
  WARREN_RETURN_IF_ERROR(journal_.database().Query(
      "SELECT last_error FROM deliveries WHERE webhook_id = ?"
      " AND last_error <> '' ORDER BY id DESC LIMIT 1",
      {Sql(webhook)}, [&](const SqlRow& row) {
        error = row.Text(0);
        return absl::OkStatus();
      }));
  return error;
}

absl::Status AuditLog::DeleteDelivery(int64_t id) {
  return journal_.Run("DELETE FROM deliveries WHERE id = ?", {id},
                      std::nullopt);
}

absl::Status AuditLog::RetryDelivery(int64_t id, int64_t next_ms,
                                     const std::string& error) {
  return journal_.Run(
      "UPDATE deliveries SET num_attempts = num_attempts + 1, next_ms = ?,"
      " last_error = ? WHERE id = ?",
      {next_ms, error, id}, std::nullopt);
}

}  // namespace warren::control
