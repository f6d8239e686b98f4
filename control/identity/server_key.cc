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
#include "io/private_file.h"

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

// Of two servers that start at once only one makes the key; the other reads
// it. Else the loser's key could end up in the file that the winner serves by.
absl::StatusOr<crypto::MachinePrivateKey> Make(const std::string& path,
                                               Rng& rng) {
  auto key = crypto::MachinePrivateKey::Generate(rng);
  std::string text = key.ExposeText() + "\n";
  const absl::Status made = io::CreatePrivateFile(path, text);
  crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
  if (made.ok()) return key;
  if (Exists(path)) return Read(path);
  return made;
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
  return Make(path, rng);
}

}  // namespace warren::control
