#include "control/identity/server_key.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "core/crypto/secret.h"
#include "io/fd.h"

namespace warren::control {
namespace {

absl::Status Refuse(const std::string& path, absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("server key ", path, ": ", why,
                   ". Nothing was changed. Restore a backup of this file"));
}

absl::Status Errno(absl::string_view what, const std::string& path) {
  return absl::FailedPreconditionError(
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(errno)));
}

bool Exists(const std::string& path) {
  struct stat info;
  return lstat(path.c_str(), &info) == 0;
}

absl::Status Write(const io::Fd& fd, const std::string& text,
                   const std::string& path) {
  if (write(fd.get(), text.data(), text.size()) !=
          static_cast<ssize_t>(text.size()) ||
      fsync(fd.get()) != 0) {
    return Errno("write", path);
  }
  return absl::OkStatus();
}

absl::StatusOr<crypto::MachinePrivateKey> Make(const std::string& folder,
                                               const std::string& path,
                                               Rng& rng) {
  auto key = crypto::MachinePrivateKey::Generate(rng);
  const std::string draft = path + ".new";
  unlink(draft.c_str());
  const io::Fd fd(
      open(draft.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600));
  if (!fd.ok()) return Errno("make", draft);
  std::string text = key.ExposeText() + "\n";
  const absl::Status written = Write(fd, text, draft);
  crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  WARREN_RETURN_IF_ERROR(written);
  if (rename(draft.c_str(), path.c_str()) != 0) return Errno("make", path);
  const io::Fd parent(open(folder.c_str(), O_RDONLY | O_CLOEXEC));
  if (!parent.ok() || fsync(parent.get()) != 0) return Errno("sync", folder);
  return key;
}

absl::StatusOr<crypto::MachinePrivateKey> Read(const std::string& path) {
  const io::Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd.ok()) return Errno("open", path);
  struct stat info;
  if (fstat(fd.get(), &info) != 0) return Errno("read", path);
  if ((info.st_mode & 077) != 0) {
    return Refuse(path, "others may read it; chmod 600 it if nobody has");
  }
  std::array<char, 256> buffer;
  const ssize_t size = read(fd.get(), buffer.data(), buffer.size());
  if (size < 0) return Errno("read", path);
  auto key = crypto::MachinePrivateKey::Parse(absl::StripAsciiWhitespace(
      absl::string_view(buffer.data(), static_cast<size_t>(size))));
  crypto::Wipe({reinterpret_cast<uint8_t*>(buffer.data()), buffer.size()});
  if (!key.ok()) return Refuse(path, "it does not hold a private key");
  return key;
}

}  // namespace

absl::StatusOr<crypto::MachinePrivateKey> LoadServerKey(
    const std::string& folder, Rng& rng) {
  if (mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) {
    return Errno("make the state folder", folder);
  }
  const std::string path = folder + "/control.key";
  if (Exists(path)) return Read(path);
  if (Exists(folder + "/control.db")) {
    return Refuse(path,
                  "it is missing, but there is a database; with another key "
                  "no client would trust this server");
  }
  return Make(folder, path, rng);
}

}  // namespace warren::control
