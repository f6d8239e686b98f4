#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "control/coordinator/pending_login.h"
#include "control/web/site_state.h"
#include "core/base/status_macros.h"

// A device asks to join: the person sees which, and says yes or no.
namespace warren::control {
namespace {

std::string OrUnknown(const std::string& text) {
  return text.empty() ? "unknown" : text;
}

Html DescribeDevice(const Visit& visit, const LoginView& login) {
  std::vector<Fact> facts = {
      {"Device", OrUnknown(login.host.hostname)},
      {"Wants the name", OrUnknown(login.wanted_name)},
      {"System",
       absl::StrCat(OrUnknown(login.host.os), " ", login.host.os_version)},
      {"Warren", OrUnknown(login.host.client_version)},
      {"Asked from", OrUnknown(login.source)},
      {"Asked at", TimeText(login.created_ms)},
      {"Key", Wrap("code", {login.fingerprint})},
  };
  if (!login.wanted_tags.empty()) {
    facts.push_back({"Tags", absl::StrJoin(login.wanted_tags, " ")});
  }
  facts.push_back(
      {"Joins", absl::StrCat("tailnet ", visit.person->tailnet.name)});
  facts.push_back({"As a device of", visit.person->user.login});
  return Facts(facts);
}

io::WebReply ShowResult(Site::State& site, const Visit& visit,
                        const LoginView& login) {
  if (login.state == LoginState::kRefused) {
    return site.Show(visit, 200, "Refused",
                     {Wrap("p", {"The device was told no."})});
  }
  return site.Show(
      visit, 200, "Connected",
      {Good(absl::StrCat("The device joined as ", login.node, ".")),
       Wrap("p", {"You can close this page and go on in the terminal."})});
}

io::WebReply ShowQuestion(Site::State& site, const Visit& visit,
                          const LoginView& login, int status,
                          const std::string& problem) {
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  content.push_back(
      Wrap("p", {"A device asks to join. Say yes only if you have started this "
                 "yourself, just now, and the key is the one that it shows."}));
  content.push_back(DescribeDevice(visit, login));
  content.push_back(PostForm(absl::StrCat("/login/", login.id), visit.csrf,
                             {Button("Connect this device", "confirm"),
                              Button("Refuse", "refuse", "plain")}));
  return site.Show(visit, status, "Connect a device?", content);
}

// The person that must answer, or where it must go first.
std::optional<io::WebReply> GoFirst(Site::State& site, const Visit& visit,
                                    const LoginView& login) {
  if (!visit.person) {
    return site.AskToSignIn(absl::StrCat("/login/", login.id), login.tailnet);
  }
  const Person& person = *visit.person;
  if (!login.tailnet.empty() && login.tailnet != person.tailnet.name) {
    return site.Show(
        visit, 403, "Another tailnet",
        {Problem(absl::StrCat("The device wants to join ", login.tailnet,
                              ", and you are signed in to ",
                              person.tailnet.name, ".")),
         Wrap("p", {"Sign out, and follow the link again."})});
  }
  if (person.NeedsSecondFactor()) return RedirectTo("/account?need=factor");
  if (person.user.status == UserStatus::kWaiting) {
    return site.Show(visit, 403, "Not yet",
                     {Problem("An administrator has to approve you first. "
                              "Then follow the link again.")});
  }
  return std::nullopt;
}

absl::StatusOr<LoginView> Describe(Site::State& site, const std::string& id) {
  return site.Ask<LoginView>([&](Directory& directory, int64_t now_ms) {
    return DescribeLogin(directory, id, now_ms);
  });
}

io::WebReply Gone(Site::State& site, const Visit& visit) {
  return site.Show(
      visit, 404, "This link is over",
      {Wrap("p", {"It is good for 15 minutes. Start again on the device: ",
                  Wrap("code", {"warren up"})})});
}

io::WebReply GetLogin(Site::State& site, const Visit& visit,
                      const std::string& id) {
  const auto login = Describe(site, id);
  if (absl::IsNotFound(login.status())) return Gone(site, visit);
  if (!login.ok()) return site.Fail(visit, login.status());
  auto first = GoFirst(site, visit, *login);
  if (first) return *std::move(first);
  if (login->state != LoginState::kOpen) return ShowResult(site, visit, *login);
  return ShowQuestion(site, visit, *login, 200, "");
}

absl::Status CarryOut(Site::State& site, const Visit& visit,
                      const std::string& id, bool yes) {
  return site.Do([&](Directory& directory, int64_t now_ms) -> absl::Status {
    TailnetState* const tailnet = directory.Tailnet(visit.person->tailnet.id);
    if (tailnet == nullptr) return absl::NotFoundError("the tailnet is gone");
    Order order = visit.AsPerson();
    order.now_ms = now_ms;
    if (!yes) return RefuseLogin(directory, order, id, *tailnet);
    return ConfirmLogin(directory, order, id, *tailnet).status();
  });
}

io::WebReply PostLogin(Site::State& site, const Visit& visit,
                       const std::string& id) {
  const auto login = Describe(site, id);
  if (absl::IsNotFound(login.status())) return Gone(site, visit);
  if (!login.ok()) return site.Fail(visit, login.status());
  auto first = GoFirst(site, visit, *login);
  if (first) return *std::move(first);
  const std::string& action = visit.form.Get("action");
  if (action != "confirm" && action != "refuse") {
    return site.Fail(visit, absl::InvalidArgumentError("say yes or no"));
  }
  const absl::Status done = CarryOut(site, visit, id, action == "confirm");
  if (absl::IsPermissionDenied(done)) {
    return ShowQuestion(site, visit, *login, 403, std::string(done.message()));
  }
  if (!done.ok()) return site.Fail(visit, done);
  // The result is a page of its own: to reload it asks nothing.
  return RedirectTo(absl::StrCat("/login/", id));
}

}  // namespace

std::vector<SitePage> DevicePages() {
  return {{"GET", "/login/*", GetLogin}, {"POST", "/login/*", PostLogin}};
}

}  // namespace warren::control
