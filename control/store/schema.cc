#include "control/store/schema.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "control/store/schema_steps.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// `sql` leads to schema `version`.
absl::Status RunStep(SqlConnection& connection, const char* sql,
                     int64_t version) {
  WARREN_ASSIGN_OR_RETURN(SqlTransaction transaction,
                          SqlTransaction::Begin(connection));
  WARREN_RETURN_IF_ERROR(connection.RunScript(sql));
  const std::string stamp =
      absl::StrCat("PRAGMA application_id = ", kApplicationId,
                   "; PRAGMA user_version = ", version);
  WARREN_RETURN_IF_ERROR(connection.RunScript(stamp.c_str()));
  return transaction.Commit();
}

const SchemaStep& StepFrom(int64_t version) {
  return SchemaSteps()[static_cast<size_t>(version)];
}

absl::Status CheckTarget(int64_t target) {
  if (target >= 0 && target <= NewestSchema()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("there is no schema ", target,
                                                 ": this program knows 1 to ",
                                                 NewestSchema()));
}

}  // namespace

int64_t NewestSchema() { return static_cast<int64_t>(SchemaSteps().size()); }

absl::StatusOr<int64_t> SchemaOf(SqlConnection& connection) {
  WARREN_ASSIGN_OR_RETURN(const int64_t version,
                          connection.QueryInt("PRAGMA user_version"));
  WARREN_ASSIGN_OR_RETURN(const int64_t application,
                          connection.QueryInt("PRAGMA application_id"));
  WARREN_ASSIGN_OR_RETURN(
      const int64_t num_tables,
      connection.QueryInt("SELECT count(*) FROM sqlite_schema"));
  const bool fresh = version == 0 && application == 0 && num_tables == 0;
  if (!fresh && application != kApplicationId) {
    return absl::FailedPreconditionError(
        "the database was not made by warren-control");
  }
  if (version < 0 || version > NewestSchema()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the database has schema ", version, ", this program knows up to ",
        NewestSchema(), ": use a newer warren-control"));
  }
  return version;
}

absl::Status Migrate(SqlConnection& connection, int64_t target) {
  WARREN_RETURN_IF_ERROR(CheckTarget(target));
  WARREN_ASSIGN_OR_RETURN(int64_t version, SchemaOf(connection));
  for (; version < target; ++version) {
    WARREN_RETURN_IF_ERROR(
        RunStep(connection, StepFrom(version).forward, version + 1));
  }
  for (; version > target; --version) {
    WARREN_RETURN_IF_ERROR(
        RunStep(connection, StepFrom(version - 1).back, version - 1));
  }
  return absl::OkStatus();
}

std::vector<std::string> SchemaStepNames(int64_t from) {
  std::vector<std::string> names;
  for (; from < NewestSchema(); ++from) {
    names.push_back(
        absl::StrCat("schema ", from + 1, ": ", StepFrom(from).what));
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> LossesOf(SqlConnection& connection,
                                                  int64_t target) {
  WARREN_RETURN_IF_ERROR(CheckTarget(target));
  WARREN_ASSIGN_OR_RETURN(int64_t version, SchemaOf(connection));
  std::vector<std::string> losses;
  for (; version > target; --version) {
    for (const SchemaLoss& loss : StepFrom(version - 1).losses) {
      WARREN_ASSIGN_OR_RETURN(const int64_t count,
                              connection.QueryInt(loss.count_sql));
      if (count != 0) losses.push_back(absl::StrCat(count, " ", loss.what));
    }
  }
  return losses;
}

}  // namespace warren::control
