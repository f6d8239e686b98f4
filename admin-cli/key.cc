#include <unistd.h>

#include <cstdio>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

struct Words {
  std::string ref, user, description;
  bool reusable = false, ephemeral = false, preapproved = false, yes = false;
  uint32_t max_uses = 0;
  std::vector<std::string> tags;
  std::optional<absl::Duration> expires;
};

cli::Json ToJson(const v1::AuthKey& key) {
  cli::Json json = cli::Json::Object();
  json.Set("id", key.id())
      .Set("prefix", key.prefix())
      .Set("user", key.user_login())
      .Set("reusable", key.reusable())
      .Set("ephemeral", key.ephemeral())
      .Set("tags", cli::Json::Strings({key.tags().begin(), key.tags().end()}))
      .SetTime("created", key.created_ms())
      .SetTime("expires", key.expires_ms())
      .SetTime("revoked", key.revoked_ms())
      .Set("num_uses", key.num_uses())
      .Set("description", key.description());
  return json;
}

// "single use", "reusable, ephemeral".
std::string KindOf(const v1::AuthKey& key) {
  return absl::StrCat(key.reusable() ? "reusable" : "single use",
                      key.ephemeral() ? ", ephemeral" : "");
}

// Whether somebody can still join with it, and else why not.
std::string StateOf(const v1::AuthKey& key, absl::Time now) {
  if (key.revoked_ms() != 0) {
    return absl::StrCat("revoked ", cli::HumanMs(key.revoked_ms(), now, ""));
  }
  if (!key.reusable() && key.num_uses() > 0) return "used";
  const std::string when = cli::HumanMs(key.expires_ms(), now, "never");
  const bool past =
      key.expires_ms() != 0 && absl::FromUnixMillis(key.expires_ms()) <= now;
  return past ? absl::StrCat("expired ", when) : absl::StrCat("expires ", when);
}

std::string CardOf(const v1::AuthKey& key) {
  const absl::Time now = absl::Now();
  cli::Card card;
  card.Add("id", absl::StrCat(key.id()));
  card.Add("key", absl::StrCat(key.prefix(), "..."));
  card.Add("user", key.user_login());
  card.Add("kind", KindOf(key));
  card.Add("tags", absl::StrJoin(key.tags(), ", "));
  card.Add("state", StateOf(key, now));
  card.Add("uses", absl::StrCat(key.num_uses()));
  card.Add("description", key.description());
  card.Add("created", cli::HumanMs(key.created_ms(), now, ""));
  return card.ToString();
}

absl::StatusOr<v1::ListAuthKeysResponse> All(Session& session,
                                             const std::string& user) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  request.set_user(user);
  return session.Call(&Session::Stub::ListAuthKeys, request);
}

absl::Status List(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session, words.user));
  cli::Json json = cli::Json::Array();
  cli::Table table(
      {"ID", "KEY", "USER", "KIND", "TAGS", "STATE", "USES", "DESCRIPTION"});
  const absl::Time now = absl::Now();
  for (const v1::AuthKey& key : all.keys()) {
    json.Add(ToJson(key));
    table.Add({absl::StrCat(key.id()), absl::StrCat(key.prefix(), "..."),
               key.user_login(), KindOf(key), absl::StrJoin(key.tags(), ","),
               StateOf(key, now), absl::StrCat(key.num_uses()),
               key.description()});
  }
  session.Print(
      json, table,
      "no auth keys; `warren-admin key create --user USER` makes one");
  return absl::OkStatus();
}

absl::Status Show(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session, ""));
  const v1::AuthKey* found =
      FindByRef(all.keys(), words.ref,
                [](const v1::AuthKey& key) { return key.prefix(); });
  if (found == nullptr) {
    std::vector<std::string> prefixes;
    for (const v1::AuthKey& key : all.keys()) prefixes.push_back(key.prefix());
    return NoSuch("key", words.ref, prefixes);
  }
  session.Print(ToJson(*found), CardOf(*found));
  return absl::OkStatus();
}

absl::Status Create(Session& session, const Words& words) {
  v1::CreateAuthKeyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_user(words.user);
  request.set_reusable(words.reusable);
  request.set_ephemeral(words.ephemeral);
  request.mutable_tags()->Assign(words.tags.begin(), words.tags.end());
  request.set_description(words.description);
  request.set_preapproved(words.preapproved);
  request.set_max_uses(words.max_uses);
  if (words.expires) {
    request.set_lifetime_ms(absl::ToInt64Milliseconds(*words.expires));
  }
  WARREN_ASSIGN_OR_RETURN(const v1::CreateAuthKeyResponse made,
                          session.Call(&Session::Stub::CreateAuthKey, request));
  cli::Json json = cli::Json::Object();
  json.Set("secret", made.secret()).Set("key", ToJson(made.key()));
  // The secret alone on stdout: KEY=$(warren-admin key create ...).
  session.Print(json, absl::StrCat(made.secret(), "\n"));
  if (!session.json && isatty(STDERR_FILENO) != 0) {
    std::fprintf(stderr, "# key %lld: %s, %s. It is shown this once.\n",
                 static_cast<long long>(made.key().id()),
                 KindOf(made.key()).c_str(),
                 StateOf(made.key(), absl::Now()).c_str());
  }
  return absl::OkStatus();
}

absl::Status Expire(Session& session, const Words& words) {
  v1::ExpireRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::AuthKey key,
                          session.Call(&Session::Stub::ExpireAuthKey, request));
  session.Print(ToJson(key),
                Said("revoked", "key", key.prefix() + "...", key.id()));
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(
      session.Confirm(absl::StrCat("Delete key ", words.ref, "?"), words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteAuthKey, request));
  session.Print(cli::Json::Object().Set("deleted", gone.deleted()),
                absl::StrCat("deleted key ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

}  // namespace

void AddKey(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command key = root.Add("key", "Auth keys, with which nodes join");
  cli::Command list = key.Add("list", "All keys, without their secrets");
  list.Text("--user", "Only those of this user", "USER", &words->user);
  list.Does([&session, words] { return List(session, *words); });
  cli::Command show = key.Add("show", "One key, without its secret");
  show.Argument("key", "Prefix or id", &words->ref);
  show.Does([&session, words] { return Show(session, *words); });
  cli::Command create =
      key.Add("create", "Make a key and print its secret, this once");
  create.Text("--user", "Who will own the nodes; else you", "USER",
              &words->user);
  create.Flag("--reusable", "For any number of nodes", &words->reusable);
  create.Flag("--ephemeral", "Its nodes go away when they are offline",
              &words->ephemeral);
  create.Number("--uses", "Of a reusable key: for so many nodes", 1, 1'000'000,
                &words->max_uses);
  create.Flag("--preapproved", "Its nodes need no approval",
              &words->preapproved);
  create.List("--tag", "A tag of its nodes, such as tag:server", "TAG",
              &words->tags);
  create.Span("--expires", "How long it can be used; else 90d",
              &words->expires);
  create.Text("--description", "What it is for", "TEXT", &words->description);
  create.Does([&session, words] { return Create(session, *words); });
  cli::Command expire = key.Add("expire", "Revoke a key; its nodes stay");
  expire.Argument("key", "Prefix or id", &words->ref);
  expire.Does([&session, words] { return Expire(session, *words); });
  cli::Command remove = key.Add("delete", "Remove a key; its nodes stay");
  remove.Argument("key", "Prefix or id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace warren::admin
