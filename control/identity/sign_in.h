#ifndef WARREN_CONTROL_IDENTITY_SIGN_IN_H_
#define WARREN_CONTROL_IDENTITY_SIGN_IN_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "control/identity/identity.h"
#include "control/identity/pending_sign_ins.h"
#include "control/identity/provider.h"
#include "control/identity/provider_config.h"
#include "core/base/instant.h"
#include "core/base/rng.h"
#include "io/http_client.h"

// Signing people in with accounts that they have elsewhere: the relying party
// of OpenID Connect Core 1.0 (code flow with PKCE, RFC 7636), GitHub's OAuth
// and Sign in with Apple. It knows no users, cookies or pages: the web layer
// (control/web) has those.
//
//   browser             web layer                  SignIn            provider
//      | chooses a provider |                         |                  |
//      |------------------->|-- Begin(...) ---------->|  (discovery) --->|
//      |<-- 303 to the URL -|<- URL ------------------|                  |
//      |--------------------------------------------- signs in --------->|
//      |<-- 303 to kCallbackPath<id>?code&state --------------------------|
//      |------------------->|-- Finish(...) --------->|  token, keys --->|
//      |<-- session, 303 ---|<- Identity, return_to --|                  |
//
// The web layer gives each browser a random cookie before Begin() and hands
// its value to both calls: who follows a link with somebody else's `state` is
// refused. Apple answers by a cross-site POST, for which the cookie must be
// SameSite=None; Secure (a Lax one is not sent).
//
// Callbacks by HEAD, and prefetches (Sec-Purpose), must not reach Finish():
// it uses the state up. A user who is suspended meanwhile is the web layer's
// to refuse, after Finish().
namespace warren::control {

// The provider's id follows; register PUBLIC_URL + this + id there.
inline constexpr char kCallbackPath[] = "/auth/callback/";

struct ProviderChoice {
  std::string id{};
  std::string name{};
  ProviderKind kind = ProviderKind::kOidc;
};

struct SignInBegin {
  std::string provider{};   // id
  std::string return_to{};  // own path; see IsOwnPath(). Empty: "/"
  std::string browser{};    // the cookie's value, 16 to 128 characters
  // The address of the browser, so that one machine cannot use up the room of
  // all: any text.
  std::string source{};
};

// What the provider sent to kCallbackPath + `provider`, from the query or,
// with Apple, from the form. Absent ones are empty. If one comes twice, refuse
// with 400 and do not call.
struct SignInCallback {
  std::string provider{};
  std::string state{};
  std::string code{};
  std::string error{};
  std::string issuer{};  // "iss", RFC 9207
  std::string user{};    // Apple, once: JSON with the name
};

struct SignedIn {
  Identity identity{};
  std::string return_to{};  // IsOwnPath(): safe to redirect to
};

struct SignInOptions {
  // How browsers reach us: "https://control.example", without a path.
  std::string public_url{};
  TimeSource time{};
  // Who carries the calls to a provider: io::HttpClient, or a test's fake.
  std::function<absl::StatusOr<std::unique_ptr<io::HttpCaller>>(
      const ProviderConfig&)>
      caller{};
};

// Whether `text` is a path of our own, safe as a Location: it starts with one
// "/", not with "//" or "/\", is printable ASCII without a backslash, 2048
// bytes at most.
bool IsOwnPath(absl::string_view text);

// Thread-safe. Begin() and Finish() block while they call the provider, up to
// half a minute: for worker threads.
class SignIn {
 public:
  // `rng` must outlive it and be usable on several threads.
  SignIn(SignInOptions options, Rng& rng);
  ~SignIn();

  // Replaces all providers. Those that stay as they were keep what they have
  // cached; a sign-in that has begun with another is refused when it comes
  // back. INVALID_ARGUMENT, with nothing changed: a bad one, or an id twice.
  absl::Status SetProviders(const std::vector<ProviderConfig>& configs);
  std::vector<ProviderChoice> Providers() const;  // by id

  // The URL to redirect the browser to.
  //   INVALID_ARGUMENT  `return_to` or `browser` is not as it must be
  //   NOT_FOUND         there is no such provider
  //   UNAVAILABLE       the provider does not answer as it should: says how
  // Messages of both calls are for people and name no secret. They may hold
  // text from outside: show them as text.
  absl::StatusOr<std::string> Begin(const SignInBegin& begin);

  // Who signed in, checked in all ways. The state is used up, whatever comes
  // of it, if the browser is the right one.
  //   INVALID_ARGUMENT     the callback is malformed
  //   FAILED_PRECONDITION  the state is unknown, used, older than 10 minutes,
  //                        of another browser or provider: begin anew
  //   CANCELLED            the person said no at the provider
  //   PERMISSION_DENIED    the account may not come in (admission)
  //   UNAUTHENTICATED      what the provider answered does not prove who it is
  //   UNAVAILABLE          the provider does not answer as it should
  absl::StatusOr<SignedIn> Finish(const SignInCallback& callback,
                                  absl::string_view browser);

 private:
  struct Configured {
    ProviderConfig config;
    uint64_t configuration = 0;  // no two of this SignIn's are equal
    std::shared_ptr<Provider> provider;
  };
  absl::StatusOr<Configured> Find(absl::string_view id) const;
  std::string RedirectUri(absl::string_view provider) const;

  const SignInOptions options_;
  Rng& rng_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Configured, std::less<>> providers_
      ABSL_GUARDED_BY(mutex_);  // by id
  uint64_t last_configuration_ ABSL_GUARDED_BY(mutex_) = 0;
  PendingSignIns pending_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace warren::control

#endif  // WARREN_CONTROL_IDENTITY_SIGN_IN_H_
