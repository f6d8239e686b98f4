#ifndef WARREN_CLIENT_DAEMON_DAEMON_H_
#define WARREN_CLIENT_DAEMON_DAEMON_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "client/control/control_client.h"
#include "client/daemon/login_follower.h"
#include "client/daemon/state_file.h"
#include "client/daemon/tunnel.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "core/engine/event.h"
#include "core/netmap/netmap.h"
#include "io/event_loop.h"

namespace warren::client {

struct DaemonOptions {
  std::string state_folder = "/var/lib/warren";
  TunnelOptions tunnel;
};

// What `warren up` asks for. Empty fields leave what the state file says.
struct UpParams {
  std::string control_url;
  std::string auth_key;
  std::string wanted_name;
  std::string control_key;  // "mkey:..."
  bool ephemeral = false;
  std::vector<std::string> wanted_tags = {};  // "tag:x"
  std::string tailnet = {};                   // where to join; empty: any
  bool force_reauth = false;
  // Called with the link that a person has to open, and with each that takes
  // its place. May be empty.
  std::function<void(const std::string& auth_url)> show_url = {};
};

enum class DaemonState : uint8_t {
  kNeedsLogin,  // control does not know this device
  kConnecting,  // logged in, no netmap yet
  kRunning,
  kStopped,  // down by request
  kExpired,  // the node's key has expired: log in again
};

// The daemon's own decisions: log in, come up, go down, log out. Everything
// runs on the loop's thread; whoever is on another posts.
class Daemon {
 public:
  using Done = std::function<void(absl::Status)>;
  using PingDone = std::function<void(const engine::PingResult&)>;
  using WhyDone = std::function<void(const engine::WhyReady&)>;
  // How long `warren up` waits for the first netmap after the login; the daemon
  // itself goes on.
  static constexpr absl::Duration kUpDeadline = absl::Seconds(20);

  // Reads the state, makes the tunnel, and comes up if it was up before. The
  // errors are one line for people: they end the program. `loop` and `rng`
  // must outlive this object.
  static absl::StatusOr<std::unique_ptr<Daemon>> Create(
      io::EventLoop& loop, Rng& rng, const DaemonOptions& options);
  ~Daemon();

  // `done` is called once, when the tunnel is up or cannot come up. ABORTED:
  // a later call took over. When a person has to sign in that takes as long as
  // they do; the daemon goes on waiting for them when it starts anew, and when
  // nobody waits for `done` any more.
  void Up(const UpParams& params, Done done);
  absl::Status Down();
  // `done` gets an error when control could not be told; this device has
  // forgotten its login all the same.
  void Logout(Done done);
  // Before the program ends: an ephemeral node logs out, and a port that the
  // router maps is given back. `done` soon, 6 s at the most.
  void Shutdown(std::function<void()> done);

  // A disco ping to `peer`: its name, address or id. NOT_FOUND names those
  // there are; FAILED_PRECONDITION: not running; UNAVAILABLE: there is no way
  // to it for now; RESOURCE_EXHAUSTED: too many at once.
  absl::Status Ping(absl::string_view peer, PingDone done);

  // Asks `peer` why packets to it go as they do; errors as of Ping(). Without
  // `ends` in the answer the tunnel went down, or the peer away.
  absl::Status Why(absl::string_view peer, WhyDone done);

  DaemonState state() const;
  const DeviceState& device() const { return device_; }
  const Tunnel& tunnel() const { return *tunnel_; }
  Tunnel& tunnel() { return *tunnel_; }
  // Problems, one line each.
  std::vector<std::string> Health() const;

 private:
  Daemon(io::EventLoop& loop, Rng& rng, StateFolder folder, DeviceState device);
  absl::Status ApplyParams(const UpParams& params);
  absl::Status Connect();
  void Disconnect();
  // Disconnect() at a later turn, for what a ControlClient calls: it must not
  // be destroyed inside its own callback. Not if it was replaced meanwhile.
  void DisconnectSoon();
  ControlOptions OptionsFor(io::ControlUrl url) const;
  void Register(const UpParams& params);
  RegisterParams ParamsFor(const UpParams& params) const;
  // A person has to finish the login at `params.follow_url`.
  void FollowLogin(RegisterParams params);
  void OnLoginDone(const absl::StatusOr<Registration>& registered);
  void OnLoginMoved(const std::string& auth_url);
  // Forgets the login under way, if there is one.
  void DropLogin();
  // Forgets the control key that the user gave when it is not the server's.
  void DistrustRefusedKey(const absl::Status& status);
  void OnRegistered(const absl::StatusOr<Registration>& registered);
  void OnLoggedOut(const absl::Status& told);
  void OnNetmap(netmap::Netmap netmap);
  void OnDiff(const netmap::NetmapDiff& diff);
  void OnConnection(const absl::Status& status);
  void OnEvent(const engine::EngineEvent& event);
  void Report();
  void FinishUp(absl::Status status);
  void Save();
  void OnDeadline(Instant now);
  Instant Next() const;

  io::EventLoop& loop_;
  Rng& rng_;
  const StateFolder folder_;
  DeviceState device_;
  std::unique_ptr<Tunnel> tunnel_;
  std::shared_ptr<ControlClient> control_;  // while connected or trying to
  absl::Status connection_;                 // of the netmap stream
  std::unique_ptr<LoginFollower> login_;    // while a person has to sign in
  // The `warren up` under way.
  struct UpCall {
    Done done;
    std::function<void(const std::string&)> show_url;
    Instant deadline = Instant::Never();
  } up_;
  Done logout_done_;  // of a call under way
  Instant save_at_ = Instant::Never();
  std::map<uint64_t, PingDone> pings_;  // by the engine's ping id
  std::map<uint64_t, WhyDone> whys_;    // by the engine's ask id
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_DAEMON_H_
