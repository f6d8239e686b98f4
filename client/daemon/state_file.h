#ifndef WARREN_CLIENT_DAEMON_STATE_FILE_H_
#define WARREN_CLIENT_DAEMON_STATE_FILE_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "core/base/rng.h"
#include "core/crypto/keys.h"
#include "io/fd.h"

namespace warren::client {

// What a device keeps between starts of its daemon. The private keys are made
// here and never leave this device.
struct DeviceState {
  crypto::MachinePrivateKey machine_key;
  crypto::NodePrivateKey node_key;
  // Empty before the first `warren up`.
  std::string control_url;
  // The control server's Noise key, pinned at the first contact.
  std::optional<crypto::MachineKey> control_key;
  std::string wanted_name;
  bool ephemeral = false;
  bool logged_in = false;  // control knows our node key
  bool wants_up = false;   // bring the tunnel up when the daemon starts
  // The login under way, that a person has yet to finish; empty: none.
  std::string auth_url;
  // Greatest WireGuard handshake stamp sent so far, Unix time: a clock set
  // back must not lock us out of our peers.
  absl::Duration latest_wg_stamp;

  // New keys, no server.
  static DeviceState Fresh(Rng& rng);
  DeviceState Clone() const;
};

// The text in the file, and back. INVALID_ARGUMENT says what is wrong with
// it, without the secrets in it.
std::string SerializeState(const DeviceState& state);
absl::StatusOr<DeviceState> ParseState(absl::string_view text);

// The folder that holds a device's state, locked for one daemon. The lock goes
// with the process. Not thread-safe.
class StateFolder {
 public:
  // Makes the folder (0700) when it is missing.
  //   ALREADY_EXISTS       another daemon uses it
  //   PERMISSION_DENIED    no right to make or open it
  //   FAILED_PRECONDITION  it is not a folder
  static absl::StatusOr<StateFolder> Open(const std::string& path);

  // The state in it; nullopt when there is none yet. FAILED_PRECONDITION names
  // a file that is damaged and what to do; it is left as it is.
  absl::StatusOr<std::optional<DeviceState>> Load() const;

  // Replaces the file (0600) as a whole: a crash leaves the old or the new
  // one. Returns when it is on the disk.
  absl::Status Save(const DeviceState& state) const;

  std::string file_path() const { return path_ + "/state.json"; }

 private:
  StateFolder(std::string path, io::Fd lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  io::Fd lock_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_STATE_FILE_H_
