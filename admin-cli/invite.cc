#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

// Links that let people in, and devices shared with other tailnets.
namespace warren::admin {
namespace {

struct Words {
  std::string ref, role, email, node, link, user;
  std::optional<absl::Duration> expires;
  bool yes = false;
};

absl::Status List(Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(
      const auto all, session.Call(&Session::Stub::ListInvitations, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "KIND", "ROLE", "E-MAIL", "NODE", "BY", "EXPIRES"});
  const absl::Time now = absl::Now();
  for (const v1::Invitation& one : all.invitations()) {
    json.Add(ToJson(one));
    table.Add({absl::StrCat(one.id()), one.kind(), one.role(), one.email(),
               one.node(), one.created_by(),
               cli::HumanMs(one.expires_ms(), now, "never")});
  }
  session.Print(json, table, "no open invitations");
  return absl::OkStatus();
}

absl::Status Create(Session& session, const Words& words, const char* kind) {
  v1::CreateInvitationRequest request;
  request.set_tailnet(session.tailnet);
  request.set_kind(kind);
  request.set_role(words.role);
  request.set_email(words.email);
  request.set_node(words.node);
  if (words.expires) {
    request.set_lifetime_ms(absl::ToInt64Milliseconds(*words.expires));
  }
  WARREN_ASSIGN_OR_RETURN(
      const v1::CreateInvitationResponse made,
      session.Call(&Session::Stub::CreateInvitation, request));
  session.Print(ToJson(made), absl::StrCat(made.url(), "\n"));
  return absl::OkStatus();
}

using DeleteCall = grpc::Status (Session::Stub::*)(grpc::ClientContext*,
                                                   const v1::DeleteRequest&,
                                                   v1::DeleteResponse*);

absl::Status Delete(Session& session, const Words& words, const char* noun,
                    DeleteCall call) {
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("End ", noun, " ", words.ref, "?"), words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(call, request));
  session.Print(ToJson(gone),
                absl::StrCat("deleted ", noun, " ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

absl::Status ListShares(Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListShares, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "NODE", "OF", "GUEST", "OF TAILNET", "SINCE"});
  const absl::Time now = absl::Now();
  for (const v1::Share& one : all.shares()) {
    json.Add(ToJson(one));
    table.Add({absl::StrCat(one.id()), one.node(), one.owner_tailnet(),
               one.guest_login(), one.guest_tailnet(),
               cli::HumanMs(one.created_ms(), now, "-")});
  }
  session.Print(
      json, table,
      "nothing is shared; `warren-admin share create NODE` makes a link");
  return absl::OkStatus();
}

absl::Status Accept(Session& session, const Words& words) {
  v1::AcceptShareRequest request;
  request.set_tailnet(session.tailnet);
  request.set_link(words.link);
  request.set_user(words.user);
  WARREN_ASSIGN_OR_RETURN(const v1::Share share,
                          session.Call(&Session::Stub::AcceptShare, request));
  session.Print(
      ToJson(share),
      absl::StrCat("devices of ", share.guest_login(), " of ",
                   share.guest_tailnet(), " may reach ", share.node(), " of ",
                   share.owner_tailnet(), " (share ", share.id(), ")\n"));
  return absl::OkStatus();
}

void AddDelete(cli::Command noun, Session& session,
               const std::shared_ptr<Words>& words, const char* name,
               DeleteCall call) {
  cli::Command remove = noun.Add("delete", "End it");
  remove.Argument(name, "Its id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words, name, call] {
    return Delete(session, *words, name, call);
  });
}

}  // namespace

void AddInvite(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command invite = root.Add("invite", "Links that are good once");
  invite.Add("list", "Open invitations").Does([&session] {
    return List(session);
  });
  cli::Command create = invite.Add("create", "Print a link for a new user");
  create.Text("--role", "Its role; else member", "ROLE", &words->role);
  create.Text("--email", "Only who has proven this address", "ADDRESS",
              &words->email);
  create.Span("--expires", "At most 30d; else 7d", &words->expires);
  create.Does([&session, words] { return Create(session, *words, "user"); });
  AddDelete(invite, session, words, "invitation",
            &Session::Stub::DeleteInvitation);
}

void AddShare(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command share = root.Add("share", "Nodes shared with other tailnets");
  share.Add("list", "What is shared, from here and with us").Does([&session] {
    return ListShares(session);
  });
  cli::Command create =
      share.Add("create", "Print a link that shares a node with who opens it");
  create.Argument("node", "Name, id or address", &words->node);
  create.Text("--email", "Only who has proven this address", "ADDRESS",
              &words->email);
  create.Span("--expires", "At most 30d; else 7d", &words->expires);
  create.Does([&session, words] { return Create(session, *words, "share"); });
  cli::Command accept = share.Add("accept", "Take what a link shares");
  accept.Argument("link", "As share create printed it", &words->link);
  accept.Text("--user", "Whose devices may reach it; else the caller's",
              "LOGIN", &words->user);
  accept.Does([&session, words] { return Accept(session, *words); });
  AddDelete(share, session, words, "share", &Session::Stub::DeleteShare);
}

}  // namespace warren::admin
