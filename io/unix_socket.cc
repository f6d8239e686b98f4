#include "io/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"

namespace warren::io {
namespace {

constexpr int kBacklog = 128;

// What `what` failed with, as the status a caller can act on.
absl::Status Failed(absl::string_view what, const std::string& path) {
  const int error = errno;
  const std::string text = absl::StrCat(what, " ", path, ": ", strerror(error));
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(text);
  }
  return absl::UnavailableError(text);
}

absl::StatusOr<sockaddr_un> NameOf(const std::string& path) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof name.sun_path) {
    return absl::InvalidArgumentError(
        absl::StrCat("socket path \"", path, "\" has ", path.size(),
                     " bytes; it must have 1 to ", sizeof name.sun_path - 1));
  }
  memcpy(name.sun_path, path.data(), path.size());
  return name;
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Makes `folder` when absent, else checks that nobody but root and we could
// put another socket in our place.
absl::Status PrepareFolder(const std::string& folder, mode_t mode) {
  if (mkdir(folder.c_str(), mode) == 0) {
    // The umask may have taken bits away.
    if (chmod(folder.c_str(), mode) != 0) return Failed("chmod", folder);
    return absl::OkStatus();
  }
  if (errno != EEXIST) return Failed("cannot make the folder", folder);
  struct stat info;
  if (stat(folder.c_str(), &info) != 0) return Failed("stat", folder);
  if (!S_ISDIR(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(folder, " is not a folder: remove it"));
  }
  const bool trusted_owner = info.st_uid == 0 || info.st_uid == geteuid();
  const bool others_write =
      (info.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(info.st_mode & S_ISVTX);
  if (trusted_owner && !others_write) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(
      "other users could replace a socket in ", folder,
      ": it must belong to root or to this program's user, mode 0755 or less"));
}

absl::StatusOr<Fd> NewSocket(int flags) {
  Fd fd(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
  if (!fd.ok()) return Failed("socket", "AF_UNIX");
  return fd;
}

int Connect(const Fd& fd, const sockaddr_un& name) {
  return connect(fd.get(), reinterpret_cast<const sockaddr*>(&name),
                 sizeof name);
}

// Removes the socket of a process that is gone.
absl::Status RemoveStale(const std::string& path, const sockaddr_un& name) {
  struct stat info;
  if (lstat(path.c_str(), &info) != 0) {
    return errno == ENOENT ? absl::OkStatus() : Failed("lstat", path);
  }
  if (!S_ISSOCK(info.st_mode)) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " exists and is not a socket: remove it"));
  }
  WARREN_ASSIGN_OR_RETURN(const Fd probe, NewSocket(SOCK_NONBLOCK));
  if (Connect(probe, name) == 0 || errno != ECONNREFUSED) {
    return absl::UnavailableError(
        absl::StrCat("another process already answers on ", path));
  }
  if (unlink(path.c_str()) != 0) return Failed("cannot remove", path);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Fd> ListenUnix(const std::string& path, mode_t mode,
                              mode_t folder_mode) {
  WARREN_ASSIGN_OR_RETURN(const sockaddr_un name, NameOf(path));
  WARREN_RETURN_IF_ERROR(PrepareFolder(FolderOf(path), folder_mode));
  WARREN_RETURN_IF_ERROR(RemoveStale(path, name));
  WARREN_ASSIGN_OR_RETURN(Fd fd, NewSocket(SOCK_NONBLOCK));
  const mode_t before = umask(0177);
  const int bound =
      bind(fd.get(), reinterpret_cast<const sockaddr*>(&name), sizeof name);
  const int bind_error = errno;
  umask(before);
  errno = bind_error;
  if (bound != 0) return Failed("cannot listen on", path);
  // Nobody can connect before listen().
  if (chmod(path.c_str(), mode) != 0) return Failed("chmod", path);
  if (listen(fd.get(), kBacklog) != 0) return Failed("listen on", path);
  return fd;
}

absl::StatusOr<Fd> ConnectUnix(const std::string& path) {
  WARREN_ASSIGN_OR_RETURN(const sockaddr_un name, NameOf(path));
  WARREN_ASSIGN_OR_RETURN(Fd fd, NewSocket(0));
  if (Connect(fd, name) != 0) return Failed("cannot connect to", path);
  return fd;
}

}  // namespace warren::io
