#ifndef WARREN_CONTROL_STORE_BACKUP_H_
#define WARREN_CONTROL_STORE_BACKUP_H_

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Whole copies of a database. A copy is one file of its own, 0600, without a
// log, on disk when the call returns. It holds what was committed at one
// moment; who writes meanwhile neither waits nor shows in it.
//
// control.key is not in it: keep that apart, once.
namespace warren::control {

// Copies the database `from`, also while a server writes to it, to the new
// file `to`, checks the copy, and returns its size in bytes. On an error there
// is no file `to`. ALREADY_EXISTS: there was one. Blocks for as long as the
// disk needs.
absl::StatusOr<int64_t> CopyDatabase(const std::string& from,
                                     const std::string& to);

// The copy of control.db in `folder` made before it leaves schema `from` for
// `to`: control.db.schema<from>-before-<to>; a copy of that name is replaced.
// RESOURCE_EXHAUSTED: there is no room for it.
absl::StatusOr<std::string> KeepCopy(const std::string& folder, int64_t from,
                                     int64_t to);

struct Restored {
  int64_t schema = 0;
  std::string replaced;  // where the database that was there is; empty: none
};
// Puts a copy of the backup `from`, checked in full, in the place of
// control.db. `stamp` names what is kept aside: control.db.replaced-<stamp>.
// At every moment there is one whole control.db. FAILED_PRECONDITION: the
// server is running, or the backup is damaged, foreign or newer; nothing
// happened then.
absl::StatusOr<Restored> RestoreDatabase(const std::string& folder,
                                         const std::string& from,
                                         const std::string& stamp);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_BACKUP_H_
