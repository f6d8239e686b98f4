#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

// `session`: browsers that have signed in; `whoami`.
namespace warren::admin {
namespace {

struct Words {
  std::string ref, user;
};

absl::Status List(Session& session, const Words& words) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  request.set_user(words.user);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListSessions, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "USER", "BY", "FROM", "USED", "EXPIRES", "BROWSER"});
  const absl::Time now = absl::Now();
  for (const v1::Session& one : all.sessions()) {
    json.Add(ToJson(one));
    table.Add({absl::StrCat(one.id()), one.user_login(), one.provider(),
               one.address(), cli::HumanMs(one.last_used_ms(), now, "-"),
               cli::HumanMs(one.expires_ms(), now, "-"), one.user_agent()});
  }
  session.Print(json, table, "nobody is signed in with a browser");
  return absl::OkStatus();
}

absl::Status Revoke(Session& session, const Words& words) {
  v1::UserRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  request.set_user(words.user);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::RevokeSession, request));
  session.Print(ToJson(gone),
                absl::StrCat("ended session ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

absl::Status WhoAmI(Session& session) {
  WARREN_ASSIGN_OR_RETURN(
      const v1::WhoAmIResponse who,
      session.Call(&Session::Stub::WhoAmI, v1::WhoAmIRequest()));
  cli::Card card;
  card.Add("actor", who.actor());
  card.Add("tailnet", who.tailnet().empty() ? "all" : who.tailnet());
  card.Add("user", who.login());
  card.Add("role", who.role());
  card.Add("scopes", absl::StrJoin(who.scopes(), ", "));
  session.Print(ToJson(who), card.ToString());
  return absl::OkStatus();
}

}  // namespace

void AddSession(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command noun = root.Add("session", "Browsers that have signed in");
  cli::Command list = noun.Add("list", "All of them");
  list.Text("--user", "Only those of this user", "USER", &words->user);
  list.Does([&session, words] { return List(session, *words); });
  cli::Command revoke = noun.Add("revoke", "End a session");
  revoke.Argument("session", "Its id, or all with --user", &words->ref);
  revoke.Text("--user", "Whose, with all", "USER", &words->user);
  revoke.Does([&session, words] { return Revoke(session, *words); });
}

void AddWhoAmI(cli::Command root, Session& session) {
  root.Add("whoami", "Who you are to the server, and what you may do")
      .Does([&session] { return WhoAmI(session); });
}

}  // namespace warren::admin
