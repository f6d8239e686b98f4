#include "control/upkeep/commands.h"

#include <algorithm>
#include <cinttypes>
#include <cstdio>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "control/store/backup.h"
#include "control/store/database_file.h"
#include "control/upkeep/doctor.h"
#include "control/upkeep/schema_change.h"
#include "core/base/version.h"
#include "io/cli/json.h"

namespace warren::control {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "warren-control: %s\n",
               std::string(status.message()).c_str());
  return 1;
}

const char* LabelOf(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::kGood:
      return "ok  ";
    case Finding::Grade::kWarning:
      return "WARN";
    case Finding::Grade::kBad:
      return "BAD ";
  }
  return "?";
}

const char* NameOf(Finding::Grade grade) {
  switch (grade) {
    case Finding::Grade::kGood:
      return "ok";
    case Finding::Grade::kWarning:
      return "warning";
    case Finding::Grade::kBad:
      return "bad";
  }
  return "unknown";
}

void Print(const cli::Json& json) {
  std::fputs(json.ToString().c_str(), stdout);
}

}  // namespace

UpkeepCommands::UpkeepCommands(CLI::App& app) {
  Add(app, "doctor",
      "what is wrong with the state folder, and what to do; also beside a "
      "running server",
      &UpkeepCommands::RunDoctor);
  Add(app, "backup",
      "copy the database to a new file; also beside a running server",
      &UpkeepCommands::RunBackup)
      .add_option("--to", file_, "the file to make; control.key is not in it")
      ->required();
  Add(app, "restore",
      "put a backup in the place of the database; the server must not run",
      &UpkeepCommands::RunRestore)
      .add_option("--from", file_, "the backup; the database is kept aside")
      ->required();
  Add(app, "upgrade",
      "what this version would do to the database when it starts",
      &UpkeepCommands::RunUpgrade)
      .add_flag("--check", check_, "only look: `serve` upgrades by itself")
      ->required();
  CLI::App& downgrade =
      Add(app, "downgrade",
          "take the database back for an older warren-control; the server "
          "must not run",
          &UpkeepCommands::RunDowngrade);
  downgrade.add_option("--to-schema", schema_, "1 or more")->required();
  downgrade.add_flag("--force", force_, "lose what it has no place for");
}

CLI::App& UpkeepCommands::Add(CLI::App& app, const char* name, const char* help,
                              int (UpkeepCommands::*run)() const) {
  CLI::App& command = *app.add_subcommand(name, help);
  command.add_option("--state-dir", folder_, "folder of the database")
      ->capture_default_str();
  command.add_flag("--json", json_, "print JSON, for scripts");
  command.callback(
      [this, run] { chosen_ = [this, run] { return (this->*run)(); }; });
  return command;
}

int UpkeepCommands::RunDoctor() const {
  bool bad = false;
  cli::Json findings = cli::Json::Array();
  for (const Finding& finding :
       Examine(folder_, absl::ToUnixMillis(absl::Now()))) {
    bad = bad || finding.grade == Finding::Grade::kBad;
    findings.Add(cli::Json::Object()
                     .Set("grade", NameOf(finding.grade))
                     .Set("what", finding.what)
                     .Set("todo", finding.todo));
    if (json_) continue;
    std::printf("%s %s\n", LabelOf(finding.grade), finding.what.c_str());
    if (!finding.todo.empty())
      std::printf("     -> %s\n", finding.todo.c_str());
  }
  if (json_) {
    Print(cli::Json::Object().Set("ok", !bad).Set("findings", findings));
  }
  return bad ? 1 : 0;
}

int UpkeepCommands::RunBackup() const {
  const auto size = CopyDatabase(DatabasePath(folder_), file_);
  if (!size.ok()) return Fail(size.status());
  if (json_) {
    Print(cli::Json::Object().Set("path", file_).Set("size_bytes", *size));
    return 0;
  }
  std::printf("%s: %" PRId64 " bytes. Keep a copy of control.key apart.\n",
              file_.c_str(), *size);
  return 0;
}

int UpkeepCommands::RunRestore() const {
  const std::string stamp =
      absl::FormatTime("%Y%m%dT%H%M%SZ", absl::Now(), absl::UTCTimeZone());
  const auto restored = RestoreDatabase(folder_, file_, stamp);
  if (!restored.ok()) return Fail(restored.status());
  if (json_) {
    Print(cli::Json::Object()
              .Set("restored", file_)
              .Set("schema", restored->schema)
              .Set("kept", restored->replaced));
    return 0;
  }
  std::printf("restored %s, schema %" PRId64 "\n", file_.c_str(),
              restored->schema);
  if (!restored->replaced.empty()) {
    std::printf("what was there is kept as %s\n", restored->replaced.c_str());
  }
  return 0;
}

int UpkeepCommands::RunUpgrade() const {
  const auto plan = PlanUpgrade(folder_);
  if (!plan.ok()) return Fail(plan.status());
  if (json_) {
    Print(cli::Json::Object()
              .Set("version", kVersion)
              .Set("from", plan->from)
              .Set("to", plan->to)
              .Set("steps", cli::Json::Strings(plan->steps))
              .Set("needed_bytes", plan->needed_bytes)
              .Set("free_bytes", plan->free_bytes));
    return 0;
  }
  if (plan->steps.empty()) {
    std::printf(
        "warren-control %s can use the database as it is, schema %" PRId64 "\n",
        kVersion, plan->from);
    return 0;
  }
  std::printf("warren-control %s would bring schema %" PRId64 " to %" PRId64
              ":\n",
              kVersion, plan->from, plan->to);
  for (const std::string& step : plan->steps) {
    std::printf("  %s\n", step.c_str());
  }
  std::printf("and keep a copy; that needs %" PRId64 " of %" PRId64
              " free bytes\n",
              plan->needed_bytes, plan->free_bytes);
  return 0;
}

int UpkeepCommands::RunDowngrade() const {
  const auto kept = Downgrade(folder_, schema_, force_);
  if (!kept.ok()) return Fail(kept.status());
  if (json_) {
    Print(cli::Json::Object().Set("schema", schema_).Set("kept", *kept));
    return 0;
  }
  std::printf("%s has schema %" PRId64 " now; a copy from before is %s\n",
              DatabasePath(folder_).c_str(), schema_, kept->c_str());
  return 0;
}

}  // namespace warren::control
