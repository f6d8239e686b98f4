#include "client/daemon/state_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/status_macros.h"
#include "nlohmann/json.hpp"

namespace warren::client {
namespace {

constexpr int kFormat = 1;
constexpr size_t kMaxFileSize = 64 * 1024;

absl::Status ErrnoStatus(absl::string_view what, absl::string_view path) {
  const int error = errno;
  const std::string text =
      absl::StrCat("cannot ", what, " ", path, ": ", std::strerror(error));
  if (error == EACCES || error == EPERM || error == EROFS) {
    return absl::PermissionDeniedError(text);
  }
  return absl::FailedPreconditionError(text);
}

// A string field, or nullopt when it is missing or no string.
std::optional<std::string> Text(const nlohmann::json& json, const char* name) {
  const auto it = json.find(name);
  if (it == json.end() || !it->is_string()) return std::nullopt;
  return it->get<std::string>();
}

bool Flag(const nlohmann::json& json, const char* name) {
  const auto it = json.find(name);
  return it != json.end() && it->is_boolean() && it->get<bool>();
}

template <class Key>
absl::StatusOr<Key> KeyField(const nlohmann::json& json, const char* name) {
  const auto text = Text(json, name);
  if (!text) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is missing"));
  }
  auto key = Key::Parse(*text);
  if (!key.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", name, "\" is not a key"));
  }
  return key;
}

absl::Status WriteAll(int fd, absl::string_view text, absl::string_view path) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("write", path);
    text.remove_prefix(static_cast<size_t>(n));
  }
  if (fsync(fd) != 0) return ErrnoStatus("write", path);
  return absl::OkStatus();
}

}  // namespace

DeviceState DeviceState::Fresh(Rng& rng) {
  return DeviceState{.machine_key = crypto::MachinePrivateKey::Generate(rng),
                     .node_key = crypto::NodePrivateKey::Generate(rng),
                     .control_url = "",
                     .control_key = std::nullopt,
                     .wanted_name = "",
                     .auth_url = "",
                     .latest_wg_stamp = absl::ZeroDuration()};
}

DeviceState DeviceState::Clone() const {
  return DeviceState{.machine_key = machine_key.Clone(),
                     .node_key = node_key.Clone(),
                     .control_url = control_url,
                     .control_key = control_key,
                     .wanted_name = wanted_name,
                     .ephemeral = ephemeral,
                     .logged_in = logged_in,
                     .wants_up = wants_up,
                     .auth_url = auth_url,
                     .latest_wg_stamp = latest_wg_stamp};
}

std::string SerializeState(const DeviceState& state) {
  nlohmann::json json = {
      {"format", kFormat},
      {"machine_key", state.machine_key.ExposeText()},
      {"node_key", state.node_key.ExposeText()},
      {"control_url", state.control_url},
      {"wanted_name", state.wanted_name},
      {"ephemeral", state.ephemeral},
      {"logged_in", state.logged_in},
      {"wants_up", state.wants_up},
      {"auth_url", state.auth_url},
      {"latest_wg_stamp_ns", absl::ToInt64Nanoseconds(state.latest_wg_stamp)},
  };
  if (state.control_key) json["control_key"] = state.control_key->ToString();
  return json.dump(2) + "\n";
}

absl::StatusOr<DeviceState> ParseState(absl::string_view text) {
  const nlohmann::json json = nlohmann::json::parse(
      text.begin(), text.end(), nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return absl::InvalidArgumentError("it is not a JSON object");
  }
  const auto format = json.find("format");
  if (format == json.end() || !format->is_number_integer() ||
      *format != kFormat) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"format\" is not ", kFormat,
                     ": another version of warrend wrote it"));
  }
  WARREN_ASSIGN_OR_RETURN(auto machine_key, KeyField<crypto::MachinePrivateKey>(
                                                json, "machine_key"));
  WARREN_ASSIGN_OR_RETURN(auto node_key,
                          KeyField<crypto::NodePrivateKey>(json, "node_key"));
  std::optional<crypto::MachineKey> control_key;
  if (json.contains("control_key")) {
    WARREN_ASSIGN_OR_RETURN(control_key,
                            KeyField<crypto::MachineKey>(json, "control_key"));
  }
  const auto stamp = json.find("latest_wg_stamp_ns");
  return DeviceState{
      .machine_key = std::move(machine_key),
      .node_key = std::move(node_key),
      .control_url = Text(json, "control_url").value_or(""),
      .control_key = control_key,
      .wanted_name = Text(json, "wanted_name").value_or(""),
      .ephemeral = Flag(json, "ephemeral"),
      .logged_in = Flag(json, "logged_in"),
      .wants_up = Flag(json, "wants_up"),
      .auth_url = Text(json, "auth_url").value_or(""),
      .latest_wg_stamp = stamp != json.end() && stamp->is_number_integer()
                             ? absl::Nanoseconds(stamp->get<int64_t>())
                             : absl::ZeroDuration(),
  };
}

absl::StatusOr<StateFolder> StateFolder::Open(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
    return ErrnoStatus("make the state folder", path);
  }
  io::Fd folder(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok()) return ErrnoStatus("open the state folder", path);
  const std::string lock_path = path + "/lock";
  io::Fd lock(
      open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!lock.ok()) return ErrnoStatus("open", lock_path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) {
    return absl::AlreadyExistsError(absl::StrCat(
        "the state folder ", path,
        " is in use by another warrend; stop that one, or give this one "
        "another --state-dir"));
  }
  return StateFolder(path, std::move(lock));
}

absl::StatusOr<std::optional<DeviceState>> StateFolder::Load() const {
  const std::string path = file_path();
  const io::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file.ok()) {
    if (errno == ENOENT) return std::optional<DeviceState>();
    return ErrnoStatus("open", path);
  }
  std::string text(kMaxFileSize + 1, '\0');
  size_t size = 0;
  while (size < text.size()) {
    const ssize_t n = read(file.get(), &text[size], text.size() - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return ErrnoStatus("read", path);
    if (n == 0) break;
    size += static_cast<size_t>(n);
  }
  text.resize(size);
  absl::StatusOr<DeviceState> state =
      size > kMaxFileSize ? absl::InvalidArgumentError("it is far too large")
                          : ParseState(text);
  if (!state.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the state file ", path, " is damaged (", state.status().message(),
        "); restore it from a backup, or move it away to start as a new "
        "device"));
  }
  return std::optional<DeviceState>(*std::move(state));
}

absl::Status StateFolder::Save(const DeviceState& state) const {
  const std::string path = file_path();
  const std::string fresh = path + ".new";
  // What is there, if anything, may belong to somebody else, mode and all.
  unlink(fresh.c_str());
  {
    const io::Fd file(
        open(fresh.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    if (!file.ok()) return ErrnoStatus("write", fresh);
    std::string text = SerializeState(state);
    const absl::Status written = WriteAll(file.get(), text, fresh);
    crypto::Wipe({reinterpret_cast<uint8_t*>(text.data()), text.size()});
    WARREN_RETURN_IF_ERROR(written);
  }
  if (rename(fresh.c_str(), path.c_str()) != 0) {
    return ErrnoStatus("replace", path);
  }
  const io::Fd folder(open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder.ok() || fsync(folder.get()) != 0) {
    return ErrnoStatus("sync", path_);
  }
  return absl::OkStatus();
}

}  // namespace warren::client
