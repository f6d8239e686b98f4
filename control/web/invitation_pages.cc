#include <utility>

#include "absl/strings/str_cat.h"
#include "control/coordinator/account_commands.h"
#include "control/coordinator/user_commands.h"
#include "control/web/site_state.h"
#include "core/base/status_macros.h"

// Links that are good once: to become a user or the owner, to reach a device of
// another tailnet, to set a password anew.
namespace warren::control {
namespace {

struct Invited {
  TailnetId tailnet;
  std::string tailnet_name;
  InvitationRecord record;
  std::string node;   // kShare: its name
  std::string login;  // kReset: whose password
  bool local_accounts = true;
};

absl::StatusOr<Invited> Look(Site::State& site, const std::string& secret) {
  return site.Ask<Invited>(
      [&](Directory& directory, int64_t now_ms) -> absl::StatusOr<Invited> {
        WARREN_ASSIGN_OR_RETURN(const FoundInvitation found,
                                FindInvitation(directory, secret, now_ms));
        const TailnetState& tailnet = *found.tailnet;
        Invited invited{tailnet.record.id,
                        tailnet.record.name,
                        found.record,
                        "",
                        "",
                        tailnet.record.settings.local_accounts};
        const auto node = tailnet.nodes.find(found.record.node);
        if (node != tailnet.nodes.end()) {
          invited.node = node->second.record.naming.name;
        }
        const auto user = tailnet.users.find(found.record.user);
        if (user != tailnet.users.end()) invited.login = user->second.login;
        return invited;
      });
}

io::WebReply Over(Site::State& site, const Visit& visit,
                  const absl::Status& status) {
  if (!absl::IsNotFound(status) && !absl::IsFailedPrecondition(status)) {
    return site.Fail(visit, status);
  }
  return site.Show(visit, 404, "This link is over",
                   {Problem(status.message()),
                    Wrap("p", {"Ask who gave it to you for another one."})});
}

std::vector<Html> PasswordFields() {
  return {Field("Password, at least 12 characters", "password",
                {{"type", "password"},
                 {"required", ""},
                 {"minlength", "12"},
                 {"autocomplete", "new-password"}}),
          Field("The same once more", "again",
                {{"type", "password"},
                 {"required", ""},
                 {"autocomplete", "new-password"}})};
}

std::string PathOf(const std::string& secret) {
  return absl::StrCat(kInvitationPath, io::PercentEncode(secret));
}

// To become a user: by a provider, or with an account here.
io::WebReply ShowJoin(Site::State& site, const Visit& visit,
                      const Invited& invited, const std::string& secret,
                      int status, const std::string& problem) {
  const bool owner = invited.record.kind == InvitationKind::kOwner;
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  content.push_back(Wrap(
      "p", {owner ? "This server has no owner yet. Become the owner of tailnet "
                  : "You are invited to tailnet ",
            Wrap("b", {invited.tailnet_name}), "."}));
  const auto entries = site.providers.Refresh();
  if (entries.ok()) {
    for (const auto& entry : *entries) {
      if (entry.tailnet != invited.tailnet) continue;
      content.push_back(El("form",
                           {{"method", "post"}, {"action", PathOf(secret)}},
                           {Hidden("csrf", visit.csrf),
                            Hidden("provider", absl::StrCat(entry.id.value())),
                            El("button",
                               {{"type", "submit"},
                                {"name", "action"},
                                {"value", "provider"},
                                {"class", "button"}},
                               {absl::StrCat("Join with ", entry.name)})}));
    }
  }
  if (invited.local_accounts && invited.record.email.empty()) {
    std::vector<Html> fields = {
        Wrap("h2", {"With an account on this server"}),
        Field("Login", "login",
              {{"required", ""},
               {"autocomplete", "username"},
               {"autocapitalize", "none"},
               {"value", visit.form.Get("login")}}),
        Field("Your name", "name",
              {{"autocomplete", "name"}, {"value", visit.form.Get("name")}})};
    for (const Html& field : PasswordFields()) fields.push_back(field);
    fields.push_back(Button(owner ? "Become the owner" : "Join", "local"));
    content.push_back(PostForm(PathOf(secret), visit.csrf, fields));
  }
  return site.Show(visit, status, owner ? "Welcome to Warren" : "Join",
                   content);
}

io::WebReply ShowShare(Site::State& site, const Visit& visit,
                       const Invited& invited, const std::string& secret) {
  if (!visit.person) return site.AskToSignIn(PathOf(secret));
  if (visit.person->NeedsSecondFactor()) {
    return RedirectTo("/account?need=factor");
  }
  return site.Show(
      visit, 200, "A device is shared with you",
      {Facts({{"Device", invited.node},
              {"Of tailnet", invited.tailnet_name},
              {"Shared by", invited.record.created_by},
              {"With", absl::StrCat(visit.person->user.login, " of ",
                                    visit.person->tailnet.name)}}),
       Wrap("p", {"Your devices will be able to reach it. It cannot reach "
                  "yours."}),
       PostForm(PathOf(secret), visit.csrf, {Button("Accept", "share")})});
}

io::WebReply ShowReset(Site::State& site, const Visit& visit,
                       const Invited& invited, const std::string& secret,
                       int status, const std::string& problem) {
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  content.push_back(
      Wrap("p", {"A new password for ", Wrap("b", {invited.login}),
                 ". Every session of this account ends, and its one-time codes "
                 "and passkeys are removed."}));
  std::vector<Html> fields = PasswordFields();
  fields.push_back(Button("Set the password", "reset"));
  content.push_back(PostForm(PathOf(secret), visit.csrf, fields));
  return site.Show(visit, status, "Set a new password", content);
}

io::WebReply ShowInvitation(Site::State& site, const Visit& visit,
                            const Invited& invited, const std::string& secret,
                            int status, const std::string& problem) {
  switch (invited.record.kind) {
    case InvitationKind::kUser:
    case InvitationKind::kOwner:
      return ShowJoin(site, visit, invited, secret, status, problem);
    case InvitationKind::kShare:
      return ShowShare(site, visit, invited, secret);
    case InvitationKind::kReset:
      return ShowReset(site, visit, invited, secret, status, problem);
  }
  return site.NotFound(visit);
}

io::WebReply GetInvitation(Site::State& site, const Visit& visit,
                           const std::string& secret) {
  const auto invited = Look(site, secret);
  if (!invited.ok()) return Over(site, visit, invited.status());
  return ShowInvitation(site, visit, *invited, secret, 200, "");
}

// The hash of the password of the form, when it may be one.
absl::StatusOr<std::string> NewPasswordHash(Site::State& site,
                                            const Visit& visit,
                                            const std::string& login) {
  const std::string& password = visit.form.Get("password");
  if (password != visit.form.Get("again")) {
    return absl::InvalidArgumentError("the two passwords differ");
  }
  WARREN_RETURN_IF_ERROR(CheckNewPassword(password, login));
  return site.passwords.Hash(password);
}

absl::StatusOr<UserRecord> JoinLocal(Site::State& site, const Visit& visit,
                                     const Invited& invited,
                                     const std::string& secret) {
  const std::string& login = visit.form.Get("login");
  LocalSignUp sign_up;
  sign_up.login = login;
  sign_up.display_name = visit.form.Get("name");
  sign_up.invitation = secret;
  WARREN_ASSIGN_OR_RETURN(sign_up.account.password_hash,
                          NewPasswordHash(site, visit, login));
  return site.Ask<UserRecord>(
      [&](Directory& directory, int64_t now_ms) -> absl::StatusOr<UserRecord> {
        TailnetState* const tailnet = directory.Tailnet(invited.tailnet);
        if (tailnet == nullptr) {
          return absl::NotFoundError("the tailnet is gone");
        }
        Order order = visit.As({}, login);
        order.now_ms = now_ms;
        return CreateLocalUser(directory, order, *tailnet, sign_up);
      });
}

absl::StatusOr<UserRecord> Reset(Site::State& site, const Visit& visit,
                                 const Invited& invited,
                                 const std::string& secret) {
  WARREN_ASSIGN_OR_RETURN(std::string hash,
                          NewPasswordHash(site, visit, invited.login));
  return site.Ask<UserRecord>(
      [&](Directory& directory, int64_t now_ms) -> absl::StatusOr<UserRecord> {
        Order order = visit.As(invited.record.user, invited.login);
        order.now_ms = now_ms;
        WARREN_ASSIGN_OR_RETURN(const UserRecord user,
                                UseResetInvitation(directory, order, secret));
        TailnetState* const tailnet = directory.Tailnet(user.tailnet);
        if (tailnet == nullptr) {
          return absl::NotFoundError("the tailnet is gone");
        }
        order.user = user.id;
        WARREN_RETURN_IF_ERROR(
            ResetAccount(directory, order, *tailnet, std::move(hash)));
        return user;
      });
}

absl::Status AcceptIt(Site::State& site, const Visit& visit,
                      const std::string& secret) {
  return site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
    TailnetState* const tailnet = directory.Tailnet(visit.person->tailnet.id);
    if (tailnet == nullptr) return absl::NotFoundError("the tailnet is gone");
    Order order = visit.AsPerson();
    order.now_ms = now_ms;
    return AcceptShare(directory, order, *tailnet, order.user, secret).status();
  });
}

