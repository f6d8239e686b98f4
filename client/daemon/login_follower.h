#ifndef WARREN_CLIENT_DAEMON_LOGIN_FOLLOWER_H_
#define WARREN_CLIENT_DAEMON_LOGIN_FOLLOWER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/control/backoff.h"
#include "client/control/control_client.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "io/event_loop.h"

namespace warren::client {

// Waits for a person to finish a login in a browser, however long that takes
// and whatever happens to the connection meanwhile. Over a channel of its own,
// so that a device that is in does not miss anything. Everything runs on the
// loop's thread.
class LoginFollower {
 public:
  // Called at a later turn of the loop than what led to it, so that the
  // follower may be destroyed inside.
  struct Events {
    // The end: this device is in, or it is refused and why.
    std::function<void(absl::StatusOr<Registration>)> done;
    // The link is void; the login goes on at this one.
    std::function<void(const std::string& auth_url)> moved;
  };

  // `params.follow_url` is the link. `loop` and `rng` must outlive this object.
  LoginFollower(io::EventLoop& loop, Rng& rng, ControlOptions options,
                RegisterParams params, Events events);
  // No event comes afterwards.
  ~LoginFollower() { *alive_ = false; }

  // When OnDeadline() has something to do.
  Instant Next() const { return ask_at_; }
  void OnDeadline(Instant now);

 private:
  void Ask();
  void OnAnswer(const absl::StatusOr<Registration>& answer);
  void Post(std::function<void()> task);

  io::EventLoop& loop_;
  Rng& rng_;
  RegisterParams params_;
  const Events events_;
  const std::shared_ptr<bool> alive_;
  Backoff backoff_;
  Instant asked_at_ = Instant::LongAgo();
  Instant ask_at_ = Instant::Never();
  ControlClient control_;
};

}  // namespace warren::client

#endif  // WARREN_CLIENT_DAEMON_LOGIN_FOLLOWER_H_
