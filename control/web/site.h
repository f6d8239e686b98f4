#ifndef WARREN_CONTROL_WEB_SITE_H_
#define WARREN_CONTROL_WEB_SITE_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "control/coordinator/coordinator.h"
#include "control/identity/seal.h"
#include "control/identity/sign_in.h"
#include "core/base/rng.h"
#include "io/http_server.h"

namespace warren::control {

// What the pages need, of others; all outlive the site and may be used on
// several threads.
struct SiteParts {
  Coordinator& coordinator;
  SignIn& sign_in;
  const SealKey& seal_key;
  Rng& rng;
};

struct SiteOptions {
  // How browsers reach us: "https://control.example". Empty: as the request
  // did (labs).
  std::string public_url{};
  std::function<int64_t()> unix_now_ms{};
};

// Attempts of people to sign in, by whatever way. They only rise.
struct SignInCounters {
  uint64_t ok = 0;
  uint64_t refused = 0;
  uint64_t limited = 0;  // not looked at: too many were wrong before
};

// The pages for people: sign-in, devices that ask to join, invitations, the
// own account. Server-rendered; every change is a POST by our own form, and
// authorised in the coordinator's commands.
//
//   /signin, /signin/local, /signin/second, /signin/with/ID, /signin/passkey
//   /auth/callback/ID    from a provider
//   /login/ID            a device asks to join
//   /invite/SECRET       become a user or owner, accept a share, reset
//   /account...          password, one-time codes, passkeys, sessions, devices
//   /signout, /assets/...
class Site {
 public:
  Site(const SiteParts& parts, SiteOptions options);
  ~Site();

  // Thread-safe.
  SignInCounters sign_ins() const;

  // Adds "/" to `routes`, which the site must outlive.
  void AddRoutes(io::WebRoutes& routes);

  struct State;  // of the pages

 private:
  io::WebReply Answer(const io::WebRequest& request);
  std::unique_ptr<State> state_;
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_SITE_H_
