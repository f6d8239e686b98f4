#ifndef WARREN_IO_PRIVATE_FILE_H_
#define WARREN_IO_PRIVATE_FILE_H_

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

// Files that hold keys: small, private, and never replaced by accident.
namespace warren::io {

// The contents of `path`, or nullopt when there is no such file.
// FAILED_PRECONDITION names the path, and says why it cannot be read or that
// it is longer than `max_size` bytes.
absl::StatusOr<std::optional<std::string>> ReadSmallFile(
    const std::string& path, size_t max_size);

// Makes `path`, mode 0600, with `contents`: wholly or, after a crash, not at
// all. FAILED_PRECONDITION names the path and why not; a file that exists is
// never touched.
absl::Status CreatePrivateFile(const std::string& path,
                               absl::string_view contents);

}  // namespace warren::io

#endif  // WARREN_IO_PRIVATE_FILE_H_
