#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"

namespace warren::admin {
namespace {

struct Words {
  std::string ref, url;
  std::vector<std::string> events;
  bool new_secret = false, disable = false, enable = false, yes = false;
};

cli::Json ToJson(const v1::Webhook& webhook) {
  cli::Json json = cli::Json::Object();
  json.Set("id", webhook.id())
      .Set("name", webhook.name())
      .Set("url", webhook.url())
      .Set("events", cli::Json::Strings(
                         {webhook.events().begin(), webhook.events().end()}))
      .Set("enabled", webhook.enabled())
      .Set("waiting", webhook.num_waiting())
      .Set("last_error", webhook.last_error());
  return json;
}

absl::StatusOr<v1::ListWebhooksResponse> All(Session& session) {
  v1::ListRequest request;
  request.set_tailnet(session.tailnet);
  return session.Call(&Session::Stub::ListWebhooks, request);
}

absl::Status List(Session& session) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  cli::Json json = cli::Json::Array();
  cli::Table table({"NAME", "URL", "EVENTS", "STATE", "WAITING", "LAST ERROR"});
  for (const v1::Webhook& webhook : all.webhooks()) {
    json.Add(ToJson(webhook));
    table.Add({webhook.name(), webhook.url(),
               absl::StrJoin(webhook.events(), " "),
               webhook.enabled() ? "on" : "off",
               absl::StrCat(webhook.num_waiting()), webhook.last_error()});
  }
  session.Print(json, table,
                "no webhooks: nobody is told of changes; `warren-admin webhook "
                "set NAME --url URL` adds one");
  return absl::OkStatus();
}

// What `words` leave out stays as it is.
absl::StatusOr<v1::Webhook> Wanted(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const auto all, All(session));
  const v1::Webhook* found =
      FindByRef(all.webhooks(), words.ref,
                [](const v1::Webhook& webhook) { return webhook.name(); });
  v1::Webhook webhook;
  webhook.set_enabled(true);
  if (found != nullptr) webhook = *found;
  if (!words.url.empty()) webhook.set_url(words.url);
  if (!words.events.empty()) {
    webhook.mutable_events()->Assign(words.events.begin(), words.events.end());
  }
  if (found == nullptr && words.events.empty())
    webhook.add_events(std::string(1, '*'));
  if (words.disable) webhook.set_enabled(false);
  if (words.enable) webhook.set_enabled(true);
  return webhook;
}

absl::Status Set(Session& session, const Words& words) {
  if (words.enable && words.disable) {
    return cli::UsageError("--enable or --disable, not both");
  }
  v1::PutWebhookRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  request.set_new_secret(words.new_secret);
  WARREN_ASSIGN_OR_RETURN(*request.mutable_webhook(), Wanted(session, words));
  WARREN_ASSIGN_OR_RETURN(const v1::PutWebhookResponse put,
                          session.Call(&Session::Stub::PutWebhook, request));
  cli::Json json = ToJson(put.webhook());
  std::string text =
      Said("set", "webhook", put.webhook().name(), put.webhook().id());
  if (!put.secret().empty()) {
    json.Set("secret", put.secret());
    absl::StrAppend(&text, "\nits secret, shown this once: ", put.secret());
  }
  session.Print(json, text);
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("Delete webhook ", words.ref, " and what waits for it?"),
      words.yes));
  v1::DeleteRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteWebhook, request));
  cli::Json json = cli::Json::Object();
  json.Set("deleted", gone.deleted());
  session.Print(json, absl::StrCat("deleted webhook ", gone.deleted()));
  return absl::OkStatus();
}

absl::Status Test(Session& session, const Words& words) {
  v1::GetRequest request;
  request.set_tailnet(session.tailnet);
  request.set_ref(words.ref);
  WARREN_ASSIGN_OR_RETURN(const v1::TestWebhookResponse queued,
                          session.Call(&Session::Stub::TestWebhook, request));
  cli::Json json = cli::Json::Object();
  json.Set("waiting", queued.num_waiting());
  session.Print(json,
                "a test event is on its way; `warren-admin webhook list` "
                "tells whether it arrived");
  return absl::OkStatus();
}

}  // namespace

void AddWebhook(cli::Command root, Session& session) {
  auto words = std::make_shared<Words>();
  cli::Command noun = root.Add("webhook", "Who is told of changes");
  noun.Add("list", "List webhooks").Does([&session] { return List(session); });
  cli::Command set = noun.Add("set", "Add a webhook, or change one");
  set.Argument("webhook", "Its name", &words->ref);
  set.Text("--url", "Where to POST, https://...", "URL", &words->url);
  set.List("--event", "An audit action or prefix: node.rename, policy., *",
           "EVENT", &words->events);
  set.Flag("--new-secret", "Replace the secret that signs", &words->new_secret);
  set.Flag("--disable", "Send nothing for now", &words->disable);
  set.Flag("--enable", "Send again", &words->enable);
  set.Does([&session, words] { return Set(session, *words); });
  cli::Command remove = noun.Add("delete", "Remove a webhook");
  remove.Argument("webhook", "Its name or id", &words->ref);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
  cli::Command test = noun.Add("test", "Send it a test event");
  test.Argument("webhook", "Its name or id", &words->ref);
  test.Does([&session, words] { return Test(session, *words); });
}

}  // namespace warren::admin
