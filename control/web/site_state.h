#ifndef WARREN_CONTROL_WEB_SITE_STATE_H_
#define WARREN_CONTROL_WEB_SITE_STATE_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "control/identity/password.h"
#include "control/web/attempt_limiter.h"
#include "control/web/one_time_table.h"
#include "control/web/page.h"
#include "control/web/provider_table.h"
#include "control/web/site.h"
#include "control/web/visit.h"

// What the pages share. Internal to control/web.
namespace warren::control {

// A sign-in by password that waits for the one-time code.
struct HalfSignIn {
  TailnetId tailnet;
  UserId user;
  std::string login;  // as typed, for the limiter
  std::string to;
  int tries_left = 5;
};

// A one-time code's secret that waits for its first code.
struct TotpOffer {
  UserId user;
  std::string secret;
};

// What a passkey has to sign. `user` 0: to sign in.
struct PasskeyOffer {
  std::string challenge;
  UserId user;
};

// SignInCounters as they are kept.
struct SignInTally {
  std::atomic<uint64_t> ok = 0, refused = 0, limited = 0;
};

struct Site::State {
  State(const SiteParts& parts, SiteOptions the_options);

  Coordinator& coordinator;
  SignIn& sign_in;
  const SealKey& seal_key;
  Rng& rng;
  const SiteOptions options;
  CsrfKey csrf_key;
  PasswordHasher passwords;
  AttemptLimiter by_login;
  AttemptLimiter by_address;
  OneTimeTable<HalfSignIn> half_sign_ins;
  OneTimeTable<TotpOffer> totp_offers;
  OneTimeTable<PasskeyOffer> passkey_offers;
  ProviderTable providers;
  SignInTally tally;

  // Runs `work` in the coordinator and waits.
  template <class T>
  absl::StatusOr<T> Ask(
      const std::function<absl::StatusOr<T>(Directory&, int64_t)>& work) {
    return coordinator.Call<T>(work);
  }
  absl::Status Do(const std::function<absl::Status(Directory&, int64_t)>& work);

  // ---- for all pages ----
  io::WebReply Show(const Visit& visit, int status, std::string title,
                    const std::vector<Html>& content) const;
  // A page that says what went wrong.
  io::WebReply Fail(const Visit& visit, const absl::Status& status) const;
  io::WebReply NotFound(const Visit& visit) const;
  // To sign in, and then back to `to`.
  io::WebReply AskToSignIn(const std::string& to,
                           const std::string& tailnet = "") const;
  // `user` of `tailnet` has proven who it is: a new session, then to `to`.
  io::WebReply Welcome(const Visit& visit, TailnetId tailnet, UserId user,
                       absl::string_view provider, const std::string& to);
  // Fail() for who wanted to sign in.
  io::WebReply Refuse(const Visit& visit, const absl::Status& status);
};

// One page or form: `path` exactly, or with "*" at its end for one segment,
// which the handler gets.
struct SitePage {
  const char* method;  // "GET" answers HEAD, too
  const char* path;
  std::function<io::WebReply(Site::State&, const Visit&, const std::string&)>
      handler;
  // POST: whether our own page must have sent it. Only a provider's answer
  // need not: it has its state.
  bool own_page = true;
};

std::vector<SitePage> SignInPages();
std::vector<SitePage> CallbackPages();
std::vector<SitePage> PasskeyPages();
std::vector<SitePage> DevicePages();
std::vector<SitePage> InvitationPages();
std::vector<SitePage> AccountPages();
std::vector<SitePage> AssetPages();

// ---- between the pages ----

// `to` when it is a path of our own, else `otherwise`.
std::string OwnPathOr(absl::string_view to, const char* otherwise);
// Puts on record ("user.refused") that somebody who claims to be `actor` was
// not let in. `why` must hold no secret. Best effort.
void NoteRefused(Site::State& site, const Visit& visit, TailnetId tailnet,
                 std::string actor, absl::string_view why);
// Where the secret of somebody's one-time codes is sealed.
std::string TotpPlace(UserId user);
// What "/signin/with/ID?invitation=SECRET&ok=" needs: this browser has said yes
// on the page of the invitation.
std::string InvitationConsent(const Site::State& site, const Visit& visit,
                              absl::string_view secret);
// The buttons of a tailnet's providers, leading back to `to`.
std::vector<Html> ProviderButtons(Site::State& site, TailnetId tailnet,
                                  const std::string& to);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_SITE_STATE_H_
