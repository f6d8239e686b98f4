#include "control/web/account_view.h"

#include <qrencode.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "control/coordinator/user_commands.h"
#include "control/web/page.h"
#include "core/base/base64url.h"

namespace warren::control {
namespace {

void Append(const std::vector<Html>& more, std::vector<Html>& content) {
  content.insert(content.end(), more.begin(), more.end());
}

const char* DoneText(const std::string& done) {
  if (done == "password") return "The password is changed.";
  if (done == "totp") return "One-time codes are off.";
  if (done == "passkey") return "Your passkeys are changed.";
  if (done == "session") return "Ended.";
  return "";
}

// One button in a form of its own.
Html OneButton(const Visit& visit, const char* path, const char* label,
               std::vector<Html> fields = {}) {
  fields.push_back(Button(label, "", "plain"));
  return PostForm(path, visit.csrf, fields);
}

std::vector<Html> Profile(const Visit& visit, const AccountView& view) {
  const TailnetRecord& tailnet = visit.person->tailnet;
  std::vector<Fact> facts = {{"Login", view.user.login},
                             {"Name", view.user.display_name},
                             {"Tailnet", tailnet.name},
                             {"Role", control::RoleName(view.user.role)}};
  for (const IdentityRecord& identity : view.identities) {
    facts.push_back({"Signs in with",
                     absl::StrCat(identity.issuer, " as ", identity.subject)});
    for (const std::string& group : identity.groups) {
      facts.push_back({"Group", group});
    }
  }
  std::vector<Html> content = {Facts(facts)};
  if (view.user.status == UserStatus::kWaiting) {
    content.push_back(Problem(
        "You are signed in, and wait for an administrator's approval."));
  }
  return content;
}

std::vector<Html> Password(const Visit& visit) {
  return {
      Wrap("h2", {"Password"}),
      PostForm("/account/password", visit.csrf,
               {Field("Present password", "old",
                      {{"type", "password"},
                       {"required", ""},
                       {"autocomplete", "current-password"}}),
                Field("New password, at least 12 characters", "password",
                      {{"type", "password"},
                       {"required", ""},
                       {"minlength", "12"},
                       {"autocomplete", "new-password"}}),
                Field("The same once more", "again",
                      {{"type", "password"},
                       {"required", ""},
                       {"autocomplete", "new-password"}}),
                Button("Change the password")}),
  };
}

std::vector<Html> SecondFactor(const Visit& visit, const AccountView& view) {
  const bool on = !view.account->totp_secret.empty();
  std::vector<Html> content = {Wrap("h2", {"One-time codes"})};
  if (!on) {
    content.push_back(
        Wrap("p", {"An app on your phone makes a code for each sign-in."}));
    content.push_back(OneButton(visit, "/account/totp/begin", "Set up an app"));
    return content;
  }
  content.push_back(
      Wrap("p", {absl::StrCat("On. ", view.account->recovery_codes.size(),
                              " recovery codes are left.")}));
  content.push_back(
      OneButton(visit, "/account/recovery", "Make new recovery codes"));
  content.push_back(
      OneButton(visit, "/account/totp/begin", "Set up another app"));
  content.push_back(OneButton(visit, "/account/totp/remove", "Turn off"));
  return content;
}

std::vector<Html> Passkeys(const Visit& visit, const AccountView& view) {
  std::vector<Html> content = {Wrap("h2", {"Passkeys"})};
  std::vector<Html> items;
  for (const PasskeyRecord& passkey : view.passkeys) {
    items.push_back(Wrap(
        "li",
        {passkey.name,
         absl::StrCat(", made ", TimeText(passkey.created_ms), ", used ",
                      TimeText(passkey.last_used_ms)),
         OneButton(
             visit, "/account/passkeys/remove", "Remove",
             {Hidden("id", ToBase64Url(AsBytes(passkey.credential_id)))})}));
  }
  if (!items.empty()) content.push_back(Wrap("ul", items));
  content.push_back(El(
      "div", {{"id", "add-passkey"}, {"hidden", ""}, {"data-csrf", visit.csrf}},
      {Field("Name of the new passkey", "passkey-name", {{"maxlength", "60"}}),
       El("button", {{"type", "button"}, {"class", "plain"}},
          {"Add a passkey"}),
       El("p", {{"class", "problem"}, {"role", "alert"}, {"hidden", ""}})}));
  content.push_back(Wrap("noscript", {Wrap("p", {"Passkeys need scripts."})}));
  content.push_back(
      El("script", {{"src", "/assets/passkey.js"}, {"defer", ""}}));
  return content;
}

std::vector<Html> Sessions(const Visit& visit, const AccountView& view) {
  std::vector<Html> rows = {Wrap(
      "tr", {Wrap("th", {"Browser"}), Wrap("th", {"From"}), Wrap("th", {"By"}),
             Wrap("th", {"Since"}), Wrap("th", {"Used"}), Wrap("th", {""})})};
  for (const SessionRecord& session : view.sessions) {
    const bool own = session.id == visit.person->session.id;
    rows.push_back(Wrap(
        "tr",
        {Wrap("td", {session.user_agent.substr(0, 80)}),
         Wrap("td", {session.address}), Wrap("td", {session.provider}),
         Wrap("td", {TimeText(session.created_ms)}),
         Wrap("td", {TimeText(session.last_used_ms)}),
         Wrap("td",
              {own ? Html("this one")
                   : OneButton(visit, "/account/sessions/revoke", "End",
                               {Hidden("session",
                                       absl::StrCat(session.id.value()))})})}));
  }
  return {Wrap("h2", {"Sessions"}), Wrap("table", rows),
          OneButton(visit, "/account/sessions/revoke", "End all others",
                    {Hidden("session", "others")})};
}

std::vector<Html> Devices(const AccountView& view) {
  std::vector<Html> content = {Wrap("h2", {"Devices"})};
  if (view.devices.empty()) {
    content.push_back(
        Wrap("p", {"None yet. On a device: ", Wrap("code", {"warren up"})}));
    return content;
  }
  std::vector<Html> rows = {
      Wrap("tr", {Wrap("th", {"Name"}), Wrap("th", {"Address"}),
                  Wrap("th", {"System"}), Wrap("th", {"State"})})};
  for (const AccountView::Device& device : view.devices) {
    rows.push_back(
        Wrap("tr", {Wrap("td", {device.name}), Wrap("td", {device.address}),
                    Wrap("td", {device.os}),
                    Wrap("td", {device.waits    ? "waits for approval"
                                : device.online ? "online"
                                                : "offline"})}));
  }
  content.push_back(Wrap("table", rows));
  if (view.num_devices > view.devices.size()) {
    content.push_back(
        Wrap("p", {absl::StrCat("and ", view.num_devices - view.devices.size(),
                                " more")}));
  }
  return content;
}

}  // namespace

AccountView DescribeAccount(const TailnetState& tailnet, UserId user) {
  AccountView view;
  const auto found = tailnet.users.find(user);
  if (found != tailnet.users.end()) view.user = found->second;
  const AccountState& accounts = tailnet.accounts;
  const auto account = accounts.local_accounts.find(user);
  if (account != accounts.local_accounts.end()) view.account = account->second;
  for (const auto& [id, identity] : accounts.identities) {
    if (identity.user == user) view.identities.push_back(identity);
  }
  for (const auto& [id, passkey] : accounts.passkeys) {
    if (passkey.user == user) view.passkeys.push_back(passkey);
  }
  for (const auto& [id, session] : accounts.sessions) {
    if (session.user == user) view.sessions.push_back(session);
  }
  std::ranges::sort(view.sessions, std::greater(), &SessionRecord::created_ms);
  for (const auto& [name, id] : tailnet.by_name) {
    const NodeState& node = tailnet.nodes.at(id);
    if (node.record.owner != user || !node.record.grant.tags.empty()) continue;
    ++view.num_devices;
    if (view.devices.size() >= kMaxDevicesShown) continue;
    view.devices.push_back({name, node.record.ipv4.ToString(),
                            node.record.host.os, node.online(),
                            node.record.standing.approved_ms == 0 &&
                                tailnet.record.settings.approve_devices});
  }
  return view;
}

std::vector<Html> AccountContent(const Visit& visit, const AccountView& view) {
  std::vector<Html> content;
  const char* const done = DoneText(visit.query.Get("done"));
  if (*done != '\0') content.push_back(Good(done));
  if (visit.person->NeedsSecondFactor()) {
    content.push_back(Problem(
        "This tailnet asks for a second factor: set up one-time codes, or add "
        "a passkey and sign in with it."));
  }
  Append(Profile(visit, view), content);
  Append(Devices(view), content);
  if (view.account) {
    if (!view.account->password_hash.empty()) Append(Password(visit), content);
    Append(SecondFactor(visit, view), content);
    Append(Passkeys(visit, view), content);
  }
  Append(Sessions(visit, view), content);
  return content;
}

std::vector<Html> TotpOfferContent(const Visit& visit,
                                   const std::string& secret,
                                   const std::string& token,
                                   const std::string& problem) {
  const Person& person = *visit.person;
  const std::string uri = TotpUri(
      secret, absl::StrCat("Warren ", person.tailnet.name), person.user.login);
  std::vector<Html> content;
  if (!problem.empty()) content.push_back(Problem(problem));
  content.push_back(
      Wrap("p", {"Scan this with an authenticator app, or type the key."}));
  content.push_back(QrPicture(uri, "QR code of the key"));
  content.push_back(
      Wrap("p", {"Key: ", El("code", {{"id", "totp-key"}}, {Base32(secret)})}));
  content.push_back(PostForm("/account/totp", visit.csrf,
                             {Hidden("token", token),
                              Field("The code that the app shows", "code",
                                    {{"required", ""},
                                     {"inputmode", "numeric"},
                                     {"autocomplete", "one-time-code"}}),
                              Button("Turn on")}));
  return content;
}

std::vector<Html> RecoveryCodesContent(const std::vector<std::string>& codes) {
  std::vector<Html> items;
  for (const std::string& code : codes) {
    items.push_back(Wrap("li", {El("code", {{"class", "recovery"}}, {code})}));
  }
  return {Wrap("p", {"Keep these where you find them without your phone. Each "
                     "is good for one sign-in. They are not shown again."}),
          Wrap("ul", items), LinkButton("Done", "/account")};
}

Html QrPicture(const std::string& text, const char* label) {
  const std::unique_ptr<QRcode, void (*)(QRcode*)> code(
      QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M), QRcode_free);
  if (code == nullptr) return Html();
  std::string path;
  for (int y = 0; y < code->width; ++y) {
    for (int x = 0; x < code->width; ++x) {
      if ((code->data[y * code->width + x] & 1) == 0) continue;
      absl::StrAppend(&path, "M", x + 4, " ", y + 4, "h1v1h-1z");
    }
  }
  const std::string size = absl::StrCat(code->width + 8);
  return El("svg",
            {{"xmlns", "http://www.w3.org/2000/svg"},
             {"viewBox", absl::StrCat("0 0 ", size, " ", size)},
             {"class", "qr"},
             {"role", "img"},
             {"aria-label", label}},
            {El("rect", {{"width", size}, {"height", size}, {"fill", "#fff"}}),
             El("path", {{"d", path}, {"fill", "#000"}})});
}

}  // namespace warren::control
