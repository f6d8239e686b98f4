#include "control/store/database_file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "control/store/schema.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr char kAdvice[] =
    ". Nothing was changed. `warren-control restore --from BACKUP` puts a "
    "backup in its place; `warren-control doctor` tells more";

absl::Status Refuse(absl::string_view why) {
  return absl::FailedPreconditionError(why);
}

uint32_t BigEndian(const std::array<uint8_t, 100>& header, size_t at) {
  return uint32_t{header[at]} << 24 | uint32_t{header[at + 1]} << 16 |
         uint32_t{header[at + 2]} << 8 | uint32_t{header[at + 3]};
}

// SQLite reads a last page that is cut off as if it ended in zeros. The header
// (fileformat2 §1.3) knows better, unless a log has the newer pages.
absl::Status CheckLength(const std::string& path, int64_t size) {
  if (size == 0) return Refuse("it is empty");
  if (SizeOf(path + "-wal").value_or(0) > 0) return absl::OkStatus();
  const io::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd.ok()) return Errno("open", path);
  std::array<uint8_t, 100> header;
  if (read(fd.get(), header.data(), header.size()) != 100) {
    return Refuse("it is too short for a database");
  }
  const int64_t stored = header[16] << 8 | header[17];
  const int64_t page_size = stored == 1 ? 65536 : stored;
  const int64_t wanted = page_size * BigEndian(header, 28);
  const bool current = BigEndian(header, 24) == BigEndian(header, 92);
  if (!current || size >= wanted) return absl::OkStatus();
  return Refuse(
      absl::StrCat("it is cut off: ", size, " of ", wanted, " bytes"));
}

absl::Status Verify(SqlConnection& database, CheckDepth depth) {
  const bool full = depth == CheckDepth::kFull;
  std::string found;
  WARREN_RETURN_IF_ERROR(
      database.Query(full ? "PRAGMA integrity_check" : "PRAGMA quick_check", {},
                     [&](const SqlRow& row) {
                       if (found.empty()) found = row.Text(0);
                       return absl::OkStatus();
                     }));
  if (found != "ok") return Refuse(found);
  if (!full) return absl::OkStatus();
  WARREN_ASSIGN_OR_RETURN(
      const int64_t strays,
      database.QueryInt("SELECT count(*) FROM pragma_foreign_key_check"));
  if (strays == 0) return absl::OkStatus();
  return Refuse(absl::StrCat(strays, " rows refer to rows that are gone"));
}

absl::StatusOr<int64_t> Inspect(const std::string& path, int64_t size,
                                CheckDepth depth) {
  WARREN_RETURN_IF_ERROR(CheckLength(path, size));
  WARREN_ASSIGN_OR_RETURN(
      SqlConnection database,
      SqlConnection::Open(path, SqlConnection::Mode::kRead));
  WARREN_ASSIGN_OR_RETURN(const int64_t schema, SchemaOf(database));
  WARREN_RETURN_IF_ERROR(Verify(database, depth));
  return schema;
}

}  // namespace

std::string DatabasePath(const std::string& folder) {
  return folder + "/control.db";
}

absl::Status Errno(absl::string_view what, const std::string& path) {
  return Refuse(
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

absl::Status Damaged(const std::string& path, const absl::Status& why) {
  // Somebody else's lock or a full disk is not damage.
  if (why.code() == absl::StatusCode::kUnavailable) return why;
  return Refuse(
      absl::StrCat("cannot use ", path, ": ", why.message(), kAdvice));
}

std::optional<int64_t> SizeOf(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) != 0) return std::nullopt;
  return info.st_size;
}

int64_t SizeWithLog(const std::string& path) {
  return SizeOf(path).value_or(0) + SizeOf(path + "-wal").value_or(0);
}

int64_t RoomFor(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct statvfs info;
  if (statvfs(folder.c_str(), &info) != 0) return 0;
  return static_cast<int64_t>(info.f_bavail) *
         static_cast<int64_t>(info.f_frsize);
}

absl::Status MakeFolder(const std::string& folder) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Errno("make the state folder", folder);
  }
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) return Errno("read", folder);
  if (!S_ISDIR(info.st_mode)) {
    return Refuse(absl::StrCat("state folder ", folder, " is not a folder"));
  }
  if ((info.st_mode & 022) == 0) return absl::OkStatus();
  // It may be anything, such as /tmp: not ours to close.
  return Refuse(absl::StrCat(
      "other users may write to the state folder ", folder,
      ": chmod 700 it if it is this server's alone, or name another"));
}

absl::StatusOr<io::Fd> LockFolder(const std::string& folder) {
  const std::string path = folder + "/control.lock";
  io::Fd fd(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  if (!fd.ok()) return Errno("open", path);
  if (flock(fd.get(), LOCK_EX | LOCK_NB) == 0) return fd;
  if (errno != EWOULDBLOCK) return Errno("lock", path);
  return Refuse(absl::StrCat(
      "another warren-control is running with the state folder ", folder));
}

absl::Status SyncFolder(const std::string& folder) {
  const io::Fd fd(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!fd.ok() || fsync(fd.get()) != 0) return Errno("sync", folder);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> CheckDatabase(const std::string& path,
                                      CheckDepth depth) {
  const auto size = SizeOf(path);
  if (!size) return Refuse(absl::StrCat("there is no database ", path));
  auto schema = Inspect(path, *size, depth);
  if (!schema.ok()) return Damaged(path, schema.status());
  return schema;
}

}  // namespace warren::control
