#include <algorithm>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "control/coordinator/account_commands.h"
#include "control/coordinator/session_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/web/account_view.h"
#include "control/web/site_state.h"
#include "core/base/status_macros.h"

// What people see and change of their own.
namespace warren::control {
namespace {

// What weighs much asks for a session that is as young as this.
constexpr int64_t kFreshMs = 15LL * 60 * 1000;

absl::StatusOr<AccountView> Look(Site::State& site, const Visit& visit) {
  return site.Ask<AccountView>(
      [&](Directory& directory, int64_t) -> absl::StatusOr<AccountView> {
        const TailnetState* const tailnet =
            directory.Tailnet(visit.person->tailnet.id);
        if (tailnet == nullptr) {
          return absl::NotFoundError("the tailnet is gone");
        }
        return DescribeAccount(*tailnet, visit.person->user.id);
      });
}

// A page of who is signed in.
using OwnPage = io::WebReply (*)(Site::State&, const Visit&);
std::function<io::WebReply(Site::State&, const Visit&, const std::string&)>
SignedInOnly(OwnPage page) {
  return [page](Site::State& site, const Visit& visit, const std::string&) {
    if (!visit.person) return site.AskToSignIn("/account");
    return page(site, visit);
  };
}

// The same, soon after signing in.
std::function<io::WebReply(Site::State&, const Visit&, const std::string&)>
FreshOnly(OwnPage page) {
  return [page](Site::State& site, const Visit& visit, const std::string&) {
    if (!visit.person) return site.AskToSignIn("/account");
    if (visit.now_ms - visit.person->session.created_ms > kFreshMs) {
      return site.Show(
          visit, 403, "Sign in again first",
          {Wrap("p", {"To change this, your sign-in must be younger than 15 "
                      "minutes."}),
           LinkButton("Sign in again", "/signin?to=/account")});
    }
    return page(site, visit);
  };
}

// Runs a command in the person's tailnet.
absl::Status DoOwn(Site::State& site, const Visit& visit,
                   const std::function<absl::Status(Directory&, const Order&,
                                                    TailnetState&)>& command) {
  return site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
    TailnetState* const tailnet = directory.Tailnet(visit.person->tailnet.id);
    if (tailnet == nullptr) return absl::NotFoundError("the tailnet is gone");
    Order order = visit.AsPerson();
    order.now_ms = now_ms;
    return command(directory, order, *tailnet);
  });
}

io::WebReply BackOr(Site::State& site, const Visit& visit,
                    const absl::Status& status, const char* done) {
  if (!status.ok()) return site.Fail(visit, status);
  return RedirectTo(absl::StrCat("/account?done=", done));
}

io::WebReply GetAccount(Site::State& site, const Visit& visit) {
  const auto view = Look(site, visit);
  if (!view.ok()) return site.Fail(visit, view.status());
  return site.Show(visit, 200, "Your account", AccountContent(visit, *view));
}

io::WebReply PostPassword(Site::State& site, const Visit& visit) {
  const Person& person = *visit.person;
  const std::string key =
      absl::StrCat(person.tailnet.name, "\n", person.user.login);
  if (!person.account) {
    return site.Fail(visit, absl::FailedPreconditionError(
                                "you have no account on this server"));
  }
  if (site.by_login.WaitMs(key, visit.now_ms) > 0) {
    return site.Fail(visit, absl::ResourceExhaustedError(
                                "too many wrong attempts: wait a while"));
  }
  if (!site.passwords.Matches(person.account->password_hash,
                              visit.form.Get("old"))) {
    site.by_login.Fail(key, visit.now_ms);
    return site.Fail(
        visit, absl::PermissionDeniedError("the present password is wrong"));
  }
  const std::string& password = visit.form.Get("password");
  if (password != visit.form.Get("again")) {
    return site.Fail(
        visit, absl::InvalidArgumentError("the two new passwords differ"));
  }
  const absl::Status good = CheckNewPassword(password, person.user.login);
  if (!good.ok()) return site.Fail(visit, good);
  const std::string hash = site.passwords.Hash(password);
  const absl::Status set = DoOwn(
      site, visit,
      [&](Directory& directory, const Order& order, TailnetState& tailnet) {
        return SetPassword(directory, order, tailnet, hash);
      });
  if (!set.ok()) return site.Fail(visit, set);
  return site.Welcome(visit, person.tailnet.id, person.user.id, "local",
                      "/account?done=password");
}

