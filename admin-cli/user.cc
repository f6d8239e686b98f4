#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

struct Words {
  std::string ref, login, display_name, role;
  bool force = false, yes = false;
};

absl::StatusOr<v1::ListUsersResponse> All(Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  return session.Call(&Session::Stub::ListUsers, request);
}

absl::Status List(Session& session) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  cli::Json json = cli::Json::Array();
  cli::Table table(
      {"ID", "LOGIN", "NAME", "ROLE", "STATUS", "NODES", "LAST LOGIN"});
  const absl::Time now = absl::Now();
  for (const v1::User& user : all.users()) {
    json.Add(ToJson(user));
    table.Add({absl::StrCat(user.id()), user.login(), user.display_name(),
               user.role(), user.status(), absl::StrCat(user.num_nodes()),
               cli::HumanMs(user.last_login_ms(), now, "never")});
  }
  session.Print(json, table,
                "no users yet: `warren-admin server owner-link` makes a link "
                "for the owner, `warren-admin user create LOGIN` a user");
  return absl::OkStatus();
}

absl::Status Show(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  const v1::User* found =
      FindByRef(all.users(), words.ref,
                [](const v1::User& user) { return user.login(); });
  if (found == nullptr) {
    std::vector<std::string> logins;
    for (const v1::User& user : all.users()) logins.push_back(user.login());
    return NoSuch("user", words.ref, logins);
  }
  cli::Card card;
  card.Add("id", absl::StrCat(found->id()));
  card.Add("login", found->login());
  card.Add("name", found->display_name());
  card.Add("role", found->role());
  card.Add("status", found->status());
  for (const v1::Identity& identity : found->identities()) {
    card.Add("identity",
             absl::StrCat(identity.provider(), ": ", identity.subject(), " ",
                          identity.email()));
  }
  card.Add("last login",
           cli::HumanMs(found->last_login_ms(), absl::Now(), "never"));
  card.Add("nodes", absl::StrCat(found->num_nodes()));
  card.Add("created", cli::HumanMs(found->created_ms(), absl::Now(), ""));
  session.Print(ToJson(*found), card.ToString());
  return absl::OkStatus();
}

absl::Status Create(Session& session, const Words& words) {
  v1::CreateUserRequest request;
  request.set_tailnet(session.tailnet);
  request.set_login(words.login);
  request.set_display_name(words.display_name);
  WARREN_ASSIGN_OR_RETURN(const v1::User made,
                          session.Call(&Session::Stub::CreateUser, request));
  session.Print(ToJson(made), Said("created", "user", made.login(), made.id()));
  return absl::OkStatus();
}

absl::Status Rename(Session& session, const Words& words) {
  v1::RenameRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  request.set_new_name(words.login);
  WARREN_ASSIGN_OR_RETURN(const v1::User renamed,
                          session.Call(&Session::Stub::RenameUser, request));
  session.Print(ToJson(renamed),
                Said("renamed", "user", renamed.login(), renamed.id()));
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(
      session.Confirm(absl::StrCat("Delete user ", words.ref,
                                   words.force ? " and all their nodes?" : "?"),
                      words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  request.set_force(words.force);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteUser, request));
  session.Print(cli::Json::Object().Set("deleted", gone.deleted()),
                absl::StrCat("deleted user ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

absl::Status SetRole(Session& session, const Words& words) {
  v1::SetUserRoleRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  request.set_role(words.role);
  WARREN_ASSIGN_OR_RETURN(const v1::User user,
                          session.Call(&Session::Stub::SetUserRole, request));
  session.Print(ToJson(user),
                absl::StrCat(user.login(), " is ", user.role(), " now\n"));
  return absl::OkStatus();
}

using StatusCall = grpc::Status (Session::Stub::*)(grpc::ClientContext*,
                                                   const v1::UserRequest&,
                                                   v1::User*);

absl::Status ChangeStatus(Session& session, const Words& words,
                          StatusCall call) {
  v1::UserRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::User user, session.Call(call, request));
  session.Print(ToJson(user),
                absl::StrCat(user.login(), " is ", user.status(), " now\n"));
  return absl::OkStatus();
}

absl::Status Reset(Session& session, const Words& words) {
  v1::ResetLocalAccountRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(
      const v1::ResetLocalAccountResponse made,
      session.Call(&Session::Stub::ResetLocalAccount, request));
  session.Print(ToJson(made), absl::StrCat(made.url(), "\n"));
  return absl::OkStatus();
}

// The verbs that decide about people.
void AddDecisions(cli::Command user, Session& session,
                  const std::shared_ptr<Words>& words) {
  cli::Command role = user.Add("role", "Give a user a role");
  role.Argument("user", "Login or id", &words->ref);
  role.Argument("role", "owner, admin, network-admin, auditor or member",
                &words->role);
  role.Does([&session, words] { return SetRole(session, *words); });
  const struct {
    const char *verb, *help;
    StatusCall call;
  } verbs[] = {
      {"approve", "Let a waiting user in", &Session::Stub::ApproveUser},
      {"suspend", "Cut off a user, its nodes, sessions and keys",
       &Session::Stub::SuspendUser},
      {"restore", "Undo a suspension", &Session::Stub::RestoreUser},
  };
  for (const auto& entry : verbs) {
    cli::Command verb = user.Add(entry.verb, entry.help);
    verb.Argument("user", "Login or id", &words->ref);
    verb.Does([&session, words, call = entry.call] {
      return ChangeStatus(session, *words, call);
    });
  }
  cli::Command reset =
      user.Add("reset", "Print a link to set password and factors anew");
  reset.Argument("user", "Login or id", &words->ref);
  reset.Does([&session, words] { return Reset(session, *words); });
}

}  // namespace

void AddUser(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command user = root.Add("user", "People, who own nodes");
  user.Add("list", "All users").Does([&session] { return List(session); });
  cli::Command show = user.Add("show", "One user");
  show.Argument("user", "Login or id", &words->ref);
  show.Does([&session, words] { return Show(session, *words); });
  cli::Command create = user.Add("create", "Make a user");
  create.Argument("login", "Such as alice or alice@example.com", &words->login);
  create.Text("--display-name", "For people", "NAME", &words->display_name);
  create.Does([&session, words] { return Create(session, *words); });
  cli::Command rename = user.Add("rename", "Give a user another login");
  rename.Argument("user", "Login or id", &words->ref);
  rename.Argument("login", "The new login", &words->login);
  rename.Does([&session, words] { return Rename(session, *words); });
  AddDecisions(user, session, words);
  cli::Command remove = user.Add("delete", "Remove a user");
  remove.Argument("user", "Login or id", &words->ref);
  remove.Flag("--force", "With all their nodes", &words->force);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace warren::admin
