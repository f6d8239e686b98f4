#include "control/web/visit.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/session_commands.h"
#include "core/base/base64url.h"
#include "core/crypto/blake2s.h"

namespace warren::control {
namespace {

std::string NameFor(const io::WebRequest& request, const char* name) {
  return absl::StrCat(request.secure ? "__Host-" : "", name);
}

}  // namespace

bool Person::NeedsSecondFactor() const {
  return control::NeedsSecondFactor(tailnet.settings, session,
                                    account ? &*account : nullptr);
}

std::string Cookies::Read(const io::WebRequest& request, const char* name) {
  return std::string(
      io::FindCookie(request.Header("Cookie"), NameFor(request, name)));
}

std::string Cookies::Write(const io::WebRequest& request, const char* name,
                           absl::string_view value, int64_t seconds) {
  // Lax: a link from a mail or a terminal finds its reader signed in. What
  // changes something is a POST, which other sites cannot make with it.
  const bool is_sign_in = absl::string_view(name) == kSignIn;
  const char* const site =
      is_sign_in && request.secure ? "; SameSite=None" : "; SameSite=Lax";
  return absl::StrCat(NameFor(request, name), "=", value,
                      "; Path=/; Max-Age=", seconds, "; HttpOnly", site,
                      request.secure ? "; Secure" : "");
}

Order Visit::AsPerson() const {
  Order order;
  order.now_ms = now_ms;
  order.source = request.client;
  if (!person) return order;
  order.actor = person->user.login;
  order.user = person->user.id;
  return order;
}

Order Visit::As(UserId user, absl::string_view actor) const {
  Order order;
  order.actor = std::string(actor);
  order.now_ms = now_ms;
  order.source = request.client;
  order.user = user;
  return order;
}

std::string CsrfToken(const CsrfKey& key, absl::string_view browser,
                      absl::string_view session) {
  std::array<uint8_t, 32> token;
  crypto::Blake2s(key.Expose(), token.size())
      .Update(AsBytes(
          absl::StrCat("csrf ", browser.size(), " ", browser, " ", session)))
      .Finish(token);
  return ToBase64Url(token);
}

bool IsFromOwnPage(const io::WebRequest& request,
                   absl::string_view public_url) {
  const absl::string_view site = request.Header("Sec-Fetch-Site");
  if (!site.empty() && site != "same-origin") return false;
  const absl::string_view origin = request.Header("Origin");
  if (origin.empty()) return true;  // The token decides.
  return origin == OriginOf(request, public_url) ||
         origin == OriginOf(request, "");
}

bool IsGoodToken(absl::string_view given, absl::string_view expected) {
  return crypto::ConstantTimeEqual(AsBytes(given), AsBytes(expected));
}

std::string OriginOf(const io::WebRequest& request,
                     absl::string_view public_url) {
  if (!public_url.empty()) return std::string(public_url);
  return absl::StrCat(request.secure ? "https://" : "http://",
                      request.Header("Host"));
}

}  // namespace warren::control
