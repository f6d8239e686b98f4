#include "control/store/test_disk.h"

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "core/base/check.h"

namespace warren::control::test_disk {
namespace {

namespace fs = std::filesystem;

// How to undo a write that was not synced.
struct Unsynced {
  int64_t offset = 0;
  std::vector<char> before;  // what was there; shorter at the end of the file
  int64_t size = 0;          // of the write
};

absl::Mutex mutex(absl::kConstInit);
std::map<std::string, std::vector<Unsynced>>& UnsyncedOf()
    ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
  static auto* const all = new std::map<std::string, std::vector<Unsynced>>;
  return *all;
}
std::atomic<int64_t> num_calls = 0;
std::atomic<int64_t> fail_from = INT64_MAX;
std::atomic<Fault> fault = Fault::kFull;
sqlite3_vfs* real = nullptr;

// What SQLite gets: our methods, then the file of the real disk.
struct File {
  sqlite3_file base;
  const char* path;  // SQLite's, or null for a temporary one
  sqlite3_file* inner;
};
File* Of(sqlite3_file* file) { return reinterpret_cast<File*>(file); }
sqlite3_file* Inner(sqlite3_file* file) { return Of(file)->inner; }

// SQLITE_OK, or how this call is to fail.
int Count(int io_error) {
  if (num_calls++ < fail_from) return SQLITE_OK;
  return fault == Fault::kFull ? SQLITE_FULL : io_error;
}

int Close(sqlite3_file* f) { return Inner(f)->pMethods->xClose(Inner(f)); }
int Read(sqlite3_file* f, void* data, int n, sqlite3_int64 at) {
  return Inner(f)->pMethods->xRead(Inner(f), data, n, at);
}

void Remember(File& file, int n, sqlite3_int64 at) {
  if (file.path == nullptr) return;
  sqlite3_int64 size = 0;
  file.inner->pMethods->xFileSize(file.inner, &size);
  Unsynced write{at, {}, n};
  if (at < size) {
    write.before.resize(static_cast<size_t>(std::min<int64_t>(n, size - at)));
    file.inner->pMethods->xRead(file.inner, write.before.data(),
                                static_cast<int>(write.before.size()), at);
  }
  absl::MutexLock lock(&mutex);
  UnsyncedOf()[file.path].push_back(std::move(write));
}

int Write(sqlite3_file* f, const void* data, int n, sqlite3_int64 at) {
  const int code = Count(SQLITE_IOERR_WRITE);
  if (code != SQLITE_OK) return code;
  Remember(*Of(f), n, at);
  return Inner(f)->pMethods->xWrite(Inner(f), data, n, at);
}
int Truncate(sqlite3_file* f, sqlite3_int64 size) {
  const int code = Count(SQLITE_IOERR_TRUNCATE);
  return code != SQLITE_OK ? code
                           : Inner(f)->pMethods->xTruncate(Inner(f), size);
}
int Sync(sqlite3_file* f, int flags) {
  const int code = Count(SQLITE_IOERR_FSYNC);
  if (code != SQLITE_OK) return code;
  if (Of(f)->path != nullptr) {
    absl::MutexLock lock(&mutex);
    UnsyncedOf().erase(Of(f)->path);
  }
  return Inner(f)->pMethods->xSync(Inner(f), flags);
}
int FileSize(sqlite3_file* f, sqlite3_int64* size) {
  return Inner(f)->pMethods->xFileSize(Inner(f), size);
}
int Lock(sqlite3_file* f, int level) {
  return Inner(f)->pMethods->xLock(Inner(f), level);
}
int Unlock(sqlite3_file* f, int level) {
  return Inner(f)->pMethods->xUnlock(Inner(f), level);
}
int CheckReserved(sqlite3_file* f, int* out) {
  return Inner(f)->pMethods->xCheckReservedLock(Inner(f), out);
}
int Control(sqlite3_file* f, int op, void* argument) {
  return Inner(f)->pMethods->xFileControl(Inner(f), op, argument);
}
int SectorSize(sqlite3_file* f) {
  return Inner(f)->pMethods->xSectorSize(Inner(f));
}
int Characteristics(sqlite3_file* f) {
  return Inner(f)->pMethods->xDeviceCharacteristics(Inner(f));
}
int ShmMap(sqlite3_file* f, int page, int size, int extend,
           void volatile** out) {
  return Inner(f)->pMethods->xShmMap(Inner(f), page, size, extend, out);
}
int ShmLock(sqlite3_file* f, int offset, int n, int flags) {
  return Inner(f)->pMethods->xShmLock(Inner(f), offset, n, flags);
}
void ShmBarrier(sqlite3_file* f) { Inner(f)->pMethods->xShmBarrier(Inner(f)); }
int ShmUnmap(sqlite3_file* f, int remove) {
  return Inner(f)->pMethods->xShmUnmap(Inner(f), remove);
}

// Version 2: no memory-mapped reads, so that every byte comes by here.
const sqlite3_io_methods kMethods = {2,
                                     Close,
                                     Read,
                                     Write,
                                     Truncate,
                                     Sync,
                                     FileSize,
                                     Lock,
                                     Unlock,
                                     CheckReserved,
                                     Control,
                                     SectorSize,
                                     Characteristics,
                                     ShmMap,
                                     ShmLock,
                                     ShmBarrier,
                                     ShmUnmap,
                                     nullptr,
                                     nullptr};

int Open(sqlite3_vfs*, const char* path, sqlite3_file* f, int flags,
         int* out_flags) {
  File& file = *Of(f);
  file.base.pMethods = nullptr;
  file.path = path;
  file.inner = reinterpret_cast<sqlite3_file*>(&file + 1);
  const int code = real->xOpen(real, path, file.inner, flags, out_flags);
  if (file.inner->pMethods != nullptr) file.base.pMethods = &kMethods;
  return code;
}

// Undoes a write, or all of it but its beginning.
void Undo(std::fstream& file, int64_t& size, const Unsynced& write,
          int64_t kept) {
  const auto had = static_cast<int64_t>(write.before.size());
  if (kept < had) {
    file.seekp(write.offset + kept);
    file.write(write.before.data() + kept, had - kept);
  } else if (kept == 0 && had == 0 && write.offset + write.size == size) {
    size = write.offset;
  }
}

}  // namespace

