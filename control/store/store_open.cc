#include <unistd.h>

#include <cstdio>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/store/backup.h"
#include "control/store/database_file.h"
#include "control/store/schema.h"
#include "control/store/store.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

// Makes an empty database under another name first, so that a crash can never
// leave half of one behind under the real name.
absl::Status Create(const std::string& folder, const std::string& path) {
  if (SizeOf(path + "-wal").value_or(0) > 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is missing, but its log ", path,
        "-wal is there. Nothing was changed. Put the database back, or restore "
        "a backup with `warren-control restore --from BACKUP`"));
  }
  const std::string draft = path + ".new";
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) {
    unlink((draft + suffix).c_str());
  }
  {
    WARREN_ASSIGN_OR_RETURN(
        SqlConnection database,
        SqlConnection::Open(draft, SqlConnection::Mode::kCreate));
    WARREN_RETURN_IF_ERROR(Migrate(database));
  }
  if (rename(draft.c_str(), path.c_str()) != 0) return Errno("make", path);
  return SyncFolder(folder);
}

}  // namespace

Store::Store(SqlConnection database, io::Fd lock)
    : journal_(std::move(database)), lock_(std::move(lock)) {}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& folder) {
  WARREN_RETURN_IF_ERROR(MakeFolder(folder));
  WARREN_ASSIGN_OR_RETURN(io::Fd lock, LockFolder(folder));
  const std::string path = DatabasePath(folder);
  if (!SizeOf(path)) WARREN_RETURN_IF_ERROR(Create(folder, path));
  WARREN_ASSIGN_OR_RETURN(const int64_t schema,
                          CheckDatabase(path, CheckDepth::kQuick));
  if (schema != NewestSchema()) {
    WARREN_RETURN_IF_ERROR(KeepCopy(folder, schema, NewestSchema()).status());
  }
  WARREN_ASSIGN_OR_RETURN(
      SqlConnection database,
      SqlConnection::Open(path, SqlConnection::Mode::kWrite));
  const absl::Status migrated = Migrate(database);
  if (!migrated.ok()) return Damaged(path, migrated);
  const absl::Status set = database.RunScript(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
      // The log shrinks to this when a long reader lets it.
      "PRAGMA journal_size_limit = 67108864");
  if (!set.ok()) return Damaged(path, set);
  return std::unique_ptr<Store>(
      new Store(std::move(database), std::move(lock)));
}

}  // namespace warren::control
