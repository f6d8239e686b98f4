#ifndef WARREN_CONTROL_STORE_LOAD_ROWS_H_
#define WARREN_CONTROL_STORE_LOAD_ROWS_H_

#include <cstdint>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "control/store/records.h"
#include "control/store/sqlite.h"

// The store's own: reading whole tables, in the order of their ids.
// FAILED_PRECONDITION names the table and the row that cannot be ours.
namespace warren::control {

absl::Status LoadAccounts(SqlConnection& database, AccountContents& out);
absl::Status LoadAccess(SqlConnection& database, AccessContents& out);

// A row that cannot be what we wrote.
absl::Status BadRow(absl::string_view table, int64_t id, absl::string_view why);

// An enum column, whose greatest value is `last`.
template <class Enum>
absl::Status ReadEnum(absl::string_view table, const SqlRow& row, int column,
                      Enum last, Enum& out) {
  const int64_t value = row.Int(column);
  if (value < 0 || value > static_cast<int64_t>(last)) {
    return BadRow(table, row.Int(0), "a value is not known");
  }
  out = static_cast<Enum>(value);
  return absl::OkStatus();
}

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_LOAD_ROWS_H_
