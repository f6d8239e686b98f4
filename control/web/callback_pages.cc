#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "control/coordinator/user_commands.h"
#include "control/web/site_state.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"

// Signing in with an account elsewhere.
namespace warren::control {
namespace {

// For as long as a person may take at the provider.
constexpr int64_t kSignInSeconds = 600;

// What the "ok" of a return path must be for an invitation in it to count: the
// person has said yes on our page, in this very browser.
std::string ConsentOf(const Site::State& site, absl::string_view browser,
                      absl::string_view secret) {
  return CsrfToken(site.csrf_key, browser, absl::StrCat("invitation ", secret));
}

// GET /signin/with/ID?to=/path
io::WebReply GetWith(Site::State& site, const Visit& visit,
                     const std::string& id) {
  const auto entry = site.providers.Find(id);
  if (!entry.ok()) return site.Fail(visit, entry.status());
  if (!*entry) return site.NotFound(visit);
  std::string browser = Cookies::Read(visit.request, Cookies::kSignIn);
  if (browser.size() != 43) {
    std::array<uint8_t, 32> random;
    site.rng.Fill(random);
    browser = ToBase64Url(random);
  }
  std::string to = OwnPathOr(visit.query.Get("to"), "/account");
  // Said yes on an invitation's page, as its form has checked.
  const std::string& secret = visit.query.Get("invitation");
  if (!secret.empty() && IsGoodToken(visit.query.Get("ok"),
                                     ConsentOf(site, visit.browser, secret))) {
    to = absl::StrCat(kInvitationPath, io::PercentEncode(secret),
                      "?ok=", ConsentOf(site, browser, secret));
  }
  const auto url =
      site.sign_in.Begin({id, to, browser, AddressKey(visit.request.client)});
  if (!url.ok()) return site.Fail(visit, url.status());
  io::WebReply reply = RedirectTo("/");
  reply.headers = {{"Location", *url}};
  reply.headers.emplace_back(
      "Set-Cookie",
      Cookies::Write(visit.request, Cookies::kSignIn, browser, kSignInSeconds));
  return reply;
}

// The invitation that `return_to` carries with consent; "" none.
std::string InvitationIn(const Site::State& site, absl::string_view browser,
                         absl::string_view return_to) {
  if (!absl::ConsumePrefix(&return_to, kInvitationPath)) return "";
  const size_t mark = return_to.find("?ok=");
  if (mark == absl::string_view::npos) return "";
  const auto secret = io::PercentDecode(return_to.substr(0, mark));
  if (!secret || !IsGoodToken(return_to.substr(mark + 4),
                              ConsentOf(site, browser, *secret))) {
    return "";
  }
  return *secret;
}

// Somebody has come back from `entry` and is who `signed_in` says.
io::WebReply Enter(Site::State& site, const Visit& visit,
                   const ProviderTable::Entry& entry, const SignedIn& signed_in,
                   absl::string_view browser) {
  const std::string invitation =
      InvitationIn(site, browser, signed_in.return_to);
  const auto user = site.Ask<UserRecord>(
      [&](Directory& directory, int64_t now_ms) -> absl::StatusOr<UserRecord> {
        TailnetState* tailnet = directory.Tailnet(entry.tailnet);
        if (tailnet == nullptr)
          return absl::NotFoundError("the tailnet is gone");
        Order order = visit.As(
            {}, absl::StrCat(entry.name, " user ", signed_in.identity.subject));
        order.now_ms = now_ms;
        return FindOrCreateUserByIdentity(
            directory, order, *tailnet,
            {entry.id, entry.name, signed_in.identity}, invitation);
      });
  if (!user.ok()) {
    NoteRefused(site, visit, entry.tailnet,
                absl::StrCat(entry.name, " user ", signed_in.identity.subject),
                user.status().message());
    return site.Refuse(visit, user.status());
  }
  return site.Welcome(visit, entry.tailnet, user->id, entry.name,
                      invitation.empty() ? signed_in.return_to : "/account");
}

io::WebReply Finish(Site::State& site, const Visit& visit,
                    const std::string& id, const io::WebForm& fields) {
  const auto entry = site.providers.Find(id);
  if (!entry.ok()) return site.Fail(visit, entry.status());
  if (!*entry) return site.NotFound(visit);
  SignInCallback callback;
  callback.provider = id;
  callback.state = fields.Get("state");
  callback.code = fields.Get("code");
  callback.error = fields.Get("error");
  callback.issuer = fields.Get("iss");
  callback.user = fields.Get("user");
  const std::string browser = Cookies::Read(visit.request, Cookies::kSignIn);
  const auto signed_in = site.sign_in.Finish(callback, browser);
  if (!signed_in.ok()) {
    NoteRefused(site, visit, (*entry)->tailnet,
                absl::StrCat("somebody by ", (*entry)->name),
                signed_in.status().message());
    return site.Refuse(visit, signed_in.status());
  }
  return Enter(site, visit, **entry, *signed_in, browser);
}

io::WebReply GetCallback(Site::State& site, const Visit& visit,
                         const std::string& id) {
  // Finish() uses the state up: not for who only looks.
  const bool prefetch = !visit.request.Header("Sec-Purpose").empty() ||
                        !visit.request.Header("Purpose").empty();
  if (visit.request.method == "HEAD" || prefetch) {
    return site.Show(visit, 204, "", {});
  }
  return Finish(site, visit, id, visit.query);
}

// Apple's form_post: made by another site, so the state alone tells whose.
io::WebReply PostCallback(Site::State& site, const Visit& visit,
                          const std::string& id) {
  return Finish(site, visit, id, visit.form);
}

}  // namespace

std::vector<Html> ProviderButtons(Site::State& site, TailnetId tailnet,
                                  const std::string& to) {
  std::vector<Html> buttons;
  const auto entries = site.providers.Refresh();
  if (!entries.ok()) return {Problem(entries.status().message())};
  for (const ProviderTable::Entry& entry : *entries) {
    if (entry.tailnet != tailnet) continue;
    buttons.push_back(LinkButton(absl::StrCat("Sign in with ", entry.name),
                                 absl::StrCat("/signin/with/", entry.id.value(),
                                              "?to=", io::PercentEncode(to))));
  }
  return buttons;
}

std::string InvitationConsent(const Site::State& site, const Visit& visit,
                              absl::string_view secret) {
  return ConsentOf(site, visit.browser, secret);
}

std::vector<SitePage> CallbackPages() {
  return {{"GET", "/signin/with/*", GetWith},
          {"GET", "/auth/callback/*", GetCallback, /*own_page=*/false},
          {"POST", "/auth/callback/*", PostCallback, /*own_page=*/false}};
}

}  // namespace warren::control