io::WebReply PostShare(Site::State& site, const Visit& visit,
                       const Invited& invited, const std::string& secret) {
  if (!visit.person) return site.AskToSignIn(PathOf(secret));
  if (visit.person->NeedsSecondFactor()) {
    return RedirectTo("/account?need=factor");
  }
  const absl::Status accepted = AcceptIt(site, visit, secret);
  if (!accepted.ok()) return site.Fail(visit, accepted);
  return site.Show(
      visit, 200, "Accepted",
      {Good(absl::StrCat("Your devices can reach ", invited.node, " now."))});
}

// On to the provider: not by a redirect, which the page's own policy would not
// let a form follow to another site.
io::WebReply GoToProvider(Site::State& site, const Visit& visit,
                          const std::string& secret) {
  const std::string path = absl::StrCat(
      "/signin/with/", io::PercentEncode(visit.form.Get("provider")),
      "?invitation=", io::PercentEncode(secret),
      "&ok=", InvitationConsent(site, visit, secret));
  io::WebReply reply =
      site.Show(visit, 200, "On to your account", {LinkButton("Go on", path)});
  reply.headers.emplace_back("Refresh", absl::StrCat("0; url=", path));
  return reply;
}

// Whether the form belongs to this kind of link.
bool Fits(InvitationKind kind, const std::string& action) {
  switch (kind) {
    case InvitationKind::kUser:
    case InvitationKind::kOwner:
      return action == "local" || action == "provider";
    case InvitationKind::kShare:
      return action == "share";
    case InvitationKind::kReset:
      return action == "reset";
  }
  return false;
}

io::WebReply PostInvitation(Site::State& site, const Visit& visit,
                            const std::string& secret) {
  const auto invited = Look(site, secret);
  if (!invited.ok()) return Over(site, visit, invited.status());
  const std::string& action = visit.form.Get("action");
  if (!Fits(invited->record.kind, action)) {
    return site.Fail(
        visit, absl::InvalidArgumentError("the form is not of this link"));
  }
  if (action == "share") return PostShare(site, visit, *invited, secret);
  if (action == "provider") return GoToProvider(site, visit, secret);
  const auto user = action == "local" ? JoinLocal(site, visit, *invited, secret)
                                      : Reset(site, visit, *invited, secret);
  if (!user.ok()) {
    return ShowInvitation(site, visit, *invited, secret, 400,
                          std::string(user.status().message()));
  }
  return site.Welcome(visit, user->tailnet, user->id, "local", "/account");
}

}  // namespace

std::vector<SitePage> InvitationPages() {
  return {{"GET", "/invite/*", GetInvitation},
          {"POST", "/invite/*", PostInvitation}};
}

}  // namespace warren::control
