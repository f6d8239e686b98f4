#ifndef WARREN_CONTROL_STORE_LOAD_CONTENTS_H_
#define WARREN_CONTROL_STORE_LOAD_CONTENTS_H_

#include "absl/status/statusor.h"
#include "control/store/records.h"
#include "control/store/sqlite.h"

namespace warren::control {

// Reads every record from a database of the newest schema.
// FAILED_PRECONDITION names the table and the row that cannot be what we wrote.
absl::StatusOr<StoreContents> LoadContents(SqlConnection& database);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_LOAD_CONTENTS_H_
