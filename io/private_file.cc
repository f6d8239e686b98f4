#include "io/private_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "io/fd.h"

namespace warren::io {
namespace {

absl::Status CannotDo(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

absl::Status WriteAll(int fd, absl::string_view bytes,
                      const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t n = write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CannotDo("write", path);
    bytes.remove_prefix(static_cast<size_t>(n));
  }
  if (fsync(fd) != 0) return CannotDo("write", path);
  return absl::OkStatus();
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<std::optional<std::string>> ReadSmallFile(
    const std::string& path, size_t max_size) {
  const Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) {
    if (errno == ENOENT) return std::optional<std::string>();
    return CannotDo("read", path);
  }
  std::string contents(max_size + 1, '\0');
  size_t size = 0;
  while (size < contents.size()) {
    const ssize_t n = read(fd.get(), &contents[size], contents.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return CannotDo("read", path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  if (size > max_size) {
    return absl::FailedPreconditionError(absl::StrCat(
        path, " is longer than ", max_size, " bytes: not what it should be"));
  }
  contents.resize(size);
  return std::optional<std::string>(std::move(contents));
}

absl::Status CreatePrivateFile(const std::string& path,
                               absl::string_view contents) {
  std::string temporary = absl::StrCat(path, ".XXXXXX");
  const Fd fd(mkostemp(temporary.data(), O_CLOEXEC));  // mode 0600
  if (fd.get() < 0) return CannotDo("create", path);
  absl::Status status = WriteAll(fd.get(), contents, path);
  // link() and not rename(): it fails when `path` exists.
  if (status.ok() && link(temporary.c_str(), path.c_str()) != 0) {
    status = CannotDo("create", path);
  }
  unlink(temporary.c_str());
  if (!status.ok()) return status;
  const Fd folder(open(FolderOf(path).c_str(), O_RDONLY | O_CLOEXEC));
  if (folder.get() >= 0) fsync(folder.get());
  return absl::OkStatus();
}

}  // namespace warren::io
