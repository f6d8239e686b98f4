#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

// API keys and OAuth clients: two nouns of one shape.
namespace warren::admin {
namespace {

struct Words {
  std::string kind;  // "api-key", "oauth-client"
  std::string ref, user, description;
  std::vector<std::string> scopes, tags;
  std::optional<absl::Duration> expires;
  bool yes = false;
};

absl::Status List(Session& session, const Words& words) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  request.set_user(words.user);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListApiKeys, request));
  cli::Json json = cli::Json::Array();
  cli::Table table(
      {"ID", "KEY", "USER", "SCOPES", "EXPIRES", "USED", "DESCRIPTION"});
  const absl::Time now = absl::Now();
  for (const v1::ApiKey& key : all.keys()) {
    if (key.kind() != words.kind) continue;
    json.Add(ToJson(key));
    table.Add({absl::StrCat(key.id()), key.prefix(), key.user_login(),
               absl::StrJoin(key.scopes(), ","),
               cli::HumanMs(key.expires_ms(), now, "never"),
               cli::HumanMs(key.last_used_ms(), now, "never"),
               key.description()});
  }
  session.Print(json, table,
                absl::StrCat("no ", words.kind, "s; `warren-admin ", words.kind,
                             " create` makes one"));
  return absl::OkStatus();
}

absl::Status Create(Session& session, const Words& words) {
  v1::CreateApiKeyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_kind(words.kind);
  request.set_user(words.user);
  request.mutable_scopes()->Assign(words.scopes.begin(), words.scopes.end());
  request.mutable_tags()->Assign(words.tags.begin(), words.tags.end());
  request.set_description(words.description);
  if (words.expires) {
    request.set_lifetime_ms(absl::ToInt64Milliseconds(*words.expires));
  }
  WARREN_ASSIGN_OR_RETURN(const v1::CreateApiKeyResponse made,
                          session.Call(&Session::Stub::CreateApiKey, request));
  // The secret alone on stdout: KEY=$(warren-admin api-key create ...).
  session.Print(ToJson(made), absl::StrCat(made.secret(), "\n"));
  if (!session.json && isatty(STDERR_FILENO) != 0) {
    std::fprintf(stderr, "# %s of %s. It is shown this once.\n",
                 cli::Printable(made.key().prefix()).c_str(),
                 cli::Printable(made.key().user_login()).c_str());
  }
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("Revoke ", words.kind, " ", words.ref, "?"), words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteApiKey, request));
  session.Print(ToJson(gone), absl::StrCat("deleted ", words.kind, " ",
                                           gone.deleted(), "\n"));
  return absl::OkStatus();
}

void AddKind(cli::Command root, Session& session, const std::string& kind,
             const std::string& about) {
  const auto words = std::make_shared<Words>();
  words->kind = kind;
  cli::Command noun = root.Add(kind, about);
  cli::Command list = noun.Add("list", "All of them, without their secrets");
  list.Text("--user", "Only those of this user", "USER", &words->user);
  list.Does([&session, words] { return List(session, *words); });
  cli::Command create = noun.Add("create", "Make one and print its secret");
  create.Text("--user", "Whose rights it has; else your own", "USER",
              &words->user);
  create.List("--scope", "What it may do, such as devices:read; else all",
              "SCOPE", &words->scopes);
  if (kind == "oauth-client") {
    create.List("--tag", "The auth keys it makes carry these", "TAG",
                &words->tags);
  }
  create.Span("--expires", "How long it can be used", &words->expires);
  create.Text("--description", "What it is for", "TEXT", &words->description);
  create.Does([&session, words] { return Create(session, *words); });
  cli::Command remove = noun.Add("delete", "Revoke it, at once");
  remove.Argument(kind, "Prefix or id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace

void AddApiKey(cli::Command root, Session& session) {
  AddKind(root, session, "api-key", "Keys with which programs call the API");
  AddKind(root, session, "oauth-client",
          "Programs that fetch access tokens of an hour");
}

}  // namespace warren::admin
