#ifndef WARREN_CONTROL_DOCUMENT_APPLY_H_
#define WARREN_CONTROL_DOCUMENT_APPLY_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/coordinator/directory.h"
#include "control/coordinator/order.h"
#include "control/document/plan.h"
#include "control/identity/seal.h"

// Documents on a live tailnet.
namespace warren::control {

std::string ExportYaml(const TailnetState& tailnet);

// A document and what it would change.
struct DocumentPlan {
  v1::TailnetSpec now;
  v1::TailnetSpec wanted;
  std::vector<SpecChange> changes;
};
// INVALID_ARGUMENT: what is wrong with the document, and where.
absl::StatusOr<DocumentPlan> PlanYaml(const TailnetState& tailnet,
                                      absl::string_view yaml, bool prune);

struct ApplyOptions {
  bool force = false;  // also a policy that locks its author out
  bool allow_plain_webhooks = false;
};

// Carries the plan out by the commands that single changes go by, so that their
// checks and audit rows are the same. All or nothing: on an error the batch is
// given up, and nothing of it is stored (Directory::GiveUpBatch()).
//
// Devices that are new are made with the keys the document names, and are in
// as soon as they call. What has secrets gets none (providers) or new ones
// (webhooks).
absl::Status ApplyPlan(Directory& directory, const Order& order,
                       TailnetState& tailnet, const DocumentPlan& plan,
                       const SealKey& seal_key, const ApplyOptions& options);

}  // namespace warren::control

#endif  // WARREN_CONTROL_DOCUMENT_APPLY_H_
