#include "control/upkeep/schema_change.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/store/backup.h"
#include "control/store/database_file.h"
#include "control/store/schema.h"
#include "core/base/status_macros.h"

namespace warren::control {

absl::StatusOr<UpgradePlan> PlanUpgrade(const std::string& folder) {
  const std::string path = DatabasePath(folder);
  UpgradePlan plan;
  WARREN_ASSIGN_OR_RETURN(plan.from, CheckDatabase(path, CheckDepth::kFull));
  plan.to = NewestSchema();
  plan.steps = SchemaStepNames(plan.from);
  plan.free_bytes = RoomFor(path);
  if (plan.steps.empty()) return plan;
  // The copy, and a log as large as the database while a step runs.
  plan.needed_bytes = 2 * SizeWithLog(path) + (1 << 20);
  if (plan.free_bytes >= plan.needed_bytes) return plan;
  return absl::ResourceExhaustedError(absl::StrCat(
      "no room to upgrade ", path, ": it needs ", plan.needed_bytes, " bytes, ",
      plan.free_bytes, " are free"));
}

absl::StatusOr<std::string> Downgrade(const std::string& folder, int64_t target,
                                      bool force) {
  WARREN_ASSIGN_OR_RETURN(const io::Fd lock, LockFolder(folder));
  const std::string path = DatabasePath(folder);
  WARREN_ASSIGN_OR_RETURN(const int64_t schema,
                          CheckDatabase(path, CheckDepth::kFull));
  if (target < 1 || target > schema) {
    return absl::InvalidArgumentError(
        absl::StrCat("--to-schema ", target, ": the database has schema ",
                     schema, ", it can go back to 1 at the least"));
  }
  WARREN_ASSIGN_OR_RETURN(
      SqlConnection database,
      SqlConnection::Open(path, SqlConnection::Mode::kWrite));
  WARREN_ASSIGN_OR_RETURN(const std::vector<std::string> losses,
                          LossesOf(database, target));
  if (!losses.empty() && !force) {
    return absl::FailedPreconditionError(absl::StrCat(
        "schema ", target, " has no place for: ", absl::StrJoin(losses, "; "),
        ". Nothing was changed. --force loses them; a copy from before is "
        "kept either way"));
  }
  WARREN_ASSIGN_OR_RETURN(const std::string kept,
                          KeepCopy(folder, schema, target));
  WARREN_RETURN_IF_ERROR(Migrate(database, target));
  return kept;
}

}  // namespace warren::control
