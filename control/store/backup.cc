#include "control/store/backup.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "control/store/database_file.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int64_t kSpare = 1 << 20;  // bytes, beyond the copy itself
constexpr std::array kSuffixes = {"", "-journal", "-wal", "-shm"};

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

void Discard(const std::string& path) {
  for (const char* suffix : kSuffixes) unlink((path + suffix).c_str());
}

absl::Status CheckRoom(const std::string& from, const std::string& to) {
  const int64_t wanted = SizeWithLog(from) + kSpare;
  const int64_t room = RoomFor(to);
  if (room >= wanted) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("no room for ", to, ": it needs ", wanted, " bytes, ", room,
                   " are free there"));
}

// All pages in one read transaction.
absl::Status CopyPages(SqlConnection& from, SqlConnection& to) {
  sqlite3_backup* const backup =
      sqlite3_backup_init(to.handle(), "main", from.handle(), "main");
  if (backup == nullptr) {
    return absl::InternalError(
        absl::StrCat("copying: ", sqlite3_errmsg(to.handle())));
  }
  const int stepped = sqlite3_backup_step(backup, -1);
  const int code = sqlite3_backup_finish(backup);
  if (stepped == SQLITE_DONE && code == SQLITE_OK) return absl::OkStatus();
  const std::string why =
      absl::StrCat("copying ", from.path(), " to ", to.path(), ": ",
                   sqlite3_errstr(stepped == SQLITE_DONE ? code : stepped));
  return (stepped & 0xff) == SQLITE_FULL ? absl::ResourceExhaustedError(why)
                                         : absl::FailedPreconditionError(why);
}

absl::Status SyncFile(const std::string& path) {
  const io::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok() || fsync(fd.get()) != 0) return Errno("sync", path);
  return absl::OkStatus();
}

// A checked copy under a name that was free, durable but for its name.
absl::Status Draft(const std::string& from, const std::string& draft) {
  const io::Fd made(
      open(draft.c_str(), O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600));
  if (!made.ok()) return Errno("make", draft);
  {
    WARREN_ASSIGN_OR_RETURN(
        SqlConnection source,
        SqlConnection::Open(from, SqlConnection::Mode::kRead));
    WARREN_ASSIGN_OR_RETURN(
        SqlConnection target,
        SqlConnection::Open(draft, SqlConnection::Mode::kWrite));
    WARREN_RETURN_IF_ERROR(CopyPages(source, target));
    // One file: a log beside it could be forgotten.
    WARREN_RETURN_IF_ERROR(target.RunScript("PRAGMA journal_mode = DELETE"));
  }
  WARREN_RETURN_IF_ERROR(CheckDatabase(draft, CheckDepth::kQuick).status());
  return SyncFile(draft);
}

// Moves what a database that cannot be opened has beside it, too.
absl::Status PutAside(const std::string& path, const std::string& aside) {
  if (link(path.c_str(), aside.c_str()) != 0) return Errno("keep", aside);
  const std::string log = path + "-wal";
  if (SizeOf(log) && rename(log.c_str(), (aside + "-wal").c_str()) != 0) {
    return Errno("keep", aside + "-wal");
  }
  unlink((path + "-shm").c_str());
  return absl::OkStatus();
}

// What is in the log goes into the database, where that is sound.
void EmptyLog(const std::string& path) {
  auto database = SqlConnection::Open(path, SqlConnection::Mode::kWrite);
  if (!database.ok()) return;
  database->RunScript("PRAGMA wal_checkpoint(TRUNCATE)").IgnoreError();
}

}  // namespace

absl::StatusOr<int64_t> CopyDatabase(const std::string& from,
                                     const std::string& to) {
  if (SizeOf(to)) {
    return absl::AlreadyExistsError(
        absl::StrCat("there is a file ", to, " already"));
  }
  WARREN_RETURN_IF_ERROR(CheckRoom(from, to));
  const std::string draft = to + ".part";
  const absl::Cleanup discard = [&draft] { Discard(draft); };
  WARREN_RETURN_IF_ERROR(Draft(from, draft));
  const int64_t size = SizeOf(draft).value_or(0);
  if (renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, to.c_str(),
                RENAME_NOREPLACE) != 0) {
    return Errno("make", to);
  }
  WARREN_RETURN_IF_ERROR(SyncFolder(FolderOf(to)));
  return size;
}

absl::StatusOr<std::string> KeepCopy(const std::string& folder, int64_t from,
                                     int64_t to) {
  const std::string path = DatabasePath(folder);
  const std::string kept = absl::StrCat(path, ".schema", from, "-before-", to);
  const std::string fresh = kept + ".new";
  Discard(fresh);
  Discard(fresh + ".part");
  WARREN_RETURN_IF_ERROR(CopyDatabase(path, fresh).status());
  if (rename(fresh.c_str(), kept.c_str()) != 0) return Errno("keep", kept);
  WARREN_RETURN_IF_ERROR(SyncFolder(folder));
  return kept;
}

absl::StatusOr<Restored> RestoreDatabase(const std::string& folder,
                                         const std::string& from,
                                         const std::string& stamp) {
  WARREN_RETURN_IF_ERROR(MakeFolder(folder));
  WARREN_ASSIGN_OR_RETURN(const io::Fd lock, LockFolder(folder));
  Restored restored;
  WARREN_ASSIGN_OR_RETURN(restored.schema,
                          CheckDatabase(from, CheckDepth::kFull));
  const std::string path = DatabasePath(folder);
  const std::string fresh = path + ".restoring";
  Discard(fresh);
  Discard(fresh + ".part");
  WARREN_RETURN_IF_ERROR(CopyDatabase(from, fresh).status());
  if (SizeOf(path)) {
    EmptyLog(path);
    restored.replaced = absl::StrCat(path, ".replaced-", stamp);
    WARREN_RETURN_IF_ERROR(PutAside(path, restored.replaced));
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) return Errno("make", path);
  WARREN_RETURN_IF_ERROR(SyncFolder(folder));
  return restored;
}

}  // namespace warren::control