io::WebReply OfferTotp(Site::State& site, const Visit& visit,
                       const std::string& secret, const std::string& problem) {
  const std::string token = site.totp_offers.Put(
      {visit.person->user.id, secret}, visit.browser, visit.now_ms);
  return site.Show(visit, problem.empty() ? 200 : 400, "Set up one-time codes",
                   TotpOfferContent(visit, secret, token, problem));
}

io::WebReply PostTotpBegin(Site::State& site, const Visit& visit) {
  return OfferTotp(site, visit, MakeTotpSecret(site.rng), "");
}

// New recovery codes in the store; shown once.
absl::StatusOr<std::vector<std::string>> NewCodes(
    Site::State& site, const Visit& visit,
    const std::function<absl::Status(Directory&, const Order&, TailnetState&,
                                     std::vector<SecretHash>)>& store) {
  const std::vector<std::string> codes = MakeRecoveryCodes(site.rng);
  const absl::Status stored = DoOwn(
      site, visit,
      [&](Directory& directory, const Order& order, TailnetState& tailnet) {
        std::vector<SecretHash> hashes;
        for (const std::string& code : codes) {
          hashes.push_back(HashRecoveryCode(directory.hash_key(), order.user,
                                            TidyRecoveryCode(code)));
        }
        return store(directory, order, tailnet, std::move(hashes));
      });
  if (!stored.ok()) return stored;
  return codes;
}

io::WebReply PostTotp(Site::State& site, const Visit& visit) {
  const auto offer = site.totp_offers.Take(visit.form.Get("token"),
                                           visit.browser, visit.now_ms);
  if (!offer || offer->user != visit.person->user.id) {
    return site.Fail(visit, absl::FailedPreconditionError(
                                "this took too long: begin again"));
  }
  const auto step =
      MatchTotp(offer->secret, visit.form.Get("code"), visit.now_ms / 1000, 0);
  if (!step) {
    return OfferTotp(site, visit, offer->secret,
                     "That code is wrong. Is the clock of the phone right?");
  }
  const Sealed sealed =
      Seal(site.seal_key, TotpPlace(offer->user), offer->secret, site.rng);
  const auto codes =
      NewCodes(site, visit,
               [&](Directory& directory, const Order& order,
                   TailnetState& tailnet, std::vector<SecretHash> hashes) {
                 return SetTotp(directory, order, tailnet,
                                {sealed, *step, std::move(hashes)});
               });
  if (!codes.ok()) return site.Fail(visit, codes.status());
  return site.Show(visit, 200, "One-time codes are on",
                   RecoveryCodesContent(*codes));
}

io::WebReply PostTotpRemove(Site::State& site, const Visit& visit) {
  return BackOr(site, visit, DoOwn(site, visit, RemoveTotp), "totp");
}

io::WebReply PostRecovery(Site::State& site, const Visit& visit) {
  const auto codes = NewCodes(site, visit, SetRecoveryCodes);
  if (!codes.ok()) return site.Fail(visit, codes.status());
  return site.Show(visit, 200, "New recovery codes",
                   RecoveryCodesContent(*codes));
}

io::WebReply PostRevoke(Site::State& site, const Visit& visit) {
  const std::string& which = visit.form.Get("session");
  const Person& person = *visit.person;
  int64_t id = 0;
  if (which != "others" && !absl::SimpleAtoi(which, &id)) {
    return site.Fail(visit, absl::InvalidArgumentError("say which session"));
  }
  const absl::Status closed = DoOwn(
      site, visit,
      [&](Directory& directory, const Order& order, TailnetState& tailnet) {
        if (which == "others") {
          return CloseSessions(directory, order, tailnet, person.user.id,
                               person.session.id);
        }
        // Of nobody else: an administrator has other ways for that.
        const auto found = tailnet.accounts.sessions.find(SessionId(id));
        if (found == tailnet.accounts.sessions.end() ||
            found->second.user != person.user.id) {
          return absl::NotFoundError("there is no such session");
        }
        return CloseSession(directory, order, tailnet, SessionId(id));
      });
  return BackOr(site, visit, closed, "session");
}

}  // namespace

std::vector<SitePage> AccountPages() {
  return {
      {"GET", "/account", SignedInOnly(GetAccount)},
      {"POST", "/account/password", SignedInOnly(PostPassword)},
      {"POST", "/account/totp/begin", FreshOnly(PostTotpBegin)},
      {"POST", "/account/totp", FreshOnly(PostTotp)},
      {"POST", "/account/totp/remove", FreshOnly(PostTotpRemove)},
      {"POST", "/account/recovery", FreshOnly(PostRecovery)},
      {"POST", "/account/sessions/revoke", SignedInOnly(PostRevoke)},
  };
}

}  // namespace warren::control
