#ifndef WARREN_CONTROL_WEB_VISIT_H_
#define WARREN_CONTROL_WEB_VISIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"
#include "control/coordinator/order.h"
#include "control/coordinator/tailnet_state.h"
#include "core/crypto/secret.h"
#include "io/http_server.h"
#include "io/web_form.h"

namespace warren::control {

// Who has signed in, as it was when the request came.
struct Person {
  TailnetRecord tailnet;
  UserRecord user;
  SessionRecord session;
  std::optional<LocalAccountRecord> account;  // on this server

  // Whether the tailnet asks for a second factor that was not given: then this
  // session is good for setting one up, and nothing else.
  bool NeedsSecondFactor() const;
};

// Cookies. The names begin with "__Host-" when they are Secure, so that no
// other host of the domain can set them (RFC 6265bis §4.1.3).
struct Cookies {
  static constexpr char kSession[] = "warren-session";
  // Random, of every browser: what forms are bound to.
  static constexpr char kBrowser[] = "warren-browser";
  // Random, of every sign-in elsewhere; the only one that another site's POST
  // carries along (Apple's answer).
  static constexpr char kSignIn[] = "warren-sign-in";

  static std::string Read(const io::WebRequest& request, const char* name);
  // A Set-Cookie header. `seconds` 0: gone now.
  static std::string Write(const io::WebRequest& request, const char* name,
                           absl::string_view value, int64_t seconds);
};

using CsrfKey = crypto::SymmetricKey;

// One request, with all that the pages ask of it.
struct Visit {
  const io::WebRequest& request;
  int64_t now_ms = 0;
  io::WebForm query = {};
  io::WebForm form = {};
  std::string browser = {};  // cookie; a new one when the request had none
  bool is_new_browser = false;
  std::optional<Person> person = {};
  std::string csrf = {};  // what its forms carry

  // What the audit log says of what this person does.
  Order AsPerson() const;
  // Of somebody who is not known (yet): `actor` says who it claims to be.
  Order As(UserId user, absl::string_view actor) const;
};

// The token of forms on pages for this browser and session.
std::string CsrfToken(const CsrfKey& key, absl::string_view browser,
                      absl::string_view session);

// Whether a request that changes something was made by our own page: told by
// Sec-Fetch-Site, by Origin where that is missing, and always by the token.
bool IsFromOwnPage(const io::WebRequest& request, absl::string_view public_url);
bool IsGoodToken(absl::string_view given, absl::string_view expected);

// How browsers reach us: `public_url`, or as this request did.
std::string OriginOf(const io::WebRequest& request,
                     absl::string_view public_url);

}  // namespace warren::control

#endif  // WARREN_CONTROL_WEB_VISIT_H_
