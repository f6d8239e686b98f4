#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/account_commands.h"
#include "control/coordinator/lookup.h"
#include "control/coordinator/session_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/identity/totp.h"
#include "control/web/site_state.h"
#include "core/base/status_macros.h"

// Signing in with an account on this server, and the page that offers all ways.
namespace warren::control {
namespace {

// What the sign-in page must know of a tailnet.
struct Entrance {
  TailnetId id;
  std::string name;
  bool local_accounts = true;
  bool is_only_one = false;
};

// By name; empty: the only one there is. NOT_FOUND.
absl::StatusOr<Entrance> FindEntrance(Site::State& site,
                                      const std::string& name) {
  return site.Ask<Entrance>(
      [&](Directory& directory, int64_t) -> absl::StatusOr<Entrance> {
        const bool only = directory.tailnets().size() == 1;
        for (const auto& [id, tailnet] : directory.tailnets()) {
          if ((name.empty() && only) || tailnet.record.name == name) {
            return Entrance{id, tailnet.record.name,
                            tailnet.record.settings.local_accounts, only};
          }
        }
        return absl::NotFoundError(
            name.empty() ? "say which tailnet"
                         : absl::StrCat("there is no tailnet \"", name, "\""));
      });
}

io::WebReply AskForTailnet(Site::State& site, const Visit& visit,
                           const std::string& problem) {
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  content.push_back(
      El("form", {{"method", "get"}, {"action", "/signin"}},
         {Hidden("to", OwnPathOr(visit.query.Get("to"), "/account")),
          Field("Which tailnet do you want to sign in to?", "tailnet",
                {{"required", ""}, {"autocomplete", "organization"}}),
          Button("Continue")}));
  return site.Show(visit, problem.empty() ? 200 : 404, "Sign in", content);
}

std::vector<Html> LocalForm(const Visit& visit, const Entrance& entrance,
                            const std::string& to) {
  if (!entrance.local_accounts) return {};
  return {
      PostForm("/signin/local", visit.csrf,
               {Hidden("to", to), Hidden("tailnet", entrance.name),
                Field("Login", "login",
                      {{"required", ""},
                       {"autocomplete", "username webauthn"},
                       {"autocapitalize", "none"}}),
                Field("Password", "password",
                      {{"type", "password"},
                       {"required", ""},
                       {"autocomplete", "current-password"}}),
                Button("Sign in")}),
      El("div",
         {{"id", "passkey"},
          {"hidden", ""},
          {"data-csrf", visit.csrf},
          {"data-to", to}},
         {El("button", {{"type", "button"}, {"class", "plain"}},
             {"Sign in with a passkey"}),
          El("p", {{"class", "problem"}, {"role", "alert"}, {"hidden", ""}})}),
      El("script", {{"src", "/assets/passkey.js"}, {"defer", ""}})};
}

io::WebReply ShowSignIn(Site::State& site, const Visit& visit, int status,
                        const std::string& tailnet, const std::string& to,
                        const std::string& problem) {
  const auto entrance = FindEntrance(site, tailnet);
  if (absl::IsNotFound(entrance.status())) {
    return AskForTailnet(
        site, visit,
        tailnet.empty() ? "" : std::string(entrance.status().message()));
  }
  if (!entrance.ok()) return site.Fail(visit, entrance.status());
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  const auto buttons = ProviderButtons(site, entrance->id, to);
  const auto form = LocalForm(visit, *entrance, to);
  content.insert(content.end(), buttons.begin(), buttons.end());
  if (!buttons.empty() && !form.empty()) {
    content.push_back(El("p", {{"class", "or"}}, {"or"}));
  }
  content.insert(content.end(), form.begin(), form.end());
  if (buttons.empty() && form.empty()) {
    content.push_back(Problem(
        "Nobody can sign in to this tailnet yet: its administrator must add a "
        "provider, or allow accounts on this server."));
  }
  return site.Show(visit, status, absl::StrCat("Sign in to ", entrance->name),
                   content);
}

io::WebReply GetSignIn(Site::State& site, const Visit& visit,
                       const std::string&) {
  return ShowSignIn(site, visit, 200, visit.query.Get("tailnet"),
                    OwnPathOr(visit.query.Get("to"), "/account"), "");
}

io::WebReply GetStart(Site::State& site, const Visit& visit,
                      const std::string&) {
  if (visit.person) return RedirectTo("/account");
  return site.AskToSignIn("/account");
}

// The account that `login` means, or one without a password.
struct Candidate {
  TailnetId tailnet;
  LocalAccountRecord account;
  int64_t locked_ms = 0;
};

absl::StatusOr<Candidate> FindCandidate(Site::State& site,
                                        const std::string& tailnet_name,
                                        const std::string& login) {
  WARREN_ASSIGN_OR_RETURN(const Entrance entrance,
                          FindEntrance(site, tailnet_name));
  return site.Ask<Candidate>([&](Directory& directory,
                                 int64_t now_ms) -> absl::StatusOr<Candidate> {
    Candidate candidate;
    candidate.tailnet = entrance.id;
    TailnetState* const tailnet = directory.Tailnet(entrance.id);
    if (tailnet == nullptr || !entrance.local_accounts) return candidate;
    for (const auto& [id, user] : tailnet->users) {
      const LocalAccountRecord* const account = LocalAccountOf(*tailnet, id);
      if (user.login != login || account == nullptr) continue;
      candidate.account = *account;
      candidate.locked_ms =
          std::max<int64_t>(0, account->locked_until_ms - now_ms);
    }
    return candidate;
  });
}

void NoteWrong(Site::State& site, const Visit& visit,
               const std::string& login_key, TailnetId tailnet, UserId user) {
  ++site.tally.refused;
  site.by_login.Fail(login_key, visit.now_ms);
  site.by_address.Fail(AddressKey(visit.request.client), visit.now_ms);
  if (user == UserId()) return;
  std::string login;
  // Worth no other answer when it fails: memory counts, too.
  (void)site.Do([&](Directory& directory, int64_t now_ms) {
    TailnetState* const state = directory.Tailnet(tailnet);
    if (state == nullptr) return absl::OkStatus();
    Order order = visit.As(user, "somebody");
    order.now_ms = now_ms;
    const auto known = state->users.find(user);
    if (known != state->users.end()) login = known->second.login;
    return NoteFailure(directory, order, *state, user);
  });
  // Only a login that is one: what was typed may be a password.
  NoteRefused(site, visit, tailnet, login, "wrong password or code");
}

void NoteRight(Site::State& site, const std::string& login_key,
               TailnetId tailnet, UserId user) {
  site.by_login.Succeed(login_key);
  (void)site.Do([&](Directory& directory, int64_t) {
    TailnetState* const state = directory.Tailnet(tailnet);
    if (state == nullptr) return absl::OkStatus();
    return ForgetFailures(directory, *state, user);
  });
}

std::string WaitText(int64_t wait_ms) {
  return absl::StrCat("Too many wrong attempts: try again in ",
                      (wait_ms + 999) / 1000, " seconds.");
}

// Signed in by what this server knows: suspended or not is told here.
io::WebReply FinishLocal(Site::State& site, const Visit& visit,
                         TailnetId tailnet, UserId user,
                         const std::string& to) {
  const absl::Status noted =
      site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
        TailnetState* const state = directory.Tailnet(tailnet);
        // Somebody may have deleted it while the password was looked at.
        if (state == nullptr || !state->users.contains(user)) {
          return absl::NotFoundError("the account is gone");
        }
        Order order = visit.As(user, state->users.at(user).login);
        order.now_ms = now_ms;
        return NoteLocalSignIn(directory, order, *state, user).status();
      });
  if (!noted.ok()) return site.Refuse(visit, noted);
  return site.Welcome(visit, tailnet, user, "local", to);
}

