#ifndef WARREN_CONTROL_STORE_SCHEMA_H_
#define WARREN_CONTROL_STORE_SCHEMA_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/sqlite.h"

namespace warren::control {

// Marks a database as ours ("WRRN"), in SQLite's header.
inline constexpr int64_t kApplicationId = 0x5752524e;

// The schema this build writes: PRAGMA user_version.
int64_t NewestSchema();

// The schema of the database, 0 when it is empty. FAILED_PRECONDITION: it is
// newer than this build, or not ours.
absl::StatusOr<int64_t> SchemaOf(SqlConnection& connection);

// Brings the database to `target`, forward or back, one transaction for each
// step: what is interrupted leaves the schema before or after a step.
// FAILED_PRECONDITION as above, and nothing is changed. Going back loses what
// the older schema has no place for; see LossesOf().
absl::Status Migrate(SqlConnection& connection,
                     int64_t target = NewestSchema());

// What each step from schema `from` to the newest adds.
std::vector<std::string> SchemaStepNames(int64_t from);

// What going back to `target` would lose, each a line for a person: "3
// passkeys". Empty: nothing.
absl::StatusOr<std::vector<std::string>> LossesOf(SqlConnection& connection,
                                                  int64_t target);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_SCHEMA_H_
