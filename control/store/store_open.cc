#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/store/schema.h"
#include "control/store/store.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr char kDatabaseName[] = "/control.db";
constexpr char kAdvice[] =
    ". Nothing was changed. Restore a backup of this file, or move the whole "
    "folder away to begin anew";

absl::Status Errno(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

// Size in bytes; nullopt when there is no such file.
std::optional<int64_t> SizeOf(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_size;
}

absl::Status MakeFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) == 0 || errno == EEXIST) {
    struct stat info;
    if (stat(folder.c_str(), &info) != 0) return Errno("read", folder);
    if (!S_ISDIR(info.st_mode)) {
      return absl::FailedPreconditionError(
          absl::StrCat("state folder ", folder, " is not a folder"));
    }
    if ((info.st_mode & 022) == 0) return absl::OkStatus();
    // It may be anything, such as /tmp: not ours to close.
    return absl::FailedPreconditionError(absl::StrCat(
        "other users may write to the state folder ", folder,
        ": chmod 700 it if it is this server's alone, or name another"));
  }
  return Errno("make the state folder", folder);
}

absl::StatusOr<io::Fd> Lock(const std::string& folder) {
  const std::string path = folder + "/control.lock";
  io::Fd fd(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.ok()) return Errno("open", path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return Errno("lock", path);
  return absl::FailedPreconditionError(absl::StrCat(
      "another warren-control is running with the state folder ", folder));
}

absl::Status SyncFolder(const std::string& folder) {
  const io::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || fsync(fd.get()) != 0) return Errno("sync", folder);
  return absl::OkStatus();
}

// Makes an empty database under another name first, so that a crash can never
// leave half of one behind under the real name.
absl::Status Create(const std::string& folder, const std::string& path) {
  if (SizeOf(path + "-wal").value_or(0) > 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is missing, but its log ", path, "-wal is there", kAdvice));
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

// `pragma`: quick_check or integrity_check.
absl::Status Verify(SqlConnection& database, const char* pragma) {
  std::string found;
  const absl::Status status =
      database.Query(pragma, {}, [&](const SqlRow& row) {
        if (found.empty()) found = row.Text(0);
        return absl::OkStatus();
      });
  WARREN_RETURN_IF_ERROR(status);
  if (found == "ok") return absl::OkStatus();
  return absl::FailedPreconditionError(found);
}

absl::Status Damaged(const std::string& path, const absl::Status& why) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot use ", path, ": ", why.message(), kAdvice));
}

// Looks before anything may write.
absl::Status CheckBeforeUse(const std::string& path, const char* pragma) {
  if (SizeOf(path) == 0) {
    return Damaged(path, absl::FailedPreconditionError("it is empty"));
  }
  auto database = SqlConnection::Open(path, SqlConnection::Mode::kRead);
  absl::Status status = database.status();
  if (status.ok()) status = Verify(*database, pragma);
  if (!status.ok()) return Damaged(path, status);
  return absl::OkStatus();
}

}  // namespace

Store::Store(SqlConnection database, io::Fd lock)
    : database_(std::move(database)), lock_(std::move(lock)) {}

absl::StatusOr<std::unique_ptr<Store>> Store::Open(const std::string& folder) {
  WARREN_RETURN_IF_ERROR(MakeFolder(folder));
  WARREN_ASSIGN_OR_RETURN(io::Fd lock, Lock(folder));
  const std::string path = folder + kDatabaseName;
  if (!SizeOf(path)) WARREN_RETURN_IF_ERROR(Create(folder, path));
  WARREN_RETURN_IF_ERROR(CheckBeforeUse(path, "PRAGMA quick_check"));
  WARREN_ASSIGN_OR_RETURN(
      SqlConnection database,
      SqlConnection::Open(path, SqlConnection::Mode::kWrite));
  const absl::Status migrated = Migrate(database);
  if (!migrated.ok()) return Damaged(path, migrated);
  const absl::Status set = database.RunScript(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
      "PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;"
      "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON");
  if (!set.ok()) return Damaged(path, set);
  return std::unique_ptr<Store>(
      new Store(std::move(database), std::move(lock)));
}

absl::StatusOr<int64_t> Store::Check(const std::string& folder) {
  const std::string path = folder + kDatabaseName;
  if (!SizeOf(path)) {
    return absl::FailedPreconditionError(
        absl::StrCat("there is no database ", path));
  }
  WARREN_RETURN_IF_ERROR(CheckBeforeUse(path, "PRAGMA integrity_check"));
  WARREN_ASSIGN_OR_RETURN(
      SqlConnection database,
      SqlConnection::Open(path, SqlConnection::Mode::kRead));
  const absl::Status known = Migrate(database, 0);
  if (!known.ok()) return Damaged(path, known);
  WARREN_ASSIGN_OR_RETURN(
      const int64_t strays,
      database.QueryInt("SELECT count(*) FROM pragma_foreign_key_check"));
  if (strays != 0) {
    return Damaged(path, absl::FailedPreconditionError(absl::StrCat(
                             strays, " rows refer to rows that are gone")));
  }
  return database.QueryInt("PRAGMA user_version");
}

}  // namespace warren::control
