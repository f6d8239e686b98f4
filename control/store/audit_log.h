#ifndef WARREN_CONTROL_STORE_AUDIT_LOG_H_
#define WARREN_CONTROL_STORE_AUDIT_LOG_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/journal.h"
#include "control/store/records.h"

namespace warren::control {

// Which rows of the audit log; what is empty or 0 does not narrow them.
struct AuditFilter {
  TailnetId tailnet;
  size_t limit = 100;
  std::string actor = {};   // exactly
  std::string action = {};  // exactly, or what starts with it: "node."
  std::string target = {};  // exactly
  int64_t since_ms = 0;
  int64_t before_id = 0;  // older than this row: the next page
};

// The part of the store that tells what happened: the audit log, and the
// events that wait for their webhooks.
//
// A row that a webhook wants makes its delivery in the same transaction: see
// Journal::SetOutbox().
class AuditLog {
 public:
  explicit AuditLog(Journal& journal) : journal_(journal) {}

  // Newest first.
  absl::StatusOr<std::vector<AuditRecord>> Read(const AuditFilter& filter);
  // For what changes nothing but must be on record: a refused sign-in.
  absl::Status Append(const AuditRecord& audit);
  // For what a stranger was refused, at audit.time_ms. Of those that come too
  // often from one source, or to one tailnet, only the first few: OK, and no
  // row. They cannot push out what was done.
  absl::Status AppendRefusal(const AuditRecord& audit);
  // An event without an audit row, such as a key that will expire. Its id is
  // given by the store.
  absl::Status AppendDelivery(const DeliveryRecord& delivery);
  // At most `limit` that are due at `now_ms`, longest due first.
  absl::StatusOr<std::vector<DeliveryRecord>> DueDeliveries(int64_t now_ms,
                                                            size_t limit);
  // When the next one is due; nullopt: nothing waits.
  absl::StatusOr<std::optional<int64_t>> NextDeliveryMs();
  absl::StatusOr<int64_t> CountDeliveries(WebhookId webhook);
  absl::StatusOr<int64_t> CountAllDeliveries();
  // Of the newest that has failed and still waits; empty: none.
  absl::StatusOr<std::string> LastError(WebhookId webhook);
  // Delivered, or given up.
  absl::Status DeleteDelivery(int64_t id);
  // An attempt failed: one more, and when to try again.
  absl::Status RetryDelivery(int64_t id, int64_t next_ms,
                             const std::string& error);

  // Refusals on record, in each kRefusalsOverMs.
  static constexpr int kMaxRefusalsOfSource = 5;
  static constexpr int kMaxRefusalsOfTailnet = 100;
  static constexpr int64_t kRefusalsOverMs = 600'000;

 private:
  // False: there are enough of `source` ("": of all) already.
  bool CountRefusal(TailnetId tailnet, const std::string& source, int most);

  Journal& journal_;
  int64_t refusals_since_ms_ = 0;
  // Since then, by tailnet and source. Bounded by kMaxRefusalsOfTailnet each.
  std::map<std::pair<TailnetId, std::string>, int> refusals_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_AUDIT_LOG_H_
