#ifndef WARREN_CONTROL_STORE_ACCESS_STORE_H_
#define WARREN_CONTROL_STORE_ACCESS_STORE_H_

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/journal.h"
#include "control/store/records.h"

namespace warren::control {

// The part of the store that knows what machines and packets may do. The rules
// of Store hold: one function is one transaction with its audit row.
class AccessStore {
 public:
  explicit AccessStore(Journal& journal) : journal_(journal) {}

  // Puts `policy.version` in force, which must be one more than the newest (1
  // when there is none): else ABORTED, read again and retry.
  absl::Status InsertPolicy(const PolicyRecord& policy,
                            const AuditRecord& audit);
  // At most `limit` versions older than `before_version` (0: the newest),
  // newest first, without their texts.
  absl::StatusOr<std::vector<PolicyRecord>> PolicyVersions(
      TailnetId tailnet, uint64_t before_version, size_t limit);
  // One version with its text. NOT_FOUND: there is no such version.
  absl::StatusOr<PolicyRecord> PolicyVersion(TailnetId tailnet,
                                             uint64_t version);

  // Creates or replaces, by id. ALREADY_EXISTS: the prefix is taken.
  absl::Status PutApiKey(const ApiKeyRecord& key, const AuditRecord& audit);
  // With the access tokens of a client. They stay on the list.
  absl::Status RevokeApiKey(ApiKeyId id, int64_t revoked_ms,
                            const AuditRecord& audit);
  absl::Status TouchApiKey(ApiKeyId id, int64_t last_used_ms);
  // With the access tokens of a client.
  absl::Status DeleteApiKey(ApiKeyId id, const AuditRecord& audit);

  // ALREADY_EXISTS: the guest has this node already.
  absl::Status PutShare(const ShareRecord& share, const AuditRecord& audit);
  absl::Status DeleteShare(ShareId id, const AuditRecord& audit);

  // ALREADY_EXISTS: the name is another webhook's.
  absl::Status PutWebhook(const WebhookRecord& webhook,
                          const AuditRecord& audit);
  // With what waits for it.
  absl::Status DeleteWebhook(WebhookId id, const AuditRecord& audit);

 private:
  Journal& journal_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_ACCESS_STORE_H_
