#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "admin-cli/policy_source.h"
#include "core/base/status_macros.h"

namespace warren::admin {
namespace {

struct Words {
  std::string ref, secret;
  v1::Provider provider;
  std::string kind, issuer, client_id, groups_claim, ca_file, team, key;
  std::vector<std::string> scopes, domains, users, groups;
  bool allow_private = false, yes = false;
};

absl::Status List(Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListProviders, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "NAME", "KIND", "ISSUER", "CLIENT", "CALLBACK"});
  for (const v1::Provider& one : all.providers()) {
    json.Add(ToJson(one));
    table.Add({absl::StrCat(one.id()), one.name(), one.kind(), one.issuer(),
               one.client_id(), one.callback_url()});
  }
  session.Print(json, table,
                "no providers: people sign in with accounts on this server; "
                "`warren-admin provider put NAME` adds one");
  return absl::OkStatus();
}

// The provider of this name as it is, so that what is not said stays.
absl::StatusOr<v1::Provider> Before(Session& session, const std::string& ref) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(const auto all,
                          session.Call(&Session::Stub::ListProviders, request));
  const v1::Provider* found = FindByRef(
      all.providers(), ref, [](const v1::Provider& one) { return one.name(); });
  if (found != nullptr) return *found;
  v1::Provider made;
  made.set_name(ref);
  made.set_kind("oidc");
  return made;
}

template <class Field>
void SetList(const std::vector<std::string>& words, Field* field) {
  if (!words.empty()) field->Assign(words.begin(), words.end());
}

absl::Status Put(Session& session, const Words& words) {
  v1::PutProviderRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(*request.mutable_provider(),
                          Before(session, words.ref));
  v1::Provider& provider = *request.mutable_provider();
  if (!words.kind.empty()) provider.set_kind(words.kind);
  if (!words.issuer.empty()) provider.set_issuer(words.issuer);
  if (!words.client_id.empty()) provider.set_client_id(words.client_id);
  if (!words.groups_claim.empty()) {
    provider.set_groups_claim(words.groups_claim);
  }
  if (!words.team.empty()) provider.set_apple_team_id(words.team);
  if (!words.key.empty()) provider.set_apple_key_id(words.key);
  if (words.allow_private) provider.set_allow_private_addresses(true);
  SetList(words.scopes, provider.mutable_scopes());
  SetList(words.domains, provider.mutable_allowed_domains());
  SetList(words.users, provider.mutable_allowed_users());
  SetList(words.groups, provider.mutable_allowed_groups());
  if (!words.ca_file.empty()) {
    WARREN_ASSIGN_OR_RETURN(*provider.mutable_ca_certificates(),
                            ReadInput(words.ca_file));
  }
  if (!words.secret.empty()) {
    WARREN_ASSIGN_OR_RETURN(*request.mutable_secret(),
                            ReadSecret(words.secret));
  }
  WARREN_ASSIGN_OR_RETURN(const v1::Provider put,
                          session.Call(&Session::Stub::PutProvider, request));
  session.Print(ToJson(put),
                absl::StrCat(Said("stored", "provider", put.name(), put.id()),
                             "callback: ", put.callback_url(), "\n"));
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("Delete provider ", words.ref, "?"), words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(
      const v1::DeleteResponse gone,
      session.Call(&Session::Stub::DeleteProvider, request));
  session.Print(ToJson(gone),
                absl::StrCat("deleted provider ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

}  // namespace

void AddProvider(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command noun = root.Add("provider", "Where else people have accounts");
  noun.Add("list", "All of them").Does([&session] { return List(session); });
  cli::Command put = noun.Add("put", "Add one, or change what is said");
  put.Argument("provider", "Its name, on the sign-in button", &words->ref);
  put.Text("--kind", "oidc, github or apple", "KIND", &words->kind);
  put.Text("--issuer", "As the provider says it", "URL", &words->issuer);
  put.Text("--client-id", "From the provider", "ID", &words->client_id);
  put.Text("--secret", "file:PATH or - with the client's secret", "SOURCE",
           &words->secret);
  put.List("--scope", "Beside openid", "SCOPE", &words->scopes);
  put.List("--domain", "Only addresses of it", "DOMAIN", &words->domains);
  put.List("--allow-user", "Only this address or subject", "USER",
           &words->users);
  put.List("--allow-group", "Only members of it", "GROUP", &words->groups);
  put.Text("--groups-claim", "Claim with the groups", "NAME",
           &words->groups_claim);
  put.Text("--ca", "Certificates to trust besides", "FILE", &words->ca_file);
  put.Flag("--allow-private", "It may be on a private network",
           &words->allow_private);
  put.Text("--apple-team", "Apple's team id", "ID", &words->team);
  put.Text("--apple-key", "Apple's key id", "ID", &words->key);
  put.Does([&session, words] { return Put(session, *words); });
  cli::Command remove = noun.Add("delete", "Remove one; its users stay");
  remove.Argument("provider", "Name or id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace warren::admin