io::WebReply AskForCode(Site::State& site, const Visit& visit, HalfSignIn half,
                        const std::string& problem) {
  const int64_t tries = half.tries_left;
  const std::string token =
      site.half_sign_ins.Put(std::move(half), visit.browser, visit.now_ms);
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  content.push_back(PostForm(
      "/signin/second", visit.csrf,
      {Hidden("token", token),
       Field("Code from your authenticator app, or a recovery code", "code",
             {{"required", ""},
              {"autocomplete", "one-time-code"},
              {"autofocus", ""}}),
       Button("Continue")}));
  (void)tries;
  return site.Show(visit, problem.empty() ? 200 : 401, "One more step",
                   content);
}

io::WebReply PostLocal(Site::State& site, const Visit& visit,
                       const std::string&) {
  const std::string& login = visit.form.Get("login");
  const std::string& tailnet = visit.form.Get("tailnet");
  const std::string to = OwnPathOr(visit.form.Get("to"), "/account");
  const std::string key = absl::StrCat(tailnet, "\n", login);
  const auto candidate = FindCandidate(site, tailnet, login);
  if (!candidate.ok()) return site.Fail(visit, candidate.status());
  const int64_t wait_ms = std::max(
      {site.by_login.WaitMs(key, visit.now_ms), candidate->locked_ms,
       site.by_address.WaitMs(AddressKey(visit.request.client), visit.now_ms)});
  if (wait_ms > 0) {
    ++site.tally.limited;
    return ShowSignIn(site, visit, 429, tailnet, to, WaitText(wait_ms));
  }
  // The same work whether there is such an account or not.
  const LocalAccountRecord& account = candidate->account;
  if (!site.passwords.Matches(account.password_hash,
                              visit.form.Get("password"))) {
    NoteWrong(site, visit, key, candidate->tailnet, account.user);
    return ShowSignIn(site, visit, 401, tailnet, to,
                      "Login or password is wrong.");
  }
  if (account.totp_secret.empty()) {
    NoteRight(site, key, candidate->tailnet, account.user);
    return FinishLocal(site, visit, candidate->tailnet, account.user, to);
  }
  return AskForCode(site, visit, {candidate->tailnet, account.user, key, to},
                    "");
}

