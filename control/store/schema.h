#ifndef WARREN_CONTROL_STORE_SCHEMA_H_
#define WARREN_CONTROL_STORE_SCHEMA_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "control/store/sqlite.h"

namespace warren::control {

// Marks a database as ours ("WRRN"), in SQLite's header.
inline constexpr int64_t kApplicationId = 0x5752524e;

// The schema this build writes: PRAGMA user_version.
int64_t NewestSchema();

// Brings the database to `target`, one transaction for each step, forward
// only. FAILED_PRECONDITION: it is newer than this build, or not ours.
absl::Status Migrate(SqlConnection& connection,
                     int64_t target = NewestSchema());

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_SCHEMA_H_
