#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "admin-cli/message_json.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

struct Words {
  std::string ref, name;
  bool force = false, yes = false, roll = false;
};

absl::Status List(Session& session) {
  WARREN_ASSIGN_OR_RETURN(
      const auto all,
      session.Call(&Session::Stub::ListTailnets, v1::ListTailnetsRequest()));
  cli::Json json = cli::Json::Array();
  cli::Table table({"ID", "NAME", "USERS", "NODES", "CREATED"});
  const absl::Time now = absl::Now();
  for (const v1::Tailnet& tailnet : all.tailnets()) {
    json.Add(ToJson(tailnet));
    table.Add({absl::StrCat(tailnet.id()), tailnet.name(),
               absl::StrCat(tailnet.num_users()),
               absl::StrCat(tailnet.num_nodes()),
               cli::HumanMs(tailnet.created_ms(), now, "-")});
  }
  session.Print(json, table,
                "no tailnets; `warren-admin tailnet create NAME` makes one");
  return absl::OkStatus();
}

absl::Status Show(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(
      const auto all,
      session.Call(&Session::Stub::ListTailnets, v1::ListTailnetsRequest()));
  const v1::Tailnet* found =
      FindByRef(all.tailnets(), words.ref,
                [](const v1::Tailnet& tailnet) { return tailnet.name(); });
  if (found == nullptr) {
    std::vector<std::string> names;
    for (const auto& tailnet : all.tailnets()) names.push_back(tailnet.name());
    return NoSuch("tailnet", words.ref, names);
  }
  cli::Card card;
  card.Add("id", absl::StrCat(found->id()));
  card.Add("name", found->name());
  card.Add("domain", found->domain());
  card.Add("users", absl::StrCat(found->num_users()));
  card.Add("nodes", absl::StrCat(found->num_nodes()));
  card.Add("version", absl::StrCat(found->version()));
  card.Add("created", cli::HumanMs(found->created_ms(), absl::Now(), ""));
  session.Print(ToJson(*found), card.ToString());
  return absl::OkStatus();
}

absl::Status Create(Session& session, const Words& words) {
  v1::CreateTailnetRequest request;
  request.set_name(words.name);
  WARREN_ASSIGN_OR_RETURN(const v1::Tailnet made,
                          session.Call(&Session::Stub::CreateTailnet, request));
  session.Print(ToJson(made),
                Said("created", "tailnet", made.name(), made.id()));
  return absl::OkStatus();
}

// Pairs of words to choose from.
absl::Status Suggest(Session& session) {
  v1::SuggestTailnetNamesRequest request;
  WARREN_ASSIGN_OR_RETURN(
      const v1::SuggestTailnetNamesResponse free,
      session.Call(&Session::Stub::SuggestTailnetNames, request));
  session.Print(ToJson(free),
                absl::StrCat(absl::StrJoin(free.names(), "\n"), "\n"));
  return absl::OkStatus();
}

absl::Status Rename(Session& session, const Words& words) {
  if (words.roll) return Suggest(session);
  if (words.ref.empty()) {
    return cli::UsageError("say the new name, or --roll to see free ones");
  }
  v1::RenameTailnetRequest request;
  // One word is the new name, of two the first is the tailnet.
  request.set_ref(words.name.empty() ? session.tailnet : words.ref);
  request.set_new_name(words.name.empty() ? words.ref : words.name);
  WARREN_ASSIGN_OR_RETURN(const v1::Tailnet renamed,
                          session.Call(&Session::Stub::RenameTailnet, request));
  session.Print(ToJson(renamed),
                Said("renamed", "tailnet", renamed.name(), renamed.id()));
  return absl::OkStatus();
}

absl::Status Delete(Session& session, const Words& words) {
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("Delete tailnet ", words.ref,
                   words.force ? " with all its users and nodes?" : "?"),
      words.yes));
  v1::DeleteRequest request;
  request.set_ref(words.ref);
  request.set_force(words.force);
  WARREN_ASSIGN_OR_RETURN(const v1::DeleteResponse gone,
                          session.Call(&Session::Stub::DeleteTailnet, request));
  session.Print(cli::Json::Object().Set("deleted", gone.deleted()),
                absl::StrCat("deleted tailnet ", gone.deleted(), "\n"));
  return absl::OkStatus();
}

}  // namespace

void AddTailnet(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command tailnet = root.Add("tailnet", "Private networks of nodes");
  tailnet.Add("list", "All tailnets").Does([&session] {
    return List(session);
  });
  cli::Command show = tailnet.Add("show", "One tailnet");
  show.Argument("tailnet", "Name or id", &words->ref);
  show.Does([&session, words] { return Show(session, *words); });
  cli::Command create = tailnet.Add("create", "Make a tailnet");
  create.OptionalArgument("name", "Its name; else two pleasant words",
                          &words->name);
  create.Does([&session, words] { return Create(session, *words); });
  cli::Command rename = tailnet.Add("rename", "Give a tailnet another name");
  rename.OptionalArgument("tailnet", "Name or id; may be left out",
                          &words->ref);
  rename.OptionalArgument("name", "The new name", &words->name);
  rename.Flag("--roll", "Only offer free names", &words->roll);
  rename.Does([&session, words] { return Rename(session, *words); });
  cli::Command remove = tailnet.Add("delete", "Remove a tailnet");
  remove.Argument("tailnet", "Name or id", &words->ref);
  remove.Flag("--force", "Even when it has users or nodes", &words->force);
  remove.Flag("-y,--yes", "Do not ask", &words->yes);
  remove.Does([&session, words] { return Delete(session, *words); });
}

}  // namespace warren::admin