void Install() {
  static const bool once = [] {
    real = sqlite3_vfs_find(nullptr);
    static sqlite3_vfs shim = *real;
    shim.zName = "test_disk";
    shim.szOsFile = static_cast<int>(sizeof(File)) + real->szOsFile;
    shim.xOpen = Open;
    return sqlite3_vfs_register(&shim, 1) == SQLITE_OK;
  }();
  WARREN_CHECK(once);
}

void FailFrom(int64_t n, Fault how) {
  fault = how;
  fail_from = num_calls + n;
}
void Heal() { fail_from = INT64_MAX; }
int64_t NumCalls() { return num_calls; }

void CopyAfterPowerCut(const std::string& folder, const std::string& to,
                       Rng& rng) {
  fs::remove_all(to);
  fs::create_directories(to);
  fs::permissions(to, fs::perms::owner_all);
  absl::MutexLock lock(&mutex);
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    // What is shared in memory does not survive.
    if (name.ends_with("-shm")) continue;
    const fs::path copy = fs::path(to) / name;
    fs::copy_file(entry.path(), copy);
    const auto unsynced = UnsyncedOf().find(entry.path().string());
    if (unsynced == UnsyncedOf().end()) continue;
    auto size = static_cast<int64_t>(fs::file_size(copy));
    {
      std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
      const auto& writes = unsynced->second;
      for (auto write = writes.rbegin(); write != writes.rend(); ++write) {
        const uint64_t fate = rng.Below(3);
        if (fate == 0) continue;
        Undo(file, size, *write,
             fate == 1 ? 0
                       : static_cast<int64_t>(
                             rng.Below(static_cast<uint64_t>(write->size))));
      }
    }
    fs::resize_file(copy, static_cast<uintmax_t>(size));
  }
}

}  // namespace warren::control::test_disk
