#include "control/web/site.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "control/coordinator/account_commands.h"
#include "control/coordinator/session_commands.h"
#include "control/web/site_state.h"
#include "core/base/base64url.h"
#include "core/base/status_macros.h"

namespace warren::control {
namespace {

constexpr int64_t kBrowserSeconds = 365LL * 24 * 3600;

int HttpStatusOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kUnauthenticated:
      return 401;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kCancelled:
      return 409;
    case absl::StatusCode::kResourceExhausted:
      return 429;
    default:
      return 503;
  }
}

// The part of `path` that the "*" of `pattern` stands for; nullopt: no match.
std::optional<std::string> Match(absl::string_view pattern,
                                 absl::string_view path) {
  if (!absl::ConsumeSuffix(&pattern, "*")) {
    if (pattern == path) return std::string();
    return std::nullopt;
  }
  if (!absl::ConsumePrefix(&path, pattern) || path.empty() ||
      absl::StrContains(path, '/')) {
    return std::nullopt;
  }
  return std::string(path);
}

std::vector<SitePage> AllPages() {
  std::vector<SitePage> all;
  for (auto pages : {SignInPages, CallbackPages, PasskeyPages, DevicePages,
                     InvitationPages, AccountPages, AssetPages}) {
    for (SitePage& page : pages()) all.push_back(std::move(page));
  }
  return all;
}

absl::StatusOr<Person> PersonOf(Directory& directory, const std::string& cookie,
                                int64_t now_ms) {
  WARREN_ASSIGN_OR_RETURN(const LiveSession live,
                          FindSession(directory, cookie, now_ms));
  Person person{live.tailnet->record, live.user, live.record, std::nullopt};
  const LocalAccountRecord* const account =
      LocalAccountOf(*live.tailnet, live.user.id);
  if (account != nullptr) person.account = *account;
  return person;
}

std::string RandomText(Rng& rng) {
  std::array<uint8_t, 32> random;
  rng.Fill(random);
  return ToBase64Url(random);
}

// Fills in all but the forms. An error: the server cannot answer.
absl::Status Recognize(Site::State& site, Visit& visit) {
  const std::string session = Cookies::Read(visit.request, Cookies::kSession);
  visit.browser = Cookies::Read(visit.request, Cookies::kBrowser);
  visit.is_new_browser = visit.browser.size() != 43;
  if (visit.is_new_browser) visit.browser = RandomText(site.rng);
  visit.csrf = CsrfToken(site.csrf_key, visit.browser, session);
  if (session.empty()) return absl::OkStatus();
  auto person = site.Ask<Person>([&](Directory& directory, int64_t now_ms) {
    return PersonOf(directory, session, now_ms);
  });
  if (absl::IsUnauthenticated(person.status())) return absl::OkStatus();
  WARREN_RETURN_IF_ERROR(person.status());
  visit.person = *std::move(person);
  return absl::OkStatus();
}

// What keeps a POST from being carried out; OK: nothing.
absl::Status CheckPost(const Site::State& site, const SitePage& page,
                       const Visit& visit) {
  if (!page.own_page) return absl::OkStatus();
  const io::WebRequest& request = visit.request;
  std::string token = visit.form.Get("csrf");
  if (token.empty()) token = std::string(request.Header("X-Csrf-Token"));
  if (!IsFromOwnPage(request, site.options.public_url) ||
      !IsGoodToken(token, visit.csrf)) {
    return absl::PermissionDeniedError(
        "this form is out of date, or was sent from another site: go back, "
        "reload the page and try again");
  }
  return absl::OkStatus();
}

}  // namespace

Site::State::State(const SiteParts& parts, SiteOptions the_options)
    : coordinator(parts.coordinator),
      sign_in(parts.sign_in),
      seal_key(parts.seal_key),
      rng(parts.rng),
      options(std::move(the_options)),
      by_login(AttemptLimiter::Rule()),
      by_address({.free = 30}),
      half_sign_ins(rng),
      totp_offers(rng),
      passkey_offers(rng),
      providers(coordinator, sign_in, seal_key) {
  // Forms do not outlive the server's process.
  rng.Fill(csrf_key.ExposeMutable());
}

absl::Status Site::State::Do(
    const std::function<absl::Status(Directory&, int64_t)>& work) {
  return Ask<bool>(
             [&](Directory& directory, int64_t now_ms) -> absl::StatusOr<bool> {
               WARREN_RETURN_IF_ERROR(work(directory, now_ms));
               return true;
             })
      .status();
}

io::WebReply Site::State::Show(const Visit& visit, int status,
                               std::string title,
                               const std::vector<Html>& content) const {
  PageFrame frame;
  frame.title = std::move(title);
  if (visit.person) frame.person = visit.person->user.login;
  frame.csrf = visit.csrf;
  return Page(status, frame, content);
}

io::WebReply Site::State::Fail(const Visit& visit,
                               const absl::Status& status) const {
  return Show(visit, HttpStatusOf(status), "That did not work",
              {Problem(status.message()),
               Wrap("p", {El("a", {{"href", "/"}}, {"To the start"})})});
}

io::WebReply Site::State::Refuse(const Visit& visit,
                                 const absl::Status& status) {
  ++tally.refused;
  return Fail(visit, status);
}

