#ifndef WARREN_CLIENT_CONTROL_CONTROL_CLIENT_H_
#define WARREN_CLIENT_CONTROL_CONTROL_CLIENT_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/control/control_options.h"
#include "core/base/rng.h"
#include "core/base/strong_id.h"
#include "core/crypto/keys.h"
#include "core/net/ip.h"
#include "core/netmap/netmap.h"
#include "io/event_loop.h"

namespace warren::v1 {
class NetmapUpdate;
}

namespace warren::client {

class ControlWorker;

struct RegisterParams {
  crypto::NodeKey node_key;
  std::optional<crypto::NodeKey> old_node_key;
  crypto::DiscoKey disco_key;
  std::string auth_key;     // empty: renew without one
  std::string wanted_name;  // empty: from the host's name
  bool ephemeral = false;
  std::vector<std::string> wanted_tags;  // "tag:x"
  std::string tailnet;                   // where to join; empty: any
  bool force_sign_in = false;            // though the key is good
  // The `auth_url` of an earlier answer: waits up to a minute for what comes
  // of it.
  std::string follow_url;
};

struct Registration {
  netmap::Node node;  // without an id while `auth_url` is set
  std::string tailnet;
  std::string user_login;
  std::string auth_url;  // a person has to sign in there
};

// What control should know of this node besides its registration.
struct NodeReport {
  crypto::NodeKey node_key;
  crypto::DiscoKey disco_key;
  std::vector<net::Endpoint> endpoints;
  RelayId home_relay;
  uint64_t applied_version = 0;  // newest netmap version in force here

  friend bool operator==(const NodeReport&, const NodeReport&) = default;
};

// Called on the loop's thread.
struct ControlCallbacks {
  // Once, when no key was pinned: keep it.
  std::function<void(const crypto::MachineKey&)> server_key;
  // The netmap stream is up (OK), or down and why; it is dialled again by
  // itself. NOT_FOUND: control does not know this node (any more).
  // FAILED_PRECONDITION: the server's key is not the pinned one.
  std::function<void(const absl::Status&)> connection;
  // The server's clock, since 1970-01-01 UTC, told before each update it
  // comes with. Key expiry goes by it, not by the clock of this host.
  std::function<void(absl::Duration unix_now)> server_time;
  std::function<void(netmap::Netmap)> netmap;
  std::function<void(netmap::NetmapDiff)> diff;
};

// The daemon's end of the native control protocol: one Noise channel, dialled
// again with full jitter (0.5 s to 30 s) when it is lost. Blocking calls run
// on a thread of its own; answers are posted to the loop. All methods are for
// the loop's thread.
class ControlClient {
 public:
  // `loop` and `rng` (thread-safe) must outlive this object.
  ControlClient(io::EventLoop& loop, Rng& rng, ControlOptions options,
                ControlCallbacks callbacks);
  // Ends everything under way; no callback comes afterwards.
  ~ControlClient();

  // One attempt, at most 20 s; a minute longer with `follow_url`. The status is
  // for people: refused and why, unreachable and why, another server key than
  // the pinned one.
  void Register(RegisterParams params,
                std::function<void(absl::StatusOr<Registration>)> done);
  // Keeps the netmap stream of `node_key` up until the destructor.
  void Watch(const crypto::NodeKey& node_key);
  // Ends the stream and begins anew with a full netmap: after a diff that did
  // not apply.
  void Resync();
  // Sent soon, and again after each reconnect; a newer report replaces an
  // older one that waits.
  void Report(NodeReport report);
  // One attempt, at most 5 s.
  void Logout(const crypto::NodeKey& node_key,
              std::function<void(absl::Status)> done);

 private:
  // Holds the stream's thread until the loop has taken an update.
  class Turnstile;
  // On the stream's thread; returns when the loop has taken it.
  absl::Status OnUpdate(const v1::NetmapUpdate& update);
  // Runs `task` on the loop's thread, unless this object is gone by then.
  void Post(std::function<void()> task);

  io::EventLoop& loop_;
  const ControlCallbacks callbacks_;
  // Cleared by the destructor, on the loop's thread.
  const std::shared_ptr<bool> alive_;
  const std::shared_ptr<Turnstile> turnstile_;
  std::unique_ptr<ControlWorker> worker_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_CONTROL_CONTROL_CLIENT_H_
