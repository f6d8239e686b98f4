#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "admin-cli/nouns.h"
#include "core/base/status_macros.h"

// A whole tailnet as one YAML file: export, plan, apply.
namespace warren::admin {
namespace {

struct Words {
  std::string file;
  bool prune = false, force = false, yes = false;
};

absl::StatusOr<std::string> ReadDocument(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
    return text.str();
  }
  std::ifstream in(file, std::ios::binary);
  if (!in) {
    return absl::NotFoundError(absl::StrCat("cannot read ", file));
  }
  text << in.rdbuf();
  return text.str();
}

absl::StatusOr<v1::ApplyTailnetRequest> RequestOf(const Session& session,
                                                  const Words& words) {
  v1::ApplyTailnetRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(*request.mutable_yaml(), ReadDocument(words.file));
  request.set_prune(words.prune);
  request.set_force(words.force);
  return request;
}

cli::Json ToJson(const v1::PlanTailnetResponse& plan) {
  cli::Json changes = cli::Json::Array();
  for (const v1::PlannedChange& change : plan.changes()) {
    cli::Json json = cli::Json::Object();
    json.Set("verb", change.verb())
        .Set("kind", change.kind())
        .Set("name", change.name())
        .Set("detail", change.detail());
    changes.Add(json);
  }
  cli::Json out = cli::Json::Object();
  out.Set("changes", changes);
  return out;
}

std::string TextOf(const v1::PlanTailnetResponse& plan,
                   absl::string_view nothing) {
  if (plan.changes().empty()) return absl::StrCat(nothing, "\n");
  std::string out;
  for (const v1::PlannedChange& change : plan.changes()) {
    const char* const mark = change.verb() == "create"   ? "+"
                             : change.verb() == "delete" ? "-"
                                                         : "~";
    absl::StrAppend(&out, mark, " ", change.kind(), " ", change.name(),
                    change.detail().empty() ? "" : ": ", change.detail(), "\n");
  }
  return out;
}

absl::Status Export(Session& session) {
  v1::ExportTailnetRequest request;
  request.set_tailnet(session.tailnet);
  WARREN_ASSIGN_OR_RETURN(const v1::TailnetDocument document,
                          session.Call(&Session::Stub::ExportTailnet, request));
  cli::Json json = cli::Json::Object();
  json.Set("yaml", document.yaml());
  session.Print(json, document.yaml());
  return absl::OkStatus();
}

absl::StatusOr<v1::PlanTailnetResponse> PlanOf(
    Session& session, const v1::ApplyTailnetRequest& request) {
  return session.Call(&Session::Stub::PlanTailnet, request);
}

absl::Status Plan(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const auto request, RequestOf(session, words));
  WARREN_ASSIGN_OR_RETURN(const auto plan, PlanOf(session, request));
  session.Print(ToJson(plan), TextOf(plan, "nothing would change"));
  return absl::OkStatus();
}

absl::Status Apply(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const auto request, RequestOf(session, words));
  WARREN_ASSIGN_OR_RETURN(const auto plan, PlanOf(session, request));
  if (!plan.changes().empty()) {
    WARREN_RETURN_IF_ERROR(
        session.Confirm(absl::StrCat(TextOf(plan, ""), "Make these ",
                                     plan.changes_size(), " changes?"),
                        words.yes));
  }
  WARREN_ASSIGN_OR_RETURN(const v1::PlanTailnetResponse done,
                          session.Call(&Session::Stub::ApplyTailnet, request));
  session.Print(ToJson(done), TextOf(done, "nothing to change"));
  return absl::OkStatus();
}

}  // namespace

void AddDocument(cli::Command root, Session& session) {
  auto words = std::make_shared<Words>();
  root.Add("export", "Print the whole tailnet as one YAML document")
      .Does([&session] { return Export(session); });
  cli::Command plan = root.Add("plan", "What applying a document would change");
  plan.Argument("FILE", "The document; - is standard input", &words->file);
  plan.Flag("--prune", "Also remove what the document does not name",
            &words->prune);
  plan.Does([&session, words] { return Plan(session, *words); });
  cli::Command apply =
      root.Add("apply", "Make the tailnet as a document says, all or nothing");
  apply.Argument("FILE", "The document; - is standard input", &words->file);
  apply.Flag("--prune", "Also remove what the document does not name",
             &words->prune);
  apply.Flag("--force", "Also a policy that locks its author out",
             &words->force);
  apply.Flag("-y,--yes", "Do not ask", &words->yes);
  apply.Does([&session, words] { return Apply(session, *words); });
}

}  // namespace warren::admin
