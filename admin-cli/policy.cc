#include <cstdio>
#include <memory>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "admin-cli/nouns.h"
#include "admin-cli/policy_source.h"
#include "core/base/status_macros.h"
#include "core/policy/hujson.h"
#include "core/policy/policy_text.h"
#include "io/cli/human.h"

namespace warren::admin {
namespace {

using v1::Admin;

struct Words {
  std::string file, note, base, back_to;
  uint32_t version = 0, limit = 0;
  bool force = false, yes = false, write = false;
};

absl::StatusOr<uint64_t> ParseVersion(absl::string_view text) {
  uint64_t version = 0;
  if (absl::SimpleAtoi(text, &version)) return version;
  return cli::UsageError(
      absl::StrCat("a version is a number, not \"", text, "\""));
}

cli::Json ToJson(const v1::PolicyVersion& version) {
  cli::Json json = cli::Json::Object();
  json.Set("version", version.version())
      .Set("author", version.author())
      .SetTime("created", version.created_ms())
      .Set("note", version.note())
      .Set("rolled_back_to", version.rolled_back_to());
  return json;
}

absl::Status Get(Session& session, const Words& words) {
  v1::GetPolicyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_version(words.version);
  WARREN_ASSIGN_OR_RETURN(
      const v1::PolicyVersion got,
      session.Call<v1::GetPolicyRequest>(&Admin::Stub::GetPolicy, request));
  cli::Json json = ToJson(got);
  json.Set("text", got.text());
  session.Print(json, got.text());
  return absl::OkStatus();
}

absl::Status Report(const Session& session,
                    const v1::SetPolicyResponse& response) {
  const v1::PolicyVersion& version = response.version();
  session.Print(
      ToJson(version),
      absl::StrCat("policy version ", version.version(), " is in force\n"));
  return absl::OkStatus();
}

// The server tells a problem a line.
absl::Status Refused(const PolicyText& text, const absl::Status& status) {
  for (const absl::string_view line :
       absl::StrSplit(status.message(), '\n', absl::SkipEmpty())) {
    std::fprintf(stderr, "%s: %s\n", text.name.c_str(),
                 cli::Printable(line).c_str());
  }
  return absl::FailedPreconditionError(absl::StrCat(
      text.name, " was refused; the policy in force is as it was"));
}

absl::Status Set(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const PolicyText text,
                          LoadPolicyText(session, words.file));
  v1::SetPolicyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_text(text.text);
  request.set_any_base(words.base.empty());
  if (!words.base.empty()) {
    WARREN_ASSIGN_OR_RETURN(const uint64_t base, ParseVersion(words.base));
    request.set_base_version(base);
  }
  request.set_force(words.force);
  request.set_note(words.note);
  const auto response =
      session.Call<v1::SetPolicyRequest>(&Admin::Stub::SetPolicy, request);
  if (absl::IsInvalidArgument(response.status())) {
    return Refused(text, response.status());
  }
  WARREN_RETURN_IF_ERROR(response.status());
  return Report(session, *response);
}

absl::Status Rollback(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const uint64_t version, ParseVersion(words.back_to));
  WARREN_RETURN_IF_ERROR(session.Confirm(
      absl::StrCat("Put policy version ", version, " in force again?"),
      words.yes));
  v1::RollbackPolicyRequest request;
  request.set_tailnet(session.tailnet);
  request.set_version(version);
  request.set_force(words.force);
  WARREN_ASSIGN_OR_RETURN(const v1::SetPolicyResponse response,
                          session.Call<v1::RollbackPolicyRequest>(
                              &Admin::Stub::RollbackPolicy, request));
  return Report(session, response);
}

absl::Status History(Session& session, const Words& words) {
  v1::ListPolicyVersionsRequest request;
  request.set_tailnet(session.tailnet);
  request.set_limit(words.limit);
  WARREN_ASSIGN_OR_RETURN(const v1::ListPolicyVersionsResponse all,
                          session.Call<v1::ListPolicyVersionsRequest>(
                              &Admin::Stub::ListPolicyVersions, request));
  cli::Json json = cli::Json::Array();
  cli::Table table({"VERSION", "WHEN", "BY", "NOTE"});
  const absl::Time now = absl::Now();
  for (const v1::PolicyVersion& version : all.versions()) {
    json.Add(ToJson(version));
    table.Add({absl::StrCat(version.version()),
               cli::HumanMs(version.created_ms(), now, "-"), version.author(),
               version.note()});
  }
  session.Print(json, table,
                "no policy was ever set: people reach their own devices, and "
                "nothing else");
  return absl::OkStatus();
}

absl::Status Format(Session& session, const Words& words) {
  WARREN_ASSIGN_OR_RETURN(const PolicyText text,
                          LoadPolicyText(session, words.file));
  const policy::ParsedJson json = policy::ParseJson(text.text);
  WARREN_RETURN_IF_ERROR(Complain(text, json.problems));
  const std::string formatted = policy::Format(text.text);
  if (!words.write || words.file == "-") {
    std::fwrite(formatted.data(), 1, formatted.size(), stdout);
    return absl::OkStatus();
  }
  if (formatted == text.text) return absl::OkStatus();
  return WriteOutput(words.file, formatted);
}

void AddOnline(cli::Command policy, Session& session,
               const std::shared_ptr<Words>& words) {
  cli::Command get = policy.Add("get", "Print the policy in force");
  get.Number("--version", "An earlier version", 1, UINT32_MAX, &words->version);
  get.Does([&session, words] { return Get(session, *words); });
  cli::Command set = policy.Add("set", "Put a policy in force");
  set.Argument("FILE", "The policy; - is the standard input", &words->file);
  set.Text("--base",
           "The version that was edited: refused if another is in force",
           "VERSION", &words->base);
  set.Flag("--force", "Also when it locks you out", &words->force);
  set.Text("--note", "What for", "TEXT", &words->note);
  set.Does([&session, words] { return Set(session, *words); });
  cli::Command history = policy.Add("history", "Who changed it, and when");
  history.Number("--limit", "At most so many", 1, 1000, &words->limit);
  history.Does([&session, words] { return History(session, *words); });
  cli::Command rollback =
      policy.Add("rollback", "Put an earlier version in force again");
  rollback.Argument("VERSION", "Which; 0 is the policy of a new tailnet",
                    &words->back_to);
  rollback.Flag("--force", "Also when it locks you out", &words->force);
  rollback.Flag("-y,--yes", "Do not ask", &words->yes);
  rollback.Does([&session, words] { return Rollback(session, *words); });
}

}  // namespace

void AddPolicy(cli::Command root, Session& session) {
  const auto words = std::make_shared<Words>();
  cli::Command policy = root.Add("policy", "Who may do what");
  AddOnline(policy, session, words);
  cli::Command fmt = policy.Add(
      "fmt", "Print a policy in the usual layout; its comments stay");
  fmt.Argument("FILE", "The policy; - is the standard input", &words->file);
  fmt.Flag("-w,--write", "Change the file instead", &words->write);
  fmt.Does([&session, words] { return Format(session, *words); });
  AddPolicyQuestions(policy, session);
  AddPolicyCompile(policy);
}

}  // namespace warren::admin
