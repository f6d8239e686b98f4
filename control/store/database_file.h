#ifndef WARREN_CONTROL_STORE_DATABASE_FILE_H_
#define WARREN_CONTROL_STORE_DATABASE_FILE_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "control/store/sqlite.h"
#include "io/fd.h"

// The state folder and the database file in it. FAILED_PRECONDITION names the
// file, what is wrong with it and what to do.
namespace warren::control {

std::string DatabasePath(const std::string& folder);

// Makes the folder (0700). Refuses one that others may write to.
absl::Status MakeFolder(const std::string& folder);

// Held as long as a process may change the database: a server, or what works
// on it in its place. FAILED_PRECONDITION: another process has it.
absl::StatusOr<io::Fd> LockFolder(const std::string& folder);

// So that renamed and new files survive a power cut.
absl::Status SyncFolder(const std::string& folder);

// Bytes; nullopt when there is no such file.
std::optional<int64_t> SizeOf(const std::string& path);
// The database with its log.
int64_t SizeWithLog(const std::string& path);
// Bytes that can still be written beside `path`; 0 when that is not known.
int64_t RoomFor(const std::string& path);

enum class CheckDepth {
  kQuick,  // the structure of all pages
  kFull,   // also that indexes match their tables, and every reference
};
// Whether the database is sound, ours and not newer than this build: its
// schema. Changes nothing and may run beside a server.
absl::StatusOr<int64_t> CheckDatabase(const std::string& path,
                                      CheckDepth depth);

// `why`, with the name of the database and what to do.
absl::Status Damaged(const std::string& path, const absl::Status& why);
absl::Status Errno(absl::string_view what, const std::string& path);

}  // namespace warren::control

#endif  // WARREN_CONTROL_STORE_DATABASE_FILE_H_