// Uses up a one-time or recovery code of `half`. UNAUTHENTICATED: wrong.
absl::Status UseCode(Site::State& site, const Visit& visit,
                     const HalfSignIn& half, const std::string& code) {
  return site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
    TailnetState* const tailnet = directory.Tailnet(half.tailnet);
    const LocalAccountRecord* const account =
        tailnet == nullptr ? nullptr : LocalAccountOf(*tailnet, half.user);
    if (account == nullptr) return absl::NotFoundError("the account is gone");
    WARREN_ASSIGN_OR_RETURN(
        const std::string secret,
        Unseal(site.seal_key, TotpPlace(half.user), account->totp_secret));
    const auto step =
        MatchTotp(secret, code, now_ms / 1000, account->totp_last_step);
    if (step) return UseTotpStep(directory, *tailnet, half.user, *step);
    Order order = visit.As(half.user, tailnet->users.at(half.user).login);
    order.now_ms = now_ms;
    return UseRecoveryCode(directory, order, *tailnet,
                           HashRecoveryCode(directory.hash_key(), half.user,
                                            TidyRecoveryCode(code)));
  });
}

io::WebReply PostSecond(Site::State& site, const Visit& visit,
                        const std::string&) {
  auto half = site.half_sign_ins.Take(visit.form.Get("token"), visit.browser,
                                      visit.now_ms);
  if (!half) {
    return site.Fail(visit, absl::FailedPreconditionError(
                                "this took too long: sign in again"));
  }
  const int64_t wait_ms = site.by_login.WaitMs(half->login, visit.now_ms);
  if (wait_ms > 0) {
    ++site.tally.limited;
    return site.Fail(visit, absl::ResourceExhaustedError(WaitText(wait_ms)));
  }
  const absl::Status used = UseCode(site, visit, *half, visit.form.Get("code"));
  if (used.ok()) {
    NoteRight(site, half->login, half->tailnet, half->user);
    return FinishLocal(site, visit, half->tailnet, half->user, half->to);
  }
  if (!absl::IsUnauthenticated(used)) return site.Fail(visit, used);
  NoteWrong(site, visit, half->login, half->tailnet, half->user);
  if (--half->tries_left <= 0) {
    return site.Fail(visit, absl::ResourceExhaustedError(
                                "too many wrong codes: sign in again"));
  }
  return AskForCode(site, visit, *std::move(half), "That code is wrong.");
}

io::WebReply PostSignOut(Site::State& site, const Visit& visit,
                         const std::string&) {
  if (visit.person) {
    const absl::Status closed =
        site.Do([&](Directory& directory, int64_t) -> absl::Status {
          TailnetState* const tailnet =
              directory.Tailnet(visit.person->tailnet.id);
          if (tailnet == nullptr) return absl::OkStatus();
          return CloseSession(directory, visit.AsPerson(), *tailnet,
                              visit.person->session.id);
        });
    // Gone already is as good.
    if (!closed.ok() && !absl::IsNotFound(closed)) {
      return site.Fail(visit, closed);
    }
  }
  io::WebReply reply = RedirectTo("/signin");
  reply.headers.emplace_back(
      "Set-Cookie", Cookies::Write(visit.request, Cookies::kSession, "", 0));
  return reply;
}

}  // namespace

std::string TotpPlace(UserId user) {
  return SealPlace("local_accounts.totp_secret", user.value());
}

std::vector<SitePage> SignInPages() {
  return {{"GET", "/", GetStart},
          {"GET", "/signin", GetSignIn},
          {"POST", "/signin/local", PostLocal},
          {"POST", "/signin/second", PostSecond},
          {"POST", "/signout", PostSignOut}};
}

}  // namespace warren::control
