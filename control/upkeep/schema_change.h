#ifndef WARREN_CONTROL_UPKEEP_SCHEMA_CHANGE_H_
#define WARREN_CONTROL_UPKEEP_SCHEMA_CHANGE_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace warren::control {

// What the next start of this program would do to the database.
struct UpgradePlan {
  int64_t from = 0;
  int64_t to = 0;
  std::vector<std::string> steps;  // what each adds; empty: none is needed
  int64_t needed_bytes = 0;        // for the copy that is kept
  int64_t free_bytes = 0;
};
// FAILED_PRECONDITION: this program cannot use that database; the message says
// why. RESOURCE_EXHAUSTED: there is no room for the copy. Changes nothing; may
// run beside a server.
absl::StatusOr<UpgradePlan> PlanUpgrade(const std::string& folder);

// Takes the database back to schema `target`, for an older program, and returns
// where the copy from before is. FAILED_PRECONDITION: a server is running, or
// something would be lost (the message says what) and not `force`.
absl::StatusOr<std::string> Downgrade(const std::string& folder, int64_t target,
                                      bool force);

}  // namespace warren::control

#endif  // WARREN_CONTROL_UPKEEP_SCHEMA_CHANGE_H_
