#ifndef WARREN_CONTROL_STORE_TEST_DISK_H_
#define WARREN_CONTROL_STORE_TEST_DISK_H_

#include <cstdint>
#include <string>

#include "core/base/rng.h"

// Test only: the disk under every SQLite database that this process opens
// after the first call. A shim (SQLite's VFS) that can fail, and that knows
// what was written and not yet synced. Not thread-safe with databases that
// other threads use at that moment, but for FailFrom() and Heal().
namespace warren::control::test_disk {

enum class Fault { kFull, kIoError };

// Puts the shim in. Call before a database is opened.
void Install();

// From the `n`th write, sync or truncation from now (0: the next) on, all of
// them fail.
void FailFrom(int64_t n, Fault fault);
void Heal();
// Writes, syncs and truncations since Install().
int64_t NumCalls();

// What a power cut now could leave of the files in `folder`: of the writes that
// were not synced some are there, some not, and one may be torn.
void CopyAfterPowerCut(const std::string& folder, const std::string& to,
                       Rng& rng);

}  // namespace warren::control::test_disk

#endif  // WARREN_CONTROL_STORE_TEST_DISK_H_