io::WebReply Site::State::NotFound(const Visit& visit) const {
  return Show(visit, 404, "Nothing here",
              {Wrap("p", {"There is no such page."}),
               Wrap("p", {El("a", {{"href", "/"}}, {"To the start"})})});
}

io::WebReply Site::State::AskToSignIn(const std::string& to,
                                      const std::string& tailnet) const {
  std::string path = absl::StrCat("/signin?to=", io::PercentEncode(to));
  if (!tailnet.empty()) {
    absl::StrAppend(&path, "&tailnet=", io::PercentEncode(tailnet));
  }
  return RedirectTo(path);
}

io::WebReply Site::State::Welcome(const Visit& visit, TailnetId tailnet,
                                  UserId user, absl::string_view provider,
                                  const std::string& to) {
  const auto opened =
      Ask<OpenedSession>([&](Directory& directory,
                             int64_t now_ms) -> absl::StatusOr<OpenedSession> {
        TailnetState* const state = directory.Tailnet(tailnet);
        if (state == nullptr || !state->users.contains(user)) {
          return absl::NotFoundError("the account is gone");
        }
        Order order = visit.As(user, state->users.at(user).login);
        order.now_ms = now_ms;
        // One browser, one session: the one before ends.
        if (visit.person && visit.person->tailnet.id == tailnet &&
            visit.person->user.id == user) {
          (void)CloseSession(directory, order, *state,
                             visit.person->session.id);
        }
        return OpenSession(directory, order, *state,
                           {std::string(provider), visit.request.client,
                            std::string(visit.request.Header("User-Agent"))});
      });
  if (!opened.ok()) return Refuse(visit, opened.status());
  ++tally.ok;
  io::WebReply reply = RedirectTo(to);
  const int64_t seconds =
      (opened->record.expires_ms - opened->record.created_ms) / 1000;
  reply.headers.emplace_back("Set-Cookie",
                             Cookies::Write(visit.request, Cookies::kSession,
                                            opened->secret, seconds));
  return reply;
}

void NoteRefused(Site::State& site, const Visit& visit, TailnetId tailnet,
                 std::string actor, absl::string_view why) {
  AuditRecord audit;
  audit.tailnet = tailnet;
  audit.actor = std::move(actor);
  audit.action = "user.refused";
  audit.target = "sign-in";
  audit.after = std::string(why);
  audit.source = visit.request.client;
  (void)site.Do([&](Directory& directory, int64_t now_ms) {
    audit.time_ms = now_ms;
    return directory.store().audit_log().AppendRefusal(audit);
  });
}

std::string OwnPathOr(absl::string_view to, const char* otherwise) {
  return IsOwnPath(to) ? std::string(to) : std::string(otherwise);
}

Site::Site(const SiteParts& parts, SiteOptions options)
    : state_(std::make_unique<State>(parts, std::move(options))) {}
Site::~Site() = default;

SignInCounters Site::sign_ins() const {
  const SignInTally& tally = state_->tally;
  return {tally.ok, tally.refused, tally.limited};
}

void Site::AddRoutes(io::WebRoutes& routes) {
  const auto handler = [this](const io::WebRequest& request) {
    return Answer(request);
  };
  // A slow provider holds threads of its own two routes only.
  for (const char* prefix : {"/", "/signin/with", "/auth/callback"}) {
    routes.Add(prefix, handler);
  }
}

io::WebReply Site::Answer(const io::WebRequest& request) {
  static const std::vector<SitePage>* const kPages =
      new std::vector<SitePage>(AllPages());
  State& site = *state_;
  Visit visit{request, site.options.unix_now_ms()};
  const absl::Status known = Recognize(site, visit);
  if (!known.ok()) return site.Fail(visit, known);
  auto query = io::WebForm::Parse(request.query);
  auto form =
      io::WebForm::Parse(absl::StartsWith(request.Header("Content-Type"),
                                          "application/x-www-form-urlencoded")
                             ? request.body
                             : "");
  if (!query || !form || query->has_repeats() || form->has_repeats()) {
    return site.Fail(visit, absl::InvalidArgumentError(
                                "the address or the form is malformed"));
  }
  visit.query = *std::move(query);
  visit.form = *std::move(form);
  std::string allowed;
  for (const SitePage& page : *kPages) {
    const auto match = Match(page.path, request.path);
    if (!match) continue;
    const absl::string_view method = page.method;
    if (request.method != method &&
        !(method == "GET" && request.method == "HEAD")) {
      absl::StrAppend(&allowed, allowed.empty() ? "" : ", ", method);
      continue;
    }
    if (method == "POST") {
      const absl::Status good = CheckPost(site, page, visit);
      if (!good.ok()) return site.Fail(visit, good);
    }
    io::WebReply reply = page.handler(site, visit, *match);
    if (visit.is_new_browser && page.own_page) {
      reply.headers.emplace_back(
          "Set-Cookie", Cookies::Write(request, Cookies::kBrowser,
                                       visit.browser, kBrowserSeconds));
    }
    return reply;
  }
  if (allowed.empty()) return site.NotFound(visit);
  io::WebReply reply = site.Show(visit, 405, "Not like this",
                                 {Problem(absl::StrCat("use ", allowed))});
  reply.headers.emplace_back("Allow", allowed);
  return reply;
}

}  // namespace warren::control
